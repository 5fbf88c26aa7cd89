import { NOTHING_CHARGED } from '@keywell/core/keys/need';
import { settle } from '@keywell/core/keys/reserve';
import { UNJUDGED } from '@keywell/core/keys/verdict';
import type { CallCost } from '@keywell/core/waiting/call-cost';
import {
  correct,
  enqueue,
  NOTHING_KEPT,
  roomCount,
  roomReturned,
  waitingIn,
  type Served,
} from '@keywell/core/waiting/turn-queue';
import { queueAhead, startsInTime, type Start } from '@keywell/core/waiting/projection';
import {
  openWaitingTable,
  ringOthers,
  waitingOfWorker,
  waitingOnNode,
  type WaitingTable,
} from '@keywell/core/waiting/waiting-table';
import type { TableWriter } from '@keywell/core/limits/record-lock';
import type { Plane } from '../pipeline/plane.ts';
import type { LiveSnapshot } from '../snapshot/live-snapshot.ts';
import { answerDoorbell } from './doorbell.ts';
import { HeldStream, mayHold, STREAM_TIMES, type RoomTimes } from './held-stream.ts';
import { Line, type LineHost } from './line.ts';
import { Waiter, type WaiterHost } from './waiter.ts';
import { ShareKeeper, type LimitsOf } from './share-keeper.ts';
import { WAIT_REFUSALS, type WaitRefusal } from './wait-refusals.ts';
import type { Pick, WaitEnd, Waiting, WaitingCall } from './waiting-call.ts';

const noLimits: LimitsOf<LiveSnapshot> = () => [];

/** A stopping node refuses what still waits so long before it cuts connections. */
const BEFORE_CUT_MS = 500;

/** Where the calls of one worker wait until capacity comes back. The order is the node's; the callers are this worker's. */
export class WaitingRoom implements Waiting, LineHost, WaiterHost {
  readonly table: WaitingTable;
  readonly shares: ShareKeeper;
  readonly #plane: Plane;
  readonly #times: RoomTimes;
  readonly #lines = new Map<number, Line>();
  #open = 0;
  /** After it nobody waits any more. */
  #endsAt = Infinity;

  constructor(
    plane: Plane,
    from: {
      readonly cells: SharedArrayBuffer;
      readonly writer: TableWriter;
      readonly times?: RoomTimes | undefined;
      /** What is known of the limits of a snapshot's keys; left out: nothing. */
      readonly limitsOf?: LimitsOf<LiveSnapshot> | undefined;
    },
  ) {
    this.#plane = plane;
    this.table = openWaitingTable(from.cells, from.writer);
    this.shares = new ShareKeeper(this.table, from.limitsOf ?? noLimits);
    this.#times = from.times ?? STREAM_TIMES;
    // Ends with the thread.
    void answerDoorbell(this.table, () => this.#takeTurns());
  }

  get room(): number {
    return roomCount(this.table);
  }

  get clock() {
    return this.#plane.clock;
  }

  /** Whether a new call of a pool must stand in line, because others wait already. */
  hasLine(pool: number): boolean {
    return waitingIn(this.table, pool) > 0;
  }

  /** Waits until it is this call's turn and it fits; refuses at once what would not start in time. */
  wait(call: WaitingCall): Promise<WaitEnd> {
    const now = this.clock.now();
    // Who does not want to wait may have been made a moment ago, and may go now all the same.
    const deadlineAt = Math.max(now, Math.min(call.deadlineAt, this.#endsAt));
    const start = this.#startOf(call, now);
    const startAt = start?.inTurn ?? null;
    if (start === null || !startsInTime(start, { now, deadlineAt })) {
      return Promise.resolve(this.#turnAway(call, 'projection', startAt));
    }
    const ticket = enqueue(this.table, call.seat, call, { now, maxWaiting: call.maxWaiting });
    if (typeof ticket === 'string') return Promise.resolve(this.#turnAway(call, 'full', startAt));
    const waiter = new Waiter(this, call, { ticket, now, held: this.#heldStream(call, now) });
    waiter.hurry(deadlineAt);
    const line = this.#lineOf(call.seat.pool);
    line.add(waiter);
    this.#open += 1;
    call.exchange.running = waiter;
    this.#plane.sweeper.add(waiter);
    this.#plane.meter.add('waiting');
    line.takeTurns();
    // Who does not want to wait has been tried now.
    if (waiter.open && deadlineAt <= now) waiter.refuse('deadline', startAt);
    return waiter.ended;
  }

  /** When a call would start that joined the queue now; null when time does not bring it. */
  #startOf(call: WaitingCall, now: number): Start | null {
    return call.startAfter(queueAhead(this.table, call.seat, call), now);
  }

  correct(served: Served, took: CallCost): void {
    correct(this.table, served, took);
  }

  /** Capacity may have come back: an attempt ended. Costs one read while nobody waits on the node. */
  freed(): void {
    if (waitingOnNode(this.table) === 0) return;
    roomReturned(this.table);
    this.#takeTurns();
    ringOthers(this.table);
  }

  /** A call that had waited was refused for want of capacity. */
  refusedAfter(pool: number): void {
    roomReturned(this.table);
    this.#lines.get(pool)?.refused();
  }

  /** Whoever waits goes on by the new snapshot: by its keys, its rights and its pools. */
  snapshotChanged(live: LiveSnapshot): void {
    for (const line of this.#lines.values()) {
      for (const waiter of line.waiters) {
        const refusal = waiter.call.moveTo(live);
        if (refusal !== null) waiter.bar(refusal);
      }
    }
    this.shares.snapshotChanged(live);
    roomReturned(this.table);
    this.#takeTurns();
  }

  /** The worker stops at `endsAt`: until then calls may wait, and then they are told, and not cut. */
  drain(endsAt: number): void {
    this.#endsAt = endsAt - BEFORE_CUT_MS;
    for (const line of this.#lines.values()) {
      for (const waiter of line.waiters) waiter.hurry(this.#endsAt);
    }
  }

  hasLostTickets(): boolean {
    return waitingOfWorker(this.table, this.table.worker) < this.#open;
  }

  giveBack(waiter: Waiter, pick: Pick): void {
    const { clock, random } = this.#plane;
    const { live } = waiter.call.exchange;
    const at = { now: clock.now(), wallNow: clock.wallNow(), random, charged: NOTHING_CHARGED };
    const changes = settle(live.table, pick.reservation, UNJUDGED, at);
    if (changes.length > 0) this.#plane.cooled(changes, live);
  }

  onSpill(waiter: Waiter): void {
    this.#lines.get(waiter.call.seat.pool)?.spill(waiter);
  }

  onPatienceEnd(waiter: Waiter): void {
    // It does not stand before itself.
    this.#lineOf(waiter.call.seat.pool).leaveQueue(waiter);
    waiter.refuse('deadline', this.startOf(waiter));
  }

  /** When a call would start that has lost its place. */
  startOf({ call }: Waiter): number | null {
    return this.#startOf(call, this.clock.now())?.inTurn ?? null;
  }

  onEnd(waiter: Waiter, end: WaitEnd): void {
    const { meter, sweeper } = this.#plane;
    const { exchange, seat } = waiter.call;
    sweeper.remove(waiter);
    exchange.running = null;
    meter.add('waiting', -1);
    this.#open -= 1;
    const line = this.#lineOf(seat.pool);
    line.remove(waiter);
    if (end.kind !== 'go' || end.served === null) line.leaveQueue(waiter);
    const now = this.clock.now();
    const waitedMs = now - waiter.since;
    exchange.waitMs += waitedMs;
    if (end.kind === 'go') meter.observe('waits', waitedMs);
    if (end.kind === 'refused') this.#countRefusal(end.why);
    exchange.timeline.push({
      at: exchange.offset(now),
      kind: 'wait',
      waitMs: Math.round(waitedMs * 10) / 10,
      why: WHY[end.kind === 'refused' ? end.why : end.kind],
    });
  }

  /** Who would have waited for the first tier goes to the next instead while that has room. */
  #turnAway(call: WaitingCall, why: 'projection' | 'full', startAt: number | null): WaitEnd {
    const spills = call.spillAt !== null;
    const pick = spills ? call.tryStart({ spilled: true, kept: NOTHING_KEPT }) : 'no_room';
    if (typeof pick !== 'string') return { kind: 'go', pick, served: null };
    this.#countRefusal(why);
    return { kind: 'refused', why, startAt };
  }

  #countRefusal(why: WaitRefusal): void {
    this.#plane.meter.add('waitRefusals', 1, WAIT_REFUSALS.indexOf(why));
  }

  #heldStream(call: WaitingCall, now: number): HeldStream | null {
    const { exchange } = call;
    if (!mayHold(exchange)) return null;
    const silentUntil = now + this.#times.silenceMs - exchange.waitMs;
    return new HeldStream(exchange, {
      speakAt: exchange.begun ? now + this.#times.commentEveryMs : silentUntil,
      everyMs: this.#times.commentEveryMs,
    });
  }

  #lineOf(pool: number): Line {
    const known = this.#lines.get(pool);
    if (known !== undefined) return known;
    const line = new Line(this, pool);
    this.#lines.set(pool, line);
    return line;
  }

  #takeTurns(): void {
    for (const line of this.#lines.values()) if (line.size > 0) line.takeTurns();
  }
}

const WHY: Readonly<Record<WaitRefusal | 'go' | 'barred' | 'left', string>> = {
  go: 'its turn came and a key had room',
  projection: 'the pool comes back after the end of the call’s patience',
  full: 'every place to wait was taken',
  deadline: 'the call’s patience ended',
  displaced: 'another tenant had a right to the place',
  barred: 'a new configuration does not let it go on',
  left: 'the caller left',
};
