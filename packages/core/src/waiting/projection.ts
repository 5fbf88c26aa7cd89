import { dominantOf, type CallCost } from './call-cost.ts';
import type { PoolCapacity, PooledLimit } from './pool-capacity.ts';
import type { ShareSeat } from './share-seat.ts';
import { findSeat, poolShare } from './share-tree.ts';
import { costOf } from './tickets.ts';
import { SHARE, TICKET } from './waiting-layout.ts';
import {
  lockWaiting,
  ofShare,
  ofTicket,
  unlockWaiting,
  type WaitingTable,
} from './waiting-table.ts';

/** What is served before a call that would join the queue now. */
export interface Ahead {
  readonly tickets: number;
  readonly tokens: number;
}

const NOBODY: Ahead = Object.freeze({ tickets: 0, tokens: 0 });

/** Of the tickets that wait on a share, the part that is served first. */
interface Sums {
  cost: number;
  tickets: number;
  tokens: number;
}

/**
 * What the queue of a pool serves before a new call of this seat: its own consumer's tickets with an earlier turn, and of everybody
 * else's what their weights give them in the meantime, level by level; all of the higher classes and none of the lower. An estimate that
 * assumes that nobody else comes and nobody leaves.
 */
export function queueAhead(
  table: WaitingTable,
  seat: ShareSeat,
  terms: { readonly turnAt: number; readonly cost: CallCost },
): Ahead {
  if (!lockWaiting(table)) return NOBODY;
  const pool = poolShare(table, seat.pool);
  const waiting = pool === 0 ? 0 : ofShare(table, pool, SHARE.waiting);
  const ahead = waiting === 0 ? NOBODY : aheadIn(table, pool, seat, terms);
  unlockWaiting(table);
  return ahead;
}

function aheadIn(
  table: WaitingTable,
  pool: number,
  seat: ShareSeat,
  terms: { readonly turnAt: number; readonly cost: CallCost },
): Ahead {
  const sums: Sums = { cost: dominantOf(terms.cost), tickets: 0, tokens: 0 };
  const path = pathOf(table, pool, seat);
  addOwn(table, path.at(-1)?.share ?? 0, terms.turnAt, sums);
  for (const { share, parent, weight } of path.toReversed()) {
    addSiblings(table, { share, parent, weight }, sums);
  }
  addHigherClasses(table, pool, seat.rank, sums);
  return { tickets: sums.tickets, tokens: sums.tokens };
}

interface Step {
  /** 0 while the seat has no share yet. */
  readonly share: number;
  readonly parent: number;
  readonly weight: number;
}

/** The seat's steps below its class, as far as they are there; the first that is not competes with what is beside it. */
function pathOf(table: WaitingTable, pool: number, seat: ShareSeat): Step[] {
  const steps: Step[] = [];
  let parent = classOf(table, pool, seat.rank);
  for (let at = 0; at < seat.path.length && parent !== 0; at += 1) {
    const share = findSeat(table, partOf(seat, at + 1));
    steps.push({ share, parent, weight: seat.weights[at] ?? 1 });
    parent = share;
  }
  return steps;
}

const partOf = (seat: ShareSeat, length: number): ShareSeat => ({
  ...seat,
  path: seat.path.slice(0, length),
});

function addOwn(table: WaitingTable, leaf: number, turnAt: number, sums: Sums): void {
  let slot = leaf === 0 ? 0 : ofShare(table, leaf, SHARE.firstTicket);
  for (; slot !== 0; slot = ofTicket(table, slot, TICKET.next)) {
    if (ofTicket(table, slot, TICKET.turnAt) > turnAt) return;
    sums.cost += dominantOf(costOf(table, slot));
    sums.tickets += 1;
    sums.tokens += ofTicket(table, slot, TICKET.tokens);
  }
}

/** What the siblings of a step are served until the step has been served `sums.cost`. */
function addSiblings(table: WaitingTable, step: Step, sums: Sums): void {
  const floor = ofShare(table, step.parent, SHARE.floor);
  const served = step.share === 0 ? floor : startOf(table, step.share, floor);
  const until = served + sums.cost / step.weight;
  let sibling = ofShare(table, step.parent, SHARE.firstChild);
  for (; sibling !== 0; sibling = ofShare(table, sibling, SHARE.nextSibling)) {
    const waits = ofShare(table, sibling, SHARE.waitingCost);
    if (sibling === step.share || !(waits > 0)) continue;
    const gets =
      (until - ofShare(table, sibling, SHARE.served)) * ofShare(table, sibling, SHARE.weight);
    addPart(table, sibling, Math.min(1, Math.max(0, gets / waits)), sums);
  }
}

const startOf = (table: WaitingTable, share: number, floor: number): number => {
  const served = ofShare(table, share, SHARE.served);
  return ofShare(table, share, SHARE.waiting) === 0 ? Math.max(served, floor) : served;
};

function addHigherClasses(table: WaitingTable, pool: number, rank: number, sums: Sums): void {
  let group = ofShare(table, pool, SHARE.firstChild);
  for (; group !== 0; group = ofShare(table, group, SHARE.nextSibling)) {
    if (ofShare(table, group, SHARE.rank) > rank) addPart(table, group, 1, sums);
  }
}

function addPart(table: WaitingTable, share: number, part: number, sums: Sums): void {
  sums.cost += part * ofShare(table, share, SHARE.waitingCost);
  sums.tickets += part * ofShare(table, share, SHARE.waiting);
  sums.tokens += part * ofShare(table, share, SHARE.waitingTokens);
}

function classOf(table: WaitingTable, pool: number, rank: number): number {
  let group = ofShare(table, pool, SHARE.firstChild);
  for (; group !== 0; group = ofShare(table, group, SHARE.nextSibling)) {
    if (ofShare(table, group, SHARE.rank) === rank) return group;
  }
  return 0;
}

/** When a call would start, monotonic: if nobody else waited, and after those that are served before it. */
export interface Start {
  readonly alone: number;
  readonly inTurn: number;
}

/**
 * When a call that fits at `alone` starts after those before it: once limits that refill continuously have brought back what they and it
 * need, all domains of the pool together. An estimate: what is left counts as usable wherever it is. Windows say nothing here, since their
 * ends lie apart, and what was worked out from refusals is too uncertain to send anybody away.
 */
export function projectStart(
  alone: number,
  ahead: Ahead,
  of: {
    readonly tokens: number;
    readonly capacity: Pick<PoolCapacity, 'requests' | 'tokens'>;
    readonly now: number;
  },
): Start {
  const { requests, tokens } = of.capacity;
  const inMs = Math.max(
    regainMs(requests, ahead.tickets + 1),
    regainMs(tokens, ahead.tokens + of.tokens),
  );
  return { alone, inTurn: Math.max(alone, of.now + inMs) };
}

function regainMs(of: PooledLimit | null, amount: number): number {
  const isKnown = of !== null && !of.isLearned && of.refill === 'continuous' && of.rate > 0;
  return isKnown ? Math.max(0, amount - of.remaining) / of.rate : 0;
}

/**
 * A queue is as often shorter as longer than it seems: of those before a call some give up, and smaller ones may still come before it.
 * Only a call that would wait half as long again as it can is refused for what is ahead of it.
 */
const SURELY = 1.5;

/** Whether a call may start before its patience ends: by itself for certain, and after those before it as far as can be told. */
export function startsInTime(
  { alone, inTurn }: Start,
  { now, deadlineAt }: { readonly now: number; readonly deadlineAt: number },
): boolean {
  return alone <= deadlineAt && inTurn - now <= SURELY * (deadlineAt - now);
}
