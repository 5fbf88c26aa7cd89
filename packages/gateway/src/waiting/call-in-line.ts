import type { Needs, Tried } from '@keywell/core/keys/draw';
import { hasLease } from '@keywell/core/keys/lease-cells';
import { needFrom } from '@keywell/core/keys/need';
import { callCost, type CallCost } from '@keywell/core/waiting/call-cost';
import type { Earmark } from '@keywell/core/waiting/turn-queue';
import { domainsToLeave, placeToKeep } from '@keywell/core/waiting/kept-domains';
import type { KeptPlace } from '@keywell/core/waiting/kept-refill';
import { projectStart, type Ahead, type Start } from '@keywell/core/waiting/projection';
import { seatOf, type ShareSeat } from '@keywell/core/waiting/share-seat';
import { turnOf } from '@keywell/core/waiting/turn';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import type { Refusal } from '../pipeline/refusal.ts';
import type { LiveModel, LiveSnapshot } from '../snapshot/live-snapshot.ts';
import { readmit } from './readmit.ts';
import { tokensIn } from '../relay/call-needs.ts';
import { soonestStart, type StartAt } from './soonest-start.ts';
import type { Pick, WaitingCall } from './waiting-call.ts';

/** How long a call is passed at most that alone must not go where there is room. */
const PUT_OFF_MS = 100;
/** So old may be what a call is sent away by: a crowd may have taken the last of it within milliseconds. */
const PROSPECTS_MS = 1;
/** Bytes of English text to one token. */
const BYTES_PER_TOKEN = 4;

/** What a call that stands in line asks of its dispatcher. */
export interface LineHooks {
  /** Chooses and reserves in the first `tiers` tiers. */
  pickFrom(tried: Tried, tiers: number): Pick | null;
  /** Quota domains that have refused this very call, with the instants until which it was told to wait. */
  readonly refusedUntil: ReadonlyMap<string, number>;
  /** Until when others must find what this call asks for; null while nothing is held back from it. */
  heldUntil(): number | null;
  /** What was picked is not called after all. */
  unclaim(): void;
  /** The call goes by another snapshot from now on. */
  onMoved(model: LiveModel): void;
  /** Monotonic instant by which the call must have its first byte. */
  readonly deadlineAt: number;
  /** What the call needs at each candidate. */
  readonly needs: Needs;
}

/** One call in the queue of its pool: how much it needs, how long it waits, and which tiers it takes by now. */
export class CallInLine implements WaitingCall {
  readonly exchange: Exchange;
  readonly seat: ShareSeat;
  readonly tokens: number;
  readonly cost: CallCost;
  readonly deadlineAt: number;
  readonly turnAt: number;
  readonly spillAt: number | null;
  readonly maxWaiting: number;
  readonly #plane: Plane;
  readonly #hooks: LineHooks;
  #model: LiveModel;
  #isRestricted: boolean;

  constructor(
    exchange: Exchange,
    plane: Plane,
    of: { readonly model: LiveModel; readonly hooks: LineHooks },
  ) {
    const { pool } = of.model;
    const now = plane.clock.now();
    this.exchange = exchange;
    this.#plane = plane;
    this.#hooks = of.hooks;
    this.#model = of.model;
    const consumer = exchange.consumer?.record ?? { sharePath: [''], weight: 1, priority: 0 };
    this.seat = seatOf(pool.id, consumer);
    this.tokens = tokensOf(exchange, of.model, of.hooks.needs);
    const { shares } = plane.waiting;
    const capacity = shares.capacity(exchange.live, of.model, now);
    this.cost = callCost(this.tokens, capacity.tokensPerRequest);
    this.maxWaiting = pool.maxWaiting;
    this.#isRestricted = isRestricted(of.model, of.hooks.needs);
    const patienceMs = Math.max(0, exchange.patienceMs - exchange.waitMs);
    this.deadlineAt = Math.min(now + patienceMs, of.hooks.deadlineAt);
    this.turnAt = turnOf(this, {
      maxWaitMs: pool.maxWaitMs,
      limitsTokens: capacity.tokens !== null,
    });
    this.spillAt = this.#spillAt(now);
  }

  tryStart(how: {
    readonly spilled: boolean;
    readonly kept: readonly Earmark[];
  }): Pick | 'no_room' | 'not_yet' {
    const now = this.#plane.clock.now();
    const domains = new Set(
      domainsToLeave(this.exchange.live.table, how.kept, {
        now,
        needs: this.#hooks.needs,
      }),
    );
    const own = this.#closedDomains(now);
    for (const domain of own) domains.add(domain);
    const tiers = how.spilled ? Infinity : 1;
    const pick = this.#hooks.pickFrom({ candidates: NO_CANDIDATES, domains }, tiers);
    if (pick !== null) return pick;
    const alone = own.length > 0 || !how.spilled || this.#hooks.heldUntil() !== null;
    return alone || this.#isWorkerFull ? 'not_yet' : 'no_room';
  }

  get isRestricted(): boolean {
    return this.#isRestricted;
  }

  isApart(now: number): boolean {
    if (this.#isRestricted || (this.#hooks.heldUntil() ?? now) > now) return true;
    for (const until of this.#hooks.refusedUntil.values()) if (until > now) return true;
    return false;
  }

  /** That this worker has as much under way as it can hold says nothing of the room that others' calls have. */
  get #isWorkerFull(): boolean {
    return !hasLease(this.exchange.live.table);
  }

  roomAt(tokens: number, now: number, room: number): number | null {
    const own = tokens === this.tokens;
    const needs = own ? this.#hooks.needs : needsOf(tokens);
    const size = own && this.#isRestricted ? null : tokens;
    let soonest: number | null = null;
    for (const tier of this.#model.plan.tiers) {
      const at = { now, room, needs, tokens: size };
      const startAt = soonestStart(this.exchange.live.table, tier, at);
      if (startAt !== null && (soonest === null || startAt < soonest)) soonest = startAt;
    }
    return soonest;
  }

  startAfter(ahead: Ahead, now: number): Start | null {
    const alone = this.startAlone(now);
    if (alone === null) return null;
    const { shares } = this.#plane.waiting;
    const capacity = shares.capacity(this.exchange.live, this.#model, now, PROSPECTS_MS);
    return projectStart(alone, ahead, { tokens: this.tokens, capacity, now });
  }

  startAlone(now: number): number | null {
    const heldUntil = this.#hooks.heldUntil();
    if (heldUntil !== null && heldUntil > now) return heldUntil;
    const soonest = this.roomAt(this.tokens, now, this.#plane.waiting.room);
    if (soonest === null || soonest > now) return soonest;
    // There is room, but perhaps only where this very call was told to wait.
    const closed = [...this.#hooks.refusedUntil.values()].filter((until) => until > now);
    return closed.length === 0 ? now : Math.min(...closed);
  }

  #closedDomains(now: number): readonly string[] {
    const closed: string[] = [];
    for (const [domain, until] of this.#hooks.refusedUntil) if (until > now) closed.push(domain);
    return closed;
  }

  againAt(now: number): number {
    const [best] = this.#model.plan.tiers;
    const { table } = this.exchange.live;
    const ends = [
      this.#hooks.heldUntil(),
      ...this.#hooks.refusedUntil.values(),
      best === undefined ? null : soonestStart(table, best, this.#at(now)),
    ];
    return ends.reduce<number>(
      (first, end) => (end !== null && end > now && end < first ? end : first),
      now + PUT_OFF_MS,
    );
  }

  placeToKeep(kept: readonly Earmark[], now: number): KeptPlace | null {
    const candidates = this.#model.plan.tiers[0]?.candidates ?? [];
    const { deadlineAt } = this;
    const { needs } = this.#hooks;
    return placeToKeep(this.exchange.live.table, candidates, { now, deadlineAt, kept, needs });
  }

  unclaim(): void {
    this.#hooks.unclaim();
  }

  moveTo(live: LiveSnapshot): Refusal | null {
    const refusal = readmit(this.exchange, this.#plane, live);
    if (refusal === null && this.exchange.model !== null) {
      this.#model = this.exchange.model;
      this.#hooks.onMoved(this.#model);
      this.#isRestricted = isRestricted(this.#model, this.#hooks.needs);
    }
    return refusal;
  }

  #at(now: number): StartAt {
    const { room } = this.#plane.waiting;
    const tokens = this.#isRestricted ? null : this.tokens;
    return { now, room, needs: this.#hooks.needs, tokens };
  }

  /** The first tier is waited for, where it comes back in time; else the next one is taken at once. */
  #spillAt(now: number): number | null {
    const { pool, plan } = this.#model;
    const [best] = plan.tiers;
    if (pool.spillAfterMs === 0 || plan.tiers.length < 2 || best === undefined) return null;
    const startAt = soonestStart(this.exchange.live.table, best, this.#at(now));
    const spillAt = Math.min(now + pool.spillAfterMs, this.deadlineAt);
    return startAt === null || startAt > spillAt ? null : spillAt;
  }
}

const isRestricted = ({ plan }: LiveModel, needs: Needs): boolean =>
  plan.tiers.some(({ candidates }) =>
    candidates.some((each) => needs.of(each).unfit !== undefined),
  );

/** Tokens that a request needs at once in its pool. */
export function tokensOf(exchange: Exchange, model: LiveModel, needs: Needs): number {
  const first = model.plan.tiers[0]?.candidates[0];
  return first === undefined ? sizeOf(exchange) : tokensIn(needs.of(first));
}

/** Tokens of a request, from its size alone. */
const sizeOf = (exchange: Exchange): number =>
  Math.ceil(exchange.body.byteLength / BYTES_PER_TOKEN);

/** Any call of so many tokens, of whose parts nothing is known. */
function needsOf(tokens: number): Needs {
  const need = needFrom({ tokens });
  return { of: () => need };
}

const NO_CANDIDATES: Set<number> = new Set();
