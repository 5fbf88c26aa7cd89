import { isOverruled, readCell } from './cooldown-cells.ts';
import { choose, createTried } from './choose.ts';
import { isEligible } from './eligibility.ts';
import { inFlightOf, type KeyTable } from './key-table.ts';
import { chargedBy, effectiveOf, FIT, fitOf, limitCell, nodeCell } from './limit-cells.ts';
import type { LimitObservation } from './limit-observation.ts';
import { chargedAsNeeded, needFrom, NOTHING_CHARGED, type Need } from './need.ts';
import { observeLimits } from './observe-limits.ts';
import type { Candidate, TierPlan } from './plan.ts';
import { QUANTITIES, QUANTITY } from './quantity.ts';
import { clearCooldowns } from './recover.ts';
import { noteFirstContent, settle, tryReserve, type Reservation } from './reserve.ts';
import { firstTier, verdictOf, WALL_START } from './table-fixture.bench.ts';
import { BLOCK, LIMIT, LIMIT_SLOTS, NODE_CELL } from './table-layout.ts';
import { SUCCESS, UNJUDGED, type Dimension, type Verdict } from './verdict.ts';

/** The engine under random events beside a plain model of what it must hold; the state-machine test drives it. */

const DIMENSIONS: readonly Dimension[] = [
  'requests_minute',
  'tokens_minute',
  'tokens_day',
  'output_tokens_minute',
  'concurrency',
  'input_tokens_minute',
  'requests_day',
];

const CLASSES: readonly Partial<Verdict>[] = [
  { class: 'window_exhausted_short', dimension: 'requests_minute', scope: 'node_group' },
  { class: 'window_exhausted_short', dimension: 'tokens_minute', scope: 'node_group' },
  { class: 'window_exhausted_short', dimension: 'unknown', scope: 'node_group' },
  { class: 'window_exhausted_long', dimension: 'tokens_day', scope: 'node_group' },
  { class: 'funds_exhausted', scope: 'node', level: 'organization' },
  { class: 'slow_down', scope: 'node_group' },
  { class: 'concurrency', scope: 'node', dimension: 'concurrency' },
  { class: 'credential_dead', scope: 'key' },
  { class: 'model_forbidden', scope: 'key_group' },
  { class: 'provider_overloaded', scope: 'endpoint_group' },
  { class: 'transient', scope: 'endpoint', counts: true },
  { class: 'caller_fault', scope: 'none' },
  { class: 'unknown', scope: 'none' },
  { class: 'too_large_for_limit', scope: 'none', dimension: 'tokens_minute', limit: 900 },
];

interface Open {
  readonly reservation: Reservation;
  readonly need: Need;
}

const WEIRD = [-1, -7, Number.NaN, Infinity, 1e300, 0, 3, 250, 900, 4000] as const;

export class StateMachine {
  readonly #table: KeyTable;
  readonly #tier: TierPlan;
  readonly #random: () => number;
  readonly #open: Open[] = [];
  /** What each block must have been charged, a place each quantity. */
  readonly #used = new Map<number, number[]>();
  /** Ends that a provider named for a whole scope, by the scope: nothing may be sent under it before. */
  readonly #forbidden = new Map<number, number>();
  readonly #wrong: string[] = [];
  #now = 1000;
  #settled = 0;
  #reserved = 0;

  constructor(table: KeyTable, random: () => number) {
    this.#table = table;
    this.#tier = firstTier(table);
    this.#random = random;
  }

  get wrong(): readonly string[] {
    return this.#wrong;
  }

  get reserved(): number {
    return this.#reserved;
  }

  /** Runs so many events; looks at everything now and then, and at what an event touched always. */
  run(events: number): void {
    for (let event = 0; event < events && this.#wrong.length === 0; event += 1) {
      this.#step();
      if (event % 500 === 0) this.#checkAll();
    }
    while (this.#open.length > 0) this.#settleOne();
    this.#checkAll();
    if (this.#settled !== this.#reserved) this.#report('reservations that were not settled once');
  }

  #step(): void {
    const dice = this.#random();
    if (dice < 0.05) this.#now += this.#random() * (dice < 0.005 ? 400_000_000 : 4000);
    if (dice < 0.45) this.#send();
    else if (dice < 0.65) this.#observe();
    else if (dice < 0.68) this.#content();
    else if (dice < 0.6802) this.#clear();
    else this.#settleOne();
    if (this.#open.length > 60) this.#settleOne();
  }

  #send(): void {
    const need = this.#need();
    const at = { now: this.#now, random: this.#random, need };
    const drawn = this.#random() < 0.9;
    const candidate = drawn
      ? choose(this.#table, this.#tier, createTried(), at)
      : this.#tier.candidates[Math.floor(this.#random() * this.#tier.candidates.length)];
    if (candidate === null || candidate === undefined) return;
    const may =
      isEligible(this.#table, candidate, this.#now, need) &&
      fitOf(this.#table, candidate, this.#now, need) === FIT.fits;
    const taken = tryReserve(this.#table, candidate, this.#now, need);
    if (typeof taken === 'string') {
      if (may || drawn) this.#report(`refused as ${taken} what may be sent`);
      return;
    }
    if (!may) this.#report('sent what may not be sent');
    for (const scope of candidate.scopes) {
      const until = this.#forbidden.get(scope) ?? 0;
      if (until > this.#now) this.#report(`sent under ${this.#table.plan.scopes[scope]?.id ?? ''}`);
    }
    this.#reserved += 1;
    this.#open.push({ reservation: taken, need });
    this.#charge(candidate, (of) => (need.total[of] ?? 0) - (need.late[of] ?? 0));
    this.#checkBlocks(candidate);
  }

  #need(): Need {
    const size = this.#random();
    const inputTokens = Math.floor(size * size * 400);
    const outputTokens = Math.floor(this.#random() * 200);
    const tokens = inputTokens + outputTokens;
    const late = this.#random() < 0.5 ? { tokens: outputTokens, outputTokens } : {};
    return needFrom({ tokens, inputTokens, outputTokens }, late);
  }

  #observe(): void {
    const open = this.#pick();
    if (open === undefined) return;
    observeLimits(this.#table, open.reservation, this.#observations(), { now: this.#now });
    this.#checkBlocks(open.reservation.candidate);
  }

  #observations(): readonly LimitObservation[] {
    const number = (): number =>
      this.#random() < 0.2
        ? (WEIRD[Math.floor(this.#random() * WEIRD.length)] ?? 0)
        : Math.floor(this.#random() * 5000);
    return Array.from({ length: 1 + Math.floor(this.#random() * 3) }, () => ({
      dimension: DIMENSIONS[Math.floor(this.#random() * DIMENSIONS.length)] ?? 'unknown',
      limit: this.#random() < 0.1 ? null : Math.max(number(), 600),
      remaining: this.#random() < 0.1 ? null : number(),
      resetInMs: this.#random() < 0.3 ? null : number() * 10,
      ...(this.#random() < 0.5 ? { reset: 'full_again' as const } : {}),
      ...(this.#random() < 0.3 ? { refill: 'continuous' as const } : {}),
      ...(this.#random() < 0.3 ? { level: 'organization' as const } : {}),
      source: 'header' as const,
    }));
  }

  #content(): void {
    const open = this.#pick();
    if (open !== undefined) noteFirstContent(this.#table, open.reservation, this.#now);
  }

  #clear(): void {
    const provider = this.#table.plan.endpoints[0]?.provider.id ?? '';
    clearCooldowns(this.#table, { provider }, { now: this.#now, wallNow: WALL_START + this.#now });
    this.#forbidden.clear();
  }

  #settleOne(): void {
    const place = Math.floor(this.#random() * this.#open.length);
    const [open] = this.#open.splice(place, 1);
    if (open === undefined) return;
    const { reservation, need } = open;
    const verdict = this.#verdict();
    const told = this.#random();
    const charged =
      told < 0.1 ? NOTHING_CHARGED : chargedAsNeeded(need).map((amount) => amount * told);
    const at = {
      now: this.#now,
      wallNow: WALL_START + this.#now,
      random: this.#random,
      charged,
      sample: { inputTokens: told * 100, outputTokens: told * 90, requestBytes: 300 },
      ...(this.#random() < 0.2
        ? { told: { observations: this.#observations(), refused: verdict.class !== 'success' } }
        : {}),
    };
    settle(this.#table, reservation, verdict, at);
    settle(this.#table, reservation, verdict, at);
    this.#settled += 1;
    this.#charge(
      reservation.candidate,
      (of) => (charged[of] ?? 0) - ((need.total[of] ?? 0) - (need.late[of] ?? 0)),
    );
    this.#noteForbidden(reservation, verdict);
    this.#checkBlocks(reservation.candidate);
  }

  #verdict(): Verdict {
    const dice = this.#random();
    if (dice < 0.7) return SUCCESS;
    if (dice < 0.75) return UNJUDGED;
    const of = CLASSES[Math.floor(this.#random() * CLASSES.length)] ?? {};
    const authoritative = this.#random() < 0.5;
    const more = authoritative
      ? { authoritative, endsInMs: 1 + this.#random() * 20_000 }
      : { authoritative };
    return verdictOf(of.class ?? 'unknown', { ...of, ...more });
  }

  /** A wait that a provider named stands until its end, whatever else comes; where it set one at all. */
  #noteForbidden(reservation: Reservation, verdict: Verdict): void {
    const { endsInMs } = verdict;
    if (verdict.class !== 'slow_down' || endsInMs === undefined) return;
    const { scopes, locks } = reservation.candidate;
    const scope = scopes[2 + locks.length + locks.length - 1] ?? -1;
    if (isOverruled(this.#table, scope, reservation.sendSeq, true)) return;
    const until = Math.max(this.#forbidden.get(scope) ?? 0, this.#now + endsInMs);
    this.#forbidden.set(scope, until);
  }

  #pick(): Open | undefined {
    return this.#open[Math.floor(this.#random() * this.#open.length)];
  }

  #charge({ blocks }: Candidate, amountOf: (quantity: number) => number): void {
    for (const block of blocks) {
      const used = this.#used.get(block) ?? Array.from({ length: QUANTITIES }, () => 0);
      for (let of = 0; of < QUANTITIES; of += 1) used[of] = (used[of] ?? 0) + amountOf(of);
      this.#used.set(block, used);
    }
  }

  #checkBlocks({ blocks }: Candidate): void {
    for (const block of blocks) {
      for (let of = 0; of < QUANTITIES; of += 1) {
        const open = readCell(this.#table, block + BLOCK.open + of);
        if (open < -1e-6) this.#report(`quantity ${of} is reserved below zero: ${open}`);
        const used = chargedBy(this.#table, block, of);
        const expected = this.#used.get(block)?.[of] ?? 0;
        if (of !== QUANTITY.places && Math.abs(used - expected) > 1e-3) {
          this.#report(`quantity ${of}: ${used} used, ${expected} charged`);
        }
      }
      this.#checkLimits(block);
    }
  }

  #checkLimits(block: number): void {
    for (let place = 0; place < LIMIT_SLOTS; place += 1) {
      const at = limitCell(block, place);
      if (readCell(this.#table, at + LIMIT.tag) === 0) return;
      const effective = effectiveOf(this.#table, block, at, this.#now);
      const limit = readCell(this.#table, at + LIMIT.limit);
      if (!(effective <= limit + 1e-6)) this.#report(`effective ${effective} of ${limit}`);
      if (!Number.isFinite(readCell(this.#table, at + LIMIT.balance))) this.#report('no number');
      if (!(readCell(this.#table, at + LIMIT.rate) >= 0)) this.#report('a rate that is none');
    }
  }

  /** Σ reserved = Σ open, for every block, node and key. */
  #checkAll(): void {
    const { plan } = this.#table;
    for (const candidate of plan.candidates) this.#checkBlocks(candidate);
    this.#checkReserved();
    const inFlight = new Map<number, number>();
    for (const { reservation } of this.#open) {
      for (const node of reservation.candidate.locks) {
        inFlight.set(node, (inFlight.get(node) ?? 0) + 1);
      }
    }
    for (const { index } of plan.nodes) {
      const found = readCell(this.#table, nodeCell(this.#table, index, NODE_CELL.inFlight));
      if (found !== (inFlight.get(index) ?? 0)) this.#report(`${found} in flight at node ${index}`);
    }
    const flying = plan.keys.reduce((sum, { index }) => sum + inFlightOf(this.#table, index), 0);
    if (flying !== this.#open.length)
      this.#report(`${flying} in flight, ${this.#open.length} open`);
  }

  #checkReserved(): void {
    const open = new Map<number, number[]>();
    for (const { reservation, need } of this.#open) {
      for (const block of reservation.candidate.blocks) {
        const sums = open.get(block) ?? Array.from({ length: QUANTITIES }, () => 0);
        open.set(
          block,
          sums.map((sum, of) => sum + (need.late[of] ?? 0)),
        );
      }
    }
    for (const block of this.#table.plan.candidates.flatMap(({ blocks }) => [...blocks])) {
      for (let of = 0; of < QUANTITIES; of += 1) {
        const expected = open.get(block)?.[of] ?? 0;
        const found = readCell(this.#table, block + BLOCK.open + of);
        if (Math.abs(found - expected) > 1e-6) this.#report(`${found} reserved, ${expected} open`);
      }
    }
  }

  #report(what: string): void {
    if (this.#wrong.length < 10) this.#wrong.push(`${this.#now}: ${what}`);
  }
}
