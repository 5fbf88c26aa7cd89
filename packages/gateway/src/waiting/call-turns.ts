import type { Needs, Tried } from '@keywell/core/keys/draw';
import { endsByTime } from '@keywell/core/keys/cooldown-codes';
import type { Candidate } from '@keywell/core/keys/plan';
import type { Verdict } from '@keywell/core/keys/verdict';
import { callCost, NO_COST } from '@keywell/core/waiting/call-cost';
import type { Served } from '@keywell/core/waiting/turn-queue';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { tokensCharged } from '../relay/call-needs.ts';
import type { LiveModel } from '../snapshot/live-snapshot.ts';
import { CallInLine, tokensOf, type LineHooks } from './call-in-line.ts';
import { shareOf, type CallShare } from './call-share.ts';
import type { Pick, WaitEnd } from './waiting-call.ts';

/** How long a call keeps away from a domain that has refused it and named no end. */
const UNNAMED_END_MS = 1000;

/** What a call's turns ask of its dispatcher. */
export interface TurnHost {
  readonly model: LiveModel;
  readonly deadlineAt: number;
  readonly needs: Needs;
  /** Chooses and reserves in the first `tiers` tiers. */
  pickFrom(tried: Tried, tiers: number): Pick | null;
  onMoved(model: LiveModel): void;
}

const NOBODY: ReadonlyMap<string, number> = new Map();

/** One tier, as far as waiting needs it. */
interface Prospect {
  readonly eligible: number;
  readonly blocked: string;
}

/** One call's dealings with those it shares a pool with: its share, its place in line, and what it leaves at its end. */
export class CallTurns implements LineHooks {
  /** Made at the first refusal: most calls have none. */
  #refusedUntil: Map<string, number> | null = null;
  readonly #exchange: Exchange;
  readonly #plane: Plane;
  readonly #host: TurnHost;
  /** Null where nobody knows what there is to share. */
  readonly #share: CallShare | null;
  /** What a wait has cost the consumer's share so far. */
  #served: Served | null = null;

  constructor(exchange: Exchange, plane: Plane, host: TurnHost) {
    this.#exchange = exchange;
    this.#plane = plane;
    this.#host = host;
    this.#share = shareOf(exchange, plane.waiting.shares, {
      model: host.model,
      tokens: tokensOf(exchange, host.model, host.needs),
      now: plane.clock.now(),
    });
  }

  get refusedUntil(): ReadonlyMap<string, number> {
    return this.#refusedUntil ?? NOBODY;
  }

  get deadlineAt(): number {
    return this.#host.deadlineAt;
  }

  get needs(): Needs {
    return this.#host.needs;
  }

  #tokens(): number {
    return tokensOf(this.#exchange, this.#host.model, this.#host.needs);
  }

  /** Whether there is anything to share by; where not, a choice needs no claim. */
  get shares(): boolean {
    return this.#share !== null;
  }

  /** Whether others wait already: whoever comes new goes behind them. */
  get othersWait(): boolean {
    // What can be served in one place only takes nothing from those who wait for any.
    if (this.#exchange.pin !== null) return false;
    return this.#plane.waiting.hasLine(this.#host.model.poolKey);
  }

  /** The first tier alone, where it is worth waiting for before the next one is asked. */
  get tiersAtOnce(): number {
    const { patienceMs, waitMs } = this.#exchange;
    return this.#host.model.pool.spillAfterMs > 0 && patienceMs > waitMs ? 1 : Infinity;
  }

  /** Chooses within what the call's consumer may take. */
  claim(pick: () => Pick | null): Pick | null {
    if (this.#share === null) return pick();
    return this.#share.claim(this.#host.model, this.#plane.clock.now(), pick);
  }

  /** What was picked is not called after all. */
  unclaim(): void {
    this.#share?.settle({ sent: false, tokens: 0 });
  }

  heldUntil(): number | null {
    return this.#share?.heldUntil ?? null;
  }

  pickFrom(tried: Tried, tiers: number): Pick | null {
    return this.claim(() => this.#host.pickFrom(tried, tiers));
  }

  onMoved(model: LiveModel): void {
    this.#host.onMoved(model);
  }

  /** A domain has refused this call for want of capacity: it keeps away from it for as long as it was told to. */
  refusedBy(candidate: Candidate, verdict: Verdict): void {
    if (!endsByTime(verdict.class)) return;
    const endsAt = this.#plane.clock.now() + (verdict.endsInMs ?? UNNAMED_END_MS);
    this.#refusedUntil ??= new Map();
    this.#refusedUntil.set(candidate.domain, endsAt);
  }

  /**
   * Whether waiting can help: something comes back by time, and there is patience. After a failure that no time mends, what is left is the
   * answer: another candidate, or that failure.
   */
  isWorthWaiting(last: Verdict | null, prospects: () => readonly Prospect[]): boolean {
    if (this.heldUntil() !== null) return true;
    if (last?.class === 'too_large_for_limit') return false;
    if (last === null && this.othersWait) return true;
    if (this.#exchange.patienceMs <= this.#exchange.waitMs) return false;
    const tiers = prospects();
    const forRoom = last === null || endsByTime(last.class);
    if (!forRoom && tiers.some(({ eligible }) => eligible > 0)) return false;
    return tiers.some(
      ({ eligible, blocked }) => eligible > 0 || blocked === 'time' || blocked === 'mixed',
    );
  }

  /** Waits until a candidate is free and it is this call's turn. */
  async wait(): Promise<WaitEnd> {
    const call = new CallInLine(this.#exchange, this.#plane, {
      model: this.#host.model,
      hooks: this,
    });
    const end = await this.#plane.waiting.wait(call);
    if (end.kind === 'go') this.#served = end.served;
    return end;
  }

  /** An attempt has ended: the share is charged what the provider charged, and who waits hears that there may be room. */
  afterAttempt({ candidate, reservation }: Pick, failed: Verdict | null): void {
    const { waiting } = this.#plane;
    const refused = failed !== null && endsByTime(failed.class);
    const { usage, live } = this.#exchange;
    const { model } = this.#host;
    const tokens =
      usage === null ? this.#tokens() : tokensCharged(candidate, reservation.need, usage);
    this.#share?.settle({ sent: !refused, tokens });
    if (this.#served !== null) {
      const { tokensPerRequest } = waiting.shares.capacity(live, model, this.#plane.clock.now());
      waiting.correct(this.#served, refused ? NO_COST : callCost(tokens, tokensPerRequest));
      if (refused) waiting.refusedAfter(model.poolKey);
      this.#served = null;
    }
    waiting.freed();
  }

  /** Puts what the consumer has left into the answer's head. */
  tell(): void {
    this.#share?.tell(this.#host.model, this.#plane.clock.now());
  }
}
