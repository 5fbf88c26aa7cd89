import { readCell } from './cooldown-cells.ts';
import { drawBetween, isUsable, needAt, type Draw } from './draw.ts';
import { mixOf } from './hash.ts';
import { headroomOf } from './headroom.ts';
import { nodeCell } from './limit-cells.ts';
import type { Candidate, DomainPlan, TargetPlan } from './plan.ts';
import { QUANTITY } from './quantity.ts';
import { learnedFirstToken, usualNeed } from './size-stats.ts';
import { NODE_CELL } from './table-layout.ts';

/** Tiers up to this size are looked at whole for the least busy; larger ones by a few draws. */
const SMALL_TIER = 16;
const BUSY_DRAWS = 4;
/** One call in so many goes by headroom alone, so that what was slow once is measured again. */
const EXPLORING = 0.02;
/** How far down the order of domains a call is kept from its own before it goes anywhere. */
const DOMAINS_TRIED = 3;
const LOAD_SHARE = 1.25;
/** A domain may run this many calls whatever its share is, or nothing would stay together while little runs. */
const LEAST_LOAD = 2;

/** A tier's candidates by its pool's strategy; headroom decides between the keys of one target. */
export function chooseByStrategy(draw: Draw): Candidate | null {
  const { tier, at } = draw;
  switch (tier.strategy) {
    case 'cheapest':
      return chooseInOrder(draw, (target) => costOf(draw, target));
    case 'fastest':
      if (at.random() < EXPLORING) break;
      return chooseInOrder(draw, ({ breaker }) => learnedFirstToken(draw.table, breaker));
    case 'least_busy':
      return chooseLeastBusy(draw);
    case 'round_robin':
      return chooseInTurn(draw);
    default:
  }
  return drawBetween(draw, 0, tier.candidates.length);
}

/** Target after target in ascending order of its rank, each by headroom. */
function chooseInOrder(draw: Draw, rankOf: (target: TargetPlan) => number): Candidate | null {
  const { targets } = draw.tier;
  let lastRank = -Infinity;
  let last = -1;
  for (let turn = 0; turn < targets.length; turn += 1) {
    let next = -1;
    let nextRank = Infinity;
    for (const [index, target] of targets.entries()) {
      const rank = rankOf(target);
      const later = rank > lastRank || (rank === lastRank && index > last);
      if (later && (next < 0 || rank < nextRank)) {
        next = index;
        nextRank = rank;
      }
    }
    const target = targets[next];
    if (target === undefined) return null;
    const candidate = drawBetween(draw, target.first, target.end);
    if (candidate !== null) return candidate;
    lastRank = nextRank;
    last = next;
  }
  return null;
}

/** USD micros of this request there; a target whose price nobody knows comes after all others. */
function costOf({ table, tier, at }: Draw, target: TargetPlan): number {
  if (target.price === null) return Number.MAX_VALUE;
  const candidate = tier.candidates[target.first];
  const need = candidate === undefined ? undefined : needAt(at, candidate);
  const amounts = need?.total ?? usualNeed(table, target.breaker);
  const input = amounts[QUANTITY.inputTokens] ?? 0;
  const output = amounts[QUANTITY.outputTokens] ?? 0;
  return input * target.price.inputMicros + output * target.price.outputMicros;
}

function chooseLeastBusy(draw: Draw): Candidate | null {
  const { tier } = draw;
  const size = tier.candidates.length;
  let least = drawBetween(draw, 0, size);
  if (least === null) return null;
  for (let turn = 0; turn < Math.min(size, SMALL_TIER); turn += 1) {
    const other = size <= SMALL_TIER ? tier.candidates[turn] : drawBetween(draw, 0, size);
    if (other === undefined || other === null || other === least) continue;
    if (busyness(draw, other) < busyness(draw, least) && isUsable(draw, other)) least = other;
    if (size > SMALL_TIER && turn >= BUSY_DRAWS) break;
  }
  return least;
}

/** Attempts in flight at the candidate's own domain, by its weight. */
const busyness = (draw: Draw, candidate: Candidate): number =>
  inFlightAt(draw, candidate) / candidate.weight;

function inFlightAt({ table }: Draw, { locks }: Candidate): number {
  return readCell(table, nodeCell(table, locks[locks.length - 1] ?? 0, NODE_CELL.inFlight));
}

/** One after the other, the same turn for all workers of the node. */
function chooseInTurn(draw: Draw): Candidate | null {
  const { table, tier } = draw;
  const size = tier.candidates.length;
  const turn = Atomics.add(table.ints, table.layout.intTurns + tier.index, 1) >>> 0;
  for (let step = 0; step < size; step += 1) {
    const candidate = tier.candidates[(turn + step) % size];
    if (candidate !== undefined && isUsable(draw, candidate)) return candidate;
  }
  return null;
}

/**
 * The domain whose cache is likely to know a call's beginning: the first by rendezvous hashing that is usable and not above 1.25 × its
 * share of what runs. Null where none of the first few is: the call then goes where it fits.
 */
export function chooseAffine(draw: Draw, affinity: number): Candidate | null {
  const { tier } = draw;
  const { domains } = tier;
  let running = 0;
  let weights = 0;
  for (const { candidates, weight } of domains) {
    const [first] = candidates;
    if (first !== undefined) running += inFlightAt(draw, first);
    weights += weight;
  }
  let last = Infinity;
  for (let turn = 0; turn < Math.min(DOMAINS_TRIED, domains.length); turn += 1) {
    let best: DomainPlan | null = null;
    let bestScore = -Infinity;
    for (const domain of domains) {
      const score = scoreOf(domain, affinity);
      if (score < last && score > bestScore) {
        best = domain;
        bestScore = score;
      }
    }
    if (best === null) return null;
    const share = best.weight / weights;
    const candidate = candidateIn(draw, best);
    if (candidate !== null) {
      const most = Math.max(LEAST_LOAD, LOAD_SHARE * share * (running + 1));
      if (inFlightAt(draw, candidate) + 1 <= most) return candidate;
    }
    last = bestScore;
  }
  return null;
}

/** Weighted rendezvous: each domain is first for its share of all hashes, and keeps most of them when others come and go. */
const scoreOf = ({ hash, weight }: DomainPlan, affinity: number): number =>
  -weight / Math.log(Math.max(mixOf(hash, affinity), Number.MIN_VALUE));

function candidateIn(draw: Draw, domain: DomainPlan): Candidate | null {
  const { table, at } = draw;
  let roomiest: Candidate | null = null;
  let most = -Infinity;
  for (const candidate of domain.candidates) {
    if (!isUsable(draw, candidate)) continue;
    const room = headroomOf(table, candidate, at.now);
    if (room > most) {
      most = room;
      roomiest = candidate;
    }
  }
  return roomiest;
}
