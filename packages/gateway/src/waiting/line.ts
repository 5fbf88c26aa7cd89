import { isRoomCertain } from '@keywell/core/keys/certain-room';
import {
  answerCall,
  callTicket,
  leave,
  NOTHING_KEPT,
  nextTicket,
  noteNoRoom,
  putOff,
  roomCount,
  serve,
  ticketState,
  waitingIn,
  type Earmark,
  type NextTicket,
} from '@keywell/core/waiting/turn-queue';
import { ReleasePace } from '@keywell/core/waiting/release-pace';
import type { TicketId } from '@keywell/core/waiting/tickets';
import type { WaitingTable } from '@keywell/core/waiting/waiting-table';
import type { Clock } from '../pipeline/clock.ts';
import type { Waiter } from './waiter.ts';
import type { Pick } from './waiting-call.ts';

/** Looks for the next ticket that fits, in one turn. */
const MAX_LOOKS = 64;
/** How soon a locked table is tried again, and a worker that was called is looked after. */
const BUSY_MS = 5;
const CALLED_MS = 60;
/** The longest sleep while somebody waits: whatever was missed is found then. */
const LONGEST_SLEEP_MS = 1000;
/** The longest while some wait for something of their own, of which the pool's prospects say nothing. */
const APART_MS = 100;
/** The shortest, where a call does not fit though nothing is cooled. */
const LEAST_SLEEP_MS = 20;
/** An end that moved by less than this changes nobody's prospects. */
const MOVED_MS = 50;

/** What a line needs of its room. */
export interface LineHost {
  readonly table: WaitingTable;
  readonly clock: Clock;
  /** Whether the queue holds fewer tickets of this worker than calls wait in it: then some were displaced. */
  hasLostTickets(): boolean;
  /** When a call would start that has lost its place, monotonic; null when nobody knows. */
  startOf(waiter: Waiter): number | null;
  /** Gives back what was held for a call that is not in the queue any more. */
  giveBack(waiter: Waiter, pick: Pick): void;
}

/** This worker's waiting calls of one pool, and its part in the pool's order. */
export class Line {
  readonly #pace = new ReleasePace();
  readonly #host: LineHost;
  readonly #pool: number;
  readonly #waiters = new Map<TicketId, Waiter>();
  #timer: NodeJS.Timeout | null = null;
  /** When the first of them was last expected to start. */
  #expectedAt = 0;

  constructor(host: LineHost, pool: number) {
    this.#host = host;
    this.#pool = pool;
  }

  get size(): number {
    return this.#waiters.size;
  }

  get waiters(): readonly Waiter[] {
    return [...this.#waiters.values()];
  }

  add(waiter: Waiter): void {
    this.#waiters.set(waiter.ticket, waiter);
  }

  remove(waiter: Waiter): void {
    this.#waiters.delete(waiter.ticket);
    if (this.#waiters.size === 0) this.stop();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /**
   * Lets go whoever's turn it is and who fits, in the node's order, until nobody does. A ticket of another worker is called, and the turn
   * is that worker's then. Sleeps until something may have changed.
   */
  takeTurns(): void {
    this.#dropDisplaced();
    if (this.#waiters.size === 0) return;
    this.#sleep(this.#turns());
  }

  /** Milliseconds until the next look. */
  #turns(): number {
    const { table, clock } = this.#host;
    this.#noteRoom(clock.now());
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const now = clock.now();
      const pauseMs = this.#pace.opensInMs(now);
      if (pauseMs > 0) return pauseMs;
      const room = roomCount(table);
      const next = nextTicket(table, this.#pool, { now });
      if (next === 'busy') return BUSY_MS;
      if (next === null) break;
      const waiter = this.#waiters.get(next.id);
      if (waiter === undefined) return this.#call(next, now);
      const went = this.#start(waiter, next.kept, now);
      if (went === 'busy') return BUSY_MS;
      if (went === 'not_yet') putOff(table, next.id, waiter.call.againAt(now));
      if (went === 'no_room') this.#noRoomFor(next, waiter, { now, room });
    }
    return this.#untilSomethingChanges();
  }

  /**
   * Where not even the smallest of these calls has room, nobody looks at any of them: an attempt that ends elsewhere costs no search. Not
   * where others wait at other workers: those may fit, and must not pass the calls here as if nothing were put aside for them.
   */
  #noteRoom(now: number): void {
    const smallest = this.#smallest(now);
    const { table } = this.#host;
    if (smallest === null || this.#waiters.size < waitingIn(table, this.#pool)) return;
    const { tokens } = smallest.call;
    const room = roomCount(table);
    const roomAt = smallest.call.roomAt(tokens, now, room);
    if (roomAt !== null && roomAt <= now) return;
    noteNoRoom(table, this.#pool, { tokens, now, room, until: roomAt ?? now + LONGEST_SLEEP_MS });
  }

  /** Others of its size are not looked at meanwhile, and what comes back to one quota domain is put aside for it. */
  #noRoomFor(
    next: NextTicket,
    { call }: Waiter,
    { now, room }: { readonly now: number; readonly room: number },
  ): void {
    const { table } = this.#host;
    if (next.called) answerCall(table, next.id);
    const roomAt = call.roomAt(next.tokens, now, room) ?? now + LONGEST_SLEEP_MS;
    const until = Math.max(roomAt, now + LEAST_SLEEP_MS);
    const place = call.placeToKeep(next.kept, now);
    const keep = place === null ? null : { id: next.id, ...place };
    const tokens = call.isRestricted ? null : next.tokens;
    const isKept = noteNoRoom(table, this.#pool, { tokens, now, room, until, keep });
    // The more there are, the more seldom each is looked at, so that they do not use up the looks of those behind them.
    const againMs = Math.max(APART_MS, this.#waiters.size);
    if (call.isRestricted && !isKept) putOff(table, next.id, now + againMs);
  }

  /** The smallest of those that are kept waiting by nothing of their own. */
  #smallest(now: number): Waiter | null {
    let smallest: Waiter | null = null;
    for (const waiter of this.#waiters.values()) {
      if (waiter.call.isApart(now)) continue;
      if (smallest === null || waiter.call.tokens < smallest.call.tokens) smallest = waiter;
    }
    return smallest;
  }

  #call(next: NextTicket, now: number): number {
    callTicket(this.#host.table, next.id, now);
    return CALLED_MS;
  }

  /** Whether a call went; it may also have left the queue in the same moment. */
  #start(
    waiter: Waiter,
    kept: readonly Earmark[],
    now: number,
  ): 'went' | 'no_room' | 'not_yet' | 'busy' {
    const pick = waiter.call.tryStart({ spilled: waiter.spilled, kept });
    if (typeof pick === 'string') return pick;
    const served = serve(this.#host.table, waiter.ticket);
    if (served === null || served === 'busy') {
      this.#host.giveBack(waiter, pick);
      waiter.call.unclaim();
      return served === null ? 'went' : 'busy';
    }
    const { table, candidate } = pick.reservation;
    if (!isRoomCertain(table, candidate, now)) this.#pace.release(now);
    waiter.go(pick, served);
    return 'went';
  }

  /** One that was let go was refused: fewer go, unless others have room, of whom that says nothing. */
  refused(): void {
    const { table, clock } = this.#host;
    const now = clock.now();
    const call = this.#smallest(now)?.call;
    const roomAt = call?.roomAt(call.tokens, now, roomCount(table)) ?? Infinity;
    if (roomAt > now) this.#pace.refused(now);
  }

  /** Tries one call out of turn, because a tier has opened for it that others do not go to yet. */
  spill(waiter: Waiter): void {
    this.#start(waiter, NOTHING_KEPT, this.#host.clock.now());
  }

  #dropDisplaced(): void {
    if (!this.#host.hasLostTickets()) return;
    for (const waiter of this.#waiters.values()) {
      if (ticketState(this.#host.table, waiter.ticket) === 'waiting') continue;
      waiter.refuse('displaced', this.#host.startOf(waiter));
    }
  }

  /** The soonest instant at which the pool serves anybody; calls whose patience ends before it are refused now, and not then. */
  #untilSomethingChanges(): number {
    const now = this.#host.clock.now();
    const smallest = this.#smallest(now);
    const startAt = smallest?.call.startAlone(now) ?? null;
    if (smallest !== null && startAt !== null) this.#expect(startAt, smallest.call.tokens);
    const longest = this.#hasApart(now) ? APART_MS : LONGEST_SLEEP_MS;
    return Math.min(longest, Math.max(LEAST_SLEEP_MS, (startAt ?? Infinity) - now));
  }

  #hasApart(now: number): boolean {
    for (const { call } of this.#waiters.values()) if (call.isApart(now)) return true;
    return false;
  }

  /** The pool serves nobody of so many tokens before this instant. */
  #expect(startAt: number, tokens: number): void {
    if (startAt <= this.#expectedAt + MOVED_MS) return;
    this.#expectedAt = startAt;
    for (const waiter of this.#waiters.values()) {
      const isToo = waiter.call.tokens >= tokens && waiter.patienceEndsAt < startAt;
      if (isToo) waiter.refuse('projection', startAt);
    }
  }

  #sleep(ms: number): void {
    this.stop();
    if (this.#waiters.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.takeTurns();
    }, Math.ceil(ms));
  }

  /** Takes a ticket that is not served out of the queue. */
  leaveQueue(waiter: Waiter): void {
    if (leave(this.#host.table, waiter.ticket)) return;
    setTimeout(() => this.leaveQueue(waiter), BUSY_MS);
  }
}
