import { callCost, type CallCost } from './call-cost.ts';
import type { KeptPlace } from './kept-refill.ts';
import type { PoolCapacity } from './pool-capacity.ts';
import { projectStart, queueAhead, startsInTime } from './projection.ts';
import { ReleasePace } from './release-pace.ts';
import type { ShareSeat } from './share-seat.ts';
import type { TicketId } from './tickets.ts';
import { turnOf } from './turn.ts';
import {
  answerCall,
  callTicket,
  enqueue,
  leave,
  NOTHING_KEPT,
  nextTicket,
  noteNoRoom,
  putOff,
  serve,
  ticketState,
  waitingIn,
  type Earmark,
  type NextTicket,
  type Served,
} from './turn-queue.ts';
import type { WaitingTable } from './waiting-table.ts';

/** As the gateway's line: tickets looked at in a turn, and the longest and the shortest sleep while somebody waits. */
const MAX_LOOKS = 64;
const LONGEST_SLEEP_MS = 1000;
const LEAST_SLEEP_MS = 20;
/** What doubles may be off by: who wakes at an instant must find it past. */
const ROUNDING_MS = 0.001;

/** A call that may have to wait under virtual time. */
export interface VirtualCall {
  readonly seat: ShareSeat;
  /** Tokens that have to fit at once. */
  readonly tokens: number;
  /** Until when it waits. */
  readonly deadlineAt: number;
  /** From when on it goes to lower tiers as well, whosever turn it is; null where it does so from the beginning. */
  readonly spillAt: number | null;
}

type CapacityHere = Pick<PoolCapacity, 'requests' | 'tokens' | 'tokensPerRequest'>;

/** What a virtual line asks of whoever has the keys. */
export interface VirtualLineHost<Call, Held> {
  /** When the call would start if nobody else waited; null when no time brings it. */
  startOf(call: Call, now: number): number | null;
  /** When some key has room for a call of its size, whatever this one was refused or is held back from. */
  roomAt(call: Call, now: number): number | null;
  capacity(call: Call, now: number): CapacityHere;
  /** Chooses and reserves, leaving alone what is kept for others. `not_yet` until `againAt`: for a reason of the call's own. */
  pick(call: Call, kept: readonly Earmark[], now: number): Held | 'no_room' | 'not_yet';
  againAt(call: Call, now: number): number;
  /** Whether what is known of the key that was chosen says how many may go to it. */
  isRoomCertain(held: Held, now: number): boolean;
  /** Where a call that does not fit would fit first, in time and where nothing is put aside for others. */
  placeToKeep(call: Call, kept: readonly Earmark[], now: number): KeptPlace | null;
  /** Its turn has come. */
  go(call: Call, held: Held, served: Served | null, now: number): void;
  /** It does not wait, or no longer; with the instant at which it would start, where that is known. */
  refuse(call: Call, startAt: number | null, now: number): void;
}

/** How calls wait in one pool. */
export interface VirtualPool {
  /** Hash of its id, as seats have it. */
  readonly key: number;
  readonly maxWaitMs: number;
  readonly maxWaiting: number;
}

/** A call's place in line. */
interface Waiter<Call> {
  readonly call: Call;
  spilled: boolean;
}

/** One worker's handle on the table, and its calls that wait. */
interface Worker<Call> {
  readonly table: WaitingTable;
  readonly waiters: Map<TicketId, Waiter<Call>>;
  /** When it looks at its line again. */
  wakeAt: number;
  /** When the first of them gives up, or is let into lower tiers. */
  changesAt: number;
  readonly pace: ReleasePace;
}

/**
 * The queue of one pool as the gateway's workers serve it, on the same table and in the same order, for calls whose time is passed in:
 * what is not there is sockets, timers and the milliseconds in which a worker that is rung comes.
 */
export class VirtualLine<Call extends VirtualCall, Held extends object> {
  readonly #pool: VirtualPool;
  readonly #host: VirtualLineHost<Call, Held>;
  readonly #workers: readonly Worker<Call>[];

  /** `tables`: the handle of each worker. */
  constructor(
    pool: VirtualPool,
    tables: readonly WaitingTable[],
    host: VirtualLineHost<Call, Held>,
  ) {
    this.#pool = pool;
    this.#host = host;
    this.#workers = tables.map((table) => ({
      table,
      waiters: new Map(),
      wakeAt: Infinity,
      changesAt: Infinity,
      pace: new ReleasePace(),
    }));
  }

  /** Whether anybody waits: who comes new goes behind them. */
  get hasWaiting(): boolean {
    return this.#workers.some(({ waiters }) => waiters.size > 0);
  }

  /** When the line has to be woken; Infinity while nobody waits. */
  get wakeAt(): number {
    let at = Infinity;
    for (const worker of this.#workers) at = Math.min(at, worker.wakeAt);
    return at;
  }

  /** A place in line for a call that came to this worker, from 0, where it starts in time as far as is known; else it is refused. */
  join(call: Call, at: number, now: number): void {
    const worker = this.#workers[at];
    if (worker === undefined) throw new Error('no such worker');
    const { table } = worker;
    const { maxWaitMs, maxWaiting } = this.#pool;
    const capacity = this.#host.capacity(call, now);
    const cost: CallCost = callCost(call.tokens, capacity.tokensPerRequest);
    const turnAt = turnOf(
      { deadlineAt: call.deadlineAt, cost },
      { limitsTokens: capacity.tokens !== null, maxWaitMs },
    );
    const ahead = queueAhead(table, call.seat, { turnAt, cost });
    const alone = this.#host.startOf(call, now);
    if (alone === null) {
      this.#host.refuse(call, null, now);
      return;
    }
    const start = projectStart(alone, ahead, { tokens: call.tokens, capacity, now });
    if (!startsInTime(start, { now, deadlineAt: call.deadlineAt })) {
      this.#host.refuse(call, start.inTurn, now);
      return;
    }
    const terms = { turnAt, cost, tokens: call.tokens };
    const ticket = enqueue(table, call.seat, terms, { now, maxWaiting });
    if (typeof ticket === 'string') {
      this.#host.refuse(call, start.inTurn, now);
      return;
    }
    worker.waiters.set(ticket, { call, spilled: call.spillAt === null });
    this.#takeTurns(worker, now);
  }

  /** Capacity may have come back, and the table has been told: every worker looks at its line. */
  freed(now: number): void {
    for (const worker of this.#workers) if (worker.waiters.size > 0) this.#takeTurns(worker, now);
  }

  /** One that was let go at this worker was refused: fewer go, unless others have room, of whom that says nothing. */
  refused(at: number, now: number): void {
    const worker = this.#workers[at];
    if (worker === undefined) throw new Error('no such worker');
    const smallest = smallestOf(worker.waiters);
    const roomAt = smallest === null ? null : this.#host.roomAt(smallest, now);
    if ((roomAt ?? Infinity) > now) worker.pace.refused(now);
  }

  wake(now: number): void {
    for (const worker of this.#workers) if (worker.wakeAt <= now) this.#takeTurns(worker, now);
  }

  /** Lets go whoever's turn it is and who fits; a ticket of another worker is that worker's to take, at once here. */
  #takeTurns(worker: Worker<Call>, now: number): void {
    let current: Worker<Call> | null = worker;
    for (let turn = 0; current !== null && turn < 2 * MAX_LOOKS; turn += 1) {
      this.#dropEnded(current, now);
      current = this.#mayServe(current, now) ? this.#turns(current, now) : null;
    }
    for (const each of this.#workers) each.wakeAt = this.#soonestOf(each, now);
  }

  /** While the smallest of all does not fit anywhere nobody does. Where others wait elsewhere it is not known which that is. */
  #mayServe({ table, waiters }: Worker<Call>, now: number): boolean {
    const smallest = smallestOf(waiters);
    if (smallest === null) return false;
    if (waiters.size < waitingIn(table, this.#pool.key)) return true;
    const roomAt = this.#host.roomAt(smallest, now);
    return roomAt !== null && roomAt <= now;
  }

  /** Whose patience has ended, who lost the place to another tenant, and who may go to lower tiers by now. Only a full line displaces anybody. */
  #dropEnded(worker: Worker<Call>, now: number): void {
    const { table, waiters, changesAt } = worker;
    const full = waitingIn(table, this.#pool.key) >= this.#pool.maxWaiting;
    if (!full && changesAt > now) return;
    for (const [ticket, waiter] of waiters) {
      const { call } = waiter;
      const lost = full && ticketState(table, ticket) !== 'waiting';
      if (lost || call.deadlineAt < now) {
        leave(table, ticket);
        waiters.delete(ticket);
        this.#host.refuse(call, null, now);
      } else if (!waiter.spilled && (call.spillAt ?? 0) <= now) {
        waiter.spilled = true;
        this.#start(worker, { ticket, call }, NOTHING_KEPT, now);
      }
    }
  }

  /** The worker whose turn it is then; null when nobody's is. */
  #turns(worker: Worker<Call>, now: number): Worker<Call> | null {
    const { table, waiters, pace } = worker;
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      if (pace.opensInMs(now) > 0) return null;
      const next = nextTicket(table, this.#pool.key, { now });
      if (next === null || next === 'busy') return null;
      const waiter = waiters.get(next.id);
      if (waiter === undefined) {
        callTicket(table, next.id, now);
        return this.#workers.find((each) => each.table.worker === next.worker) ?? null;
      }
      const { call } = waiter;
      const went = this.#start(worker, { ticket: next.id, call }, next.kept, now);
      if (went === 'not_yet') putOff(table, next.id, this.#host.againAt(call, now));
      if (went === 'no_room') this.#noRoomFor(worker, call, next, now);
    }
    return null;
  }

  /** Others of its size are not looked at meanwhile, and what comes back to one key is put aside for it. */
  #noRoomFor({ table }: Worker<Call>, call: Call, next: NextTicket, now: number): void {
    if (next.called) answerCall(table, next.id);
    const roomAt = this.#host.roomAt(call, now) ?? now + LONGEST_SLEEP_MS;
    const place = this.#host.placeToKeep(call, next.kept, now);
    noteNoRoom(table, this.#pool.key, {
      tokens: next.tokens,
      now,
      until: Math.max(roomAt, now + LEAST_SLEEP_MS),
      keep: place === null ? null : { id: next.id, ...place },
    });
  }

  #start(
    { table, waiters, pace }: Worker<Call>,
    { ticket, call }: { readonly ticket: TicketId; readonly call: Call },
    kept: readonly Earmark[],
    now: number,
  ): 'went' | 'no_room' | 'not_yet' {
    const held = this.#host.pick(call, kept, now);
    if (held === 'no_room' || held === 'not_yet') return held;
    const served = serve(table, ticket);
    waiters.delete(ticket);
    if (!this.#host.isRoomCertain(held, now)) pace.release(now);
    this.#host.go(call, held, served === 'busy' ? null : served, now);
    return 'went';
  }

  /** When a worker's line may move: somebody fits, or somebody gives up. */
  #soonestOf(worker: Worker<Call>, now: number): number {
    const { waiters } = worker;
    worker.changesAt = Infinity;
    if (waiters.size === 0) return Infinity;
    for (const { call, spilled } of waiters.values()) {
      const spillAt = spilled ? Infinity : (call.spillAt ?? Infinity);
      worker.changesAt = Math.min(worker.changesAt, call.deadlineAt + ROUNDING_MS, spillAt);
    }
    const smallest = smallestOf(waiters);
    const startAt = smallest === null ? null : this.#host.startOf(smallest, now);
    const opensInMs = worker.pace.opensInMs(now);
    const sleep =
      opensInMs > 0
        ? opensInMs
        : Math.max(LEAST_SLEEP_MS, (startAt ?? now + LONGEST_SLEEP_MS) - now);
    return Math.min(worker.changesAt, now + Math.min(LONGEST_SLEEP_MS, sleep) + ROUNDING_MS);
  }
}

function smallestOf<Call extends VirtualCall>(
  waiters: ReadonlyMap<TicketId, Waiter<Call>>,
): Call | null {
  let smallest: Call | null = null;
  for (const { call } of waiters.values()) {
    if (smallest === null || call.tokens < smallest.tokens) smallest = call;
  }
  return smallest;
}
