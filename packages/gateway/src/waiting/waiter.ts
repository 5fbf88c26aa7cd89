import { NOTHING_KEPT, type Served } from '@keywell/core/waiting/turn-queue';
import type { TicketId } from '@keywell/core/waiting/tickets';
import type { Deadlined } from '../pipeline/deadline-sweeper.ts';
import type { RunningAttempt } from '../pipeline/exchange.ts';
import type { HeldStream } from './held-stream.ts';
import type { WaitRefusal } from './wait-refusals.ts';
import type { Pick, WaitEnd, WaitingCall } from './waiting-call.ts';

/** What a waiter asks of the room it is in. */
export interface WaiterHost {
  /** The waiter's time has come: for a lower tier, or for the end of its patience. */
  onSpill(waiter: Waiter): void;
  onPatienceEnd(waiter: Waiter): void;
  /** It has ended, however: its ticket, its place and its timer go. */
  onEnd(waiter: Waiter, end: WaitEnd): void;
}

/** One call that waits. Ends exactly once: goes on, is refused, or its caller leaves. */
export class Waiter implements RunningAttempt, Deadlined {
  readonly call: WaitingCall;
  readonly ticket: TicketId;
  readonly since: number;
  readonly ended: Promise<WaitEnd>;
  deadlineAt: number;
  sweepSlot = -1;
  /** When its patience ends; a node that stops may bring it forward. */
  patienceEndsAt: number;
  spilled: boolean;
  readonly #host: WaiterHost;
  readonly #held: HeldStream | null;
  #resolve: (end: WaitEnd) => void = () => undefined;
  #open = true;

  constructor(
    host: WaiterHost,
    call: WaitingCall,
    at: { readonly ticket: TicketId; readonly now: number; readonly held: HeldStream | null },
  ) {
    this.#host = host;
    this.#held = at.held;
    this.call = call;
    this.ticket = at.ticket;
    this.since = at.now;
    this.patienceEndsAt = call.deadlineAt;
    this.spilled = call.spillAt === null || call.spillAt <= at.now;
    this.deadlineAt = this.#nextAt();
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get open(): boolean {
    return this.#open;
  }

  onDeadline(now: number): void {
    if (now >= this.patienceEndsAt) {
      this.#host.onPatienceEnd(this);
      return;
    }
    this.#held?.speak(now);
    if (!this.spilled && (this.call.spillAt ?? 0) <= now) {
      this.spilled = true;
      this.#host.onSpill(this);
    }
    this.deadlineAt = this.#nextAt();
  }

  /** Brings the end of its patience forward. */
  hurry(endsAt: number): void {
    this.patienceEndsAt = Math.min(this.patienceEndsAt, endsAt);
    this.deadlineAt = this.#nextAt();
  }

  callerLeft(): void {
    this.#end({ kind: 'left' });
  }

  /** A caller that reads again changes nothing here. */
  callerReads(): void {
    // Comments are small, and nothing is paused for them.
  }

  go(pick: Pick, served: Served | null): void {
    this.#end({ kind: 'go', pick, served });
  }

  /** Sends it away; one that waited for the first tier goes to the next instead while that has room. */
  refuse(why: WaitRefusal, startAt: number | null): void {
    if (!this.#open) return;
    const pick = this.spilled
      ? 'no_room'
      : this.call.tryStart({ spilled: true, kept: NOTHING_KEPT });
    if (typeof pick === 'string') this.#end({ kind: 'refused', why, startAt });
    else this.go(pick, null);
  }

  bar(refusal: Extract<WaitEnd, { kind: 'barred' }>['refusal']): void {
    this.#end({ kind: 'barred', refusal });
  }

  #nextAt(): number {
    const spillAt = this.spilled ? Infinity : (this.call.spillAt ?? Infinity);
    return Math.min(this.patienceEndsAt, spillAt, this.#held?.nextAt ?? Infinity);
  }

  #end(end: WaitEnd): void {
    if (!this.#open) return;
    this.#open = false;
    this.#host.onEnd(this, end);
    this.#resolve(end);
  }
}
