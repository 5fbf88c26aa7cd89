import type { Candidate } from '@keywell/core/keys/plan';
import type { Reservation } from '@keywell/core/keys/reserve';
import type { CallCost } from '@keywell/core/waiting/call-cost';
import type { Earmark, Served } from '@keywell/core/waiting/turn-queue';
import type { KeptPlace } from '@keywell/core/waiting/kept-refill';
import type { Ahead, Start } from '@keywell/core/waiting/projection';
import type { ShareSeat } from '@keywell/core/waiting/share-seat';
import type { LiveSnapshot } from '../snapshot/live-snapshot.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Refusal } from '../pipeline/refusal.ts';
import type { ShareKeeper } from './share-keeper.ts';
import type { WaitRefusal } from './wait-refusals.ts';

/** The chosen candidate, held. */
export interface Pick {
  readonly candidate: Candidate;
  readonly reservation: Reservation;
}

/** How a wait ended. */
export type WaitEnd =
  | { readonly kind: 'go'; readonly pick: Pick; readonly served: Served | null }
  /** `startAt`: the monotonic instant at which the call would start; null when nobody knows. */
  | { readonly kind: 'refused'; readonly why: WaitRefusal; readonly startAt: number | null }
  /** A new snapshot does not let the call go on. */
  | { readonly kind: 'barred'; readonly refusal: Refusal }
  | { readonly kind: 'left' };

/** What one call is to the waiting room: who asks, how long it may take, and how it is tried. */
export interface WaitingCall {
  readonly exchange: Exchange;
  readonly seat: ShareSeat;
  /** What it takes of its share, and what must fit at once. */
  readonly cost: CallCost;
  readonly tokens: number;
  /** Monotonic instant at which its patience ends. */
  readonly deadlineAt: number;
  /** Monotonic instant by which its consumer's calls are ordered. */
  readonly turnAt: number;
  /** Monotonic instant from which it takes a lower tier as well; null when it does already. */
  readonly spillAt: number | null;
  /** Calls of its pool that may wait at once. */
  readonly maxWaiting: number;
  /** Whether some targets of its pool cannot serve it, whatever they have left: where it finds no room others may. */
  readonly isRestricted: boolean;
  /** Whether anything of its own keeps it, for now, from where others of its size can go. */
  isApart(now: number): boolean;
  /**
   * Chooses and reserves. `kept`: calls before it for which refill is put aside. `no_room`: nothing has room for a call of this size, or
   * it would delay one of those; `not_yet`: this call alone must not go where there is room.
   */
  tryStart(how: {
    readonly spilled: boolean;
    readonly kept: readonly Earmark[];
  }): Pick | 'no_room' | 'not_yet';
  /** When the pool has room for so many tokens, whoever needs them, monotonic; null when time does not bring it. `room`: see `roomCount`. */
  roomAt(tokens: number, now: number, room: number): number | null;
  /** When it would start if nobody else waited, monotonic; null when time does not bring it. */
  startAlone(now: number): number | null;
  /** When it would start after what is ahead of it. */
  startAfter(ahead: Ahead, now: number): Start | null;
  /** When a call that was `not_yet` to go is worth another look, monotonic. */
  againAt(now: number): number;
  /** Where this call would fit first, in time and where nothing is put aside for others; null where nowhere. */
  placeToKeep(kept: readonly Earmark[], now: number): KeptPlace | null;
  /** What `tryStart` has taken of the consumer's share is not used after all. */
  unclaim(): void;
  /** Goes on by a new snapshot, or says why it cannot. */
  moveTo(live: LiveSnapshot): Refusal | null;
}

/** The waiting room, as the dispatcher needs it. */
export interface Waiting {
  /** What consumers share, and who has had how much of it. */
  readonly shares: ShareKeeper;
  /** How often capacity may have come back on the node so far. */
  readonly room: number;
  /** Whether a new call of a pool must stand in line, because others wait already. */
  hasLine(pool: number): boolean;
  /** Waits until it is this call's turn and it fits; refuses at once what would not start in time. */
  wait(call: WaitingCall): Promise<WaitEnd>;
  /** Corrects what a share was charged, once it is known what the call took. */
  correct(served: Served, took: CallCost): void;
  /** Capacity may have come back: an attempt ended. */
  freed(): void;
  /** A call that had waited was refused for want of capacity. */
  refusedAfter(pool: number): void;
}
