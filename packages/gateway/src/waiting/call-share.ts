import type { ToldLimit } from '@keywell/core/waiting/pool-capacity';
import type { Exchange } from '../pipeline/exchange.ts';
import type { LiveConsumer, LiveModel } from '../snapshot/live-snapshot.ts';
import type { ShareKeeper, SharingCall, TakenPart } from './share-keeper.ts';
import type { Pick } from './waiting-call.ts';

/** One call's part of what its pool's consumers share: taken before it is sent, given back or corrected at its end. */
export class CallShare {
  /** Until when others must find what this call asks for, monotonic; null while nothing is held back from it. */
  heldUntil: number | null = null;
  readonly #exchange: Exchange;
  readonly #keeper: ShareKeeper;
  readonly #consumer: LiveConsumer;
  readonly #tokens: number;
  #taken: TakenPart | null = null;

  constructor(
    exchange: Exchange,
    keeper: ShareKeeper,
    of: { readonly consumer: LiveConsumer; readonly tokens: number },
  ) {
    this.#exchange = exchange;
    this.#keeper = keeper;
    this.#consumer = of.consumer;
    this.#tokens = of.tokens;
  }

  /** Notes the call's demand, once. */
  ask(model: LiveModel, now: number): void {
    this.#keeper.noteDemand(this.#call(model), now);
  }

  /** Chooses with the call's part of the pool taken; null too where that is held back for others. */
  claim(model: LiveModel, now: number, choose: () => Pick | null): Pick | null {
    const taken = this.#keeper.take(this.#call(model), now);
    if (taken === 'held') {
      this.heldUntil = this.#keeper.capacity(this.#exchange.live, model, now).window?.endsAt ?? now;
      return null;
    }
    this.heldUntil = null;
    const pick = choose();
    if (taken !== null && pick === null) this.#keeper.settle(taken, UNSENT);
    else this.#taken = taken;
    return pick;
  }

  /** The call has ended, having used so many tokens, or was not sent after all. */
  settle(ended: { readonly sent: boolean; readonly tokens: number }): void {
    if (this.#taken !== null) this.#keeper.settle(this.#taken, ended);
    this.#taken = null;
  }

  /** Puts into the answer's head what the consumer has left: of its own limit or of its share, whichever is tighter. */
  tell(model: LiveModel, now: number): void {
    const { ownLimit } = this.#exchange;
    const told = this.#keeper.told(this.#call(model), { requests: ownLimit }, now);
    this.#exchange.limitHeaders = [
      ...limitHeaders('requests', told.requests),
      ...limitHeaders('tokens', told.tokens),
    ];
  }

  #call(model: LiveModel): SharingCall {
    const seat = this.#keeper.seatOf(model, this.#consumer);
    return { live: this.#exchange.live, model, seat, tokens: this.#tokens };
  }
}

const UNSENT = Object.freeze({ sent: false, tokens: 0 });

/** Flat names and values of the `x-ratelimit-*` headers of one limit. */
export function limitHeaders(of: 'requests' | 'tokens', told: ToldLimit | null): string[] {
  if (told === null) return [];
  return [
    `x-ratelimit-limit-${of}`,
    String(told.limit),
    `x-ratelimit-remaining-${of}`,
    String(told.remaining),
    `x-ratelimit-reset-${of}`,
    `${Math.ceil(told.resetMs)}ms`,
  ];
}

/** The share of a call, where its pool's capacity is known; null where there is nothing to share by. */
export function shareOf(
  exchange: Exchange,
  keeper: ShareKeeper,
  of: { readonly model: LiveModel; readonly tokens: number; readonly now: number },
): CallShare | null {
  const { consumer, live } = exchange;
  if (consumer === null || !keeper.knows(live, of.model, of.now)) return null;
  const share = new CallShare(exchange, keeper, { consumer, tokens: of.tokens });
  share.ask(of.model, of.now);
  return share;
}
