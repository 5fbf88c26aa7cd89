// The engine's decisions about keys, called as the gateway's dispatcher calls them: with real header text and real bodies.
import { choose, explain } from '../../packages/core/src/keys/choose.ts';
import { describeLimits } from '../../packages/core/src/keys/describe-limits.ts';
import type { Needs, Tried } from '../../packages/core/src/keys/draw.ts';
import type { KeyTable } from '../../packages/core/src/keys/key-table.ts';
import {
  chargedOf,
  needOf,
  NOTHING_CHARGED,
  type Need,
} from '../../packages/core/src/keys/need.ts';
import { observeLimits } from '../../packages/core/src/keys/observe-limits.ts';
import type { Outcome } from '../../packages/core/src/keys/outcome.ts';
import type { Candidate, TierPlan } from '../../packages/core/src/keys/plan.ts';
import { projectedStart } from '../../packages/core/src/keys/projection.ts';
import { QUANTITY } from '../../packages/core/src/keys/quantity.ts';
import {
  blameEndpoint,
  noteFirstContent,
  settle,
  tryReserve,
  type Reservation,
} from '../../packages/core/src/keys/reserve.ts';
import { learnedBytesPerToken, learnedOutput } from '../../packages/core/src/keys/size-stats.ts';
import { SUCCESS, UNJUDGED, type Verdict } from '../../packages/core/src/keys/verdict.ts';
import { capacityOf, type PoolCapacity } from '../../packages/core/src/waiting/pool-capacity.ts';
import type { Earmark } from '../../packages/core/src/waiting/turn-queue.ts';
import { placeToKeep } from '../../packages/core/src/waiting/kept-domains.ts';
import type { KeptPlace } from '../../packages/core/src/waiting/kept-refill.ts';
import { NOTHING_TRIED, type Bars } from '../../packages/gateway/src/relay/bars.ts';
import { ENVELOPE_BYTES } from './draw.ts';
import type { EngineWorld } from './engine-world.ts';
import type { AttemptView, RequestView, ResponseView, World } from './strategy.ts';

/** A candidate that is drawn and lost to another call is drawn again this often. */
const MAX_DRAWS = 4;
/** How often the gateway looks up what a pool has. */
const FRESH_MS = 50;
const LIMITS_PER_MS = 10;

export interface Pick {
  readonly candidate: Candidate;
  readonly reservation: Reservation;
}

/** A failure that was the endpoint's fault or the call's: only what becomes of the call tells. */
export interface Suspect {
  readonly pick: Pick;
  readonly verdict: Verdict;
}

/** What a call needs at each provider, worked out once for each. */
export class CallNeeds implements Needs {
  readonly #table: KeyTable;
  readonly #request: RequestView;
  readonly #known: (Need | undefined)[] = [];

  constructor(table: KeyTable, request: RequestView) {
    this.#table = table;
    this.#request = request;
  }

  of({ breaker, provider }: Candidate): Need {
    return (this.#known[breaker] ??= this.#needAt(breaker, provider.charge));
  }

  #needAt(breaker: number, charge: Candidate['provider']['charge']): Need {
    const { inputBytes, maxTokens } = this.#request;
    const bytes = Math.max(1, inputBytes - ENVELOPE_BYTES);
    const size = {
      inputTokens: Math.ceil(bytes / learnedBytesPerToken(this.#table, breaker)),
      maxOutputTokens: maxTokens,
      choices: 1,
      contextLength: null,
    };
    return needOf(charge, size, learnedOutput(this.#table, breaker));
  }
}

export class EngineKeys {
  readonly #engine: EngineWorld;
  readonly #wallStart: number;
  readonly #random: () => number;
  readonly #tier: TierPlan;
  #capacity: PoolCapacity | null = null;
  #knownUntil = -Infinity;

  constructor(engine: EngineWorld, world: World, random: () => number) {
    this.#engine = engine;
    this.#wallStart = world.wallStart;
    this.#random = random;
    const [tier] = engine.pool.tiers;
    if (tier === undefined) throw new Error('the pool has no tier');
    this.#tier = tier;
  }

  /** Tokens that have to fit at once. */
  tokensOf(needs: CallNeeds): number {
    const [first] = this.#tier.candidates;
    return first === undefined ? 0 : (needs.of(first).total[QUANTITY.tokens] ?? 0);
  }

  /** What the pool has, as the gateway knows it: looked up now and then. */
  capacity(table: KeyTable, now: number): PoolCapacity {
    if (this.#capacity === null || now >= this.#knownUntil) {
      const limits = describeLimits(table, now);
      const domains = this.#tier.candidates.map(({ domainPath, group }) => ({
        path: domainPath,
        group,
      }));
      this.#capacity = capacityOf(limits, domains, now);
      this.#knownUntil = now + FRESH_MS + limits.length / LIMITS_PER_MS;
    }
    return this.#capacity;
  }

  /** Tokens that the provider charged an answered attempt. */
  chargedTokens(
    { candidate, reservation }: Pick,
    usage: NonNullable<ResponseView['usage']>,
  ): number {
    const { charge } = candidate.provider;
    const charged = chargedOf(charge, { ...usage, cachedTokens: 0 }, reservation.need);
    return charged[QUANTITY.tokens] ?? 0;
  }

  pick(table: KeyTable, needs: CallNeeds, bars: Bars | null, now: number): Pick | null {
    if (bars === null) return this.pickFrom(table, needs, NOTHING_TRIED, now);
    for (const tried of bars.preferences(this.#engine.pool)) {
      const pick = this.pickFrom(table, needs, tried, now);
      if (pick !== null) return pick;
    }
    return null;
  }

  pickFrom(table: KeyTable, needs: CallNeeds, tried: Tried, now: number): Pick | null {
    for (let turn = 0; turn < MAX_DRAWS; turn += 1) {
      const candidate = choose(table, this.#tier, tried, { now, random: this.#random, needs });
      if (candidate === null) return null;
      const reservation = tryReserve(table, candidate, now, needs.of(candidate));
      if (typeof reservation !== 'string') return { candidate, reservation };
    }
    return null;
  }

  /** A response's head is here: what it tells about limits. */
  heard(table: KeyTable, { candidate, reservation }: Pick, head: ResponseView, now: number): void {
    const key = this.#engine.keyOf[candidate.index] ?? 0;
    const observations = this.#engine.vendors[key]?.readLimits(head.header) ?? [];
    const refused = head.status === 429;
    observeLimits(table, reservation, observations, { now, refused });
  }

  firstContent(table: KeyTable, { reservation }: Pick, now: number): void {
    noteFirstContent(table, reservation, now);
  }

  verdictOf(attempt: AttemptView, response: ResponseView, now: number): Verdict {
    if (response.status === 200) return SUCCESS;
    const outcome: Outcome = {
      status: response.status,
      failure: response.status === 0 ? 'connect' : null,
      header: response.header,
      body: response.body,
      wallNow: this.#wallStart + now,
    };
    const vendor = this.#engine.vendors[attempt.key];
    return vendor === undefined ? UNJUDGED : vendor.classify(outcome);
  }

  settle(
    table: KeyTable,
    pick: Pick,
    of: {
      readonly verdict: Verdict;
      readonly request: RequestView;
      readonly response: ResponseView;
    },
    now: number,
  ): void {
    const at = { now, wallNow: this.#wallStart + now, random: this.#random };
    const { usage } = of.response;
    if (usage === null) {
      settle(table, pick.reservation, of.verdict, at);
      return;
    }
    const { charge } = pick.candidate.provider;
    const charged = chargedOf(charge, { ...usage, cachedTokens: 0 }, pick.reservation.need);
    const requestBytes = Math.max(1, of.request.inputBytes - ENVELOPE_BYTES);
    const sample = { ...usage, requestBytes };
    settle(table, pick.reservation, of.verdict, { ...at, charged, sample });
  }

  /** At a call's end: what failed before counts for the breakers there if another target has served it, or if enough tenants met it. */
  judge(
    table: KeyTable,
    suspects: readonly Suspect[],
    end: { readonly servedBy: Candidate | null; readonly tenant: number; readonly now: number },
  ): void {
    const { servedBy, tenant, now } = end;
    const at = { now, wallNow: this.#wallStart + now, random: this.#random };
    for (const { pick, verdict } of suspects) {
      if (pick.candidate.breaker === servedBy?.breaker) continue;
      const how = servedBy === null ? { ...at, suspectedBy: tenant } : at;
      blameEndpoint(table, pick.reservation, verdict, how);
    }
  }

  /** Lets go what was held and not sent. */
  giveBack(table: KeyTable, { reservation }: Pick, now: number): void {
    settle(table, reservation, UNJUDGED, {
      now,
      wallNow: this.#wallStart + now,
      random: this.#random,
      charged: NOTHING_CHARGED,
    });
  }

  /** When some key has room for the call; null when no time brings it. */
  startOf(table: KeyTable, needs: CallNeeds, now: number): number | null {
    return projectedStart(table, this.#tier, { now, needs });
  }

  /** How many keys have room now, and whether time brings one at all. */
  prospects(
    table: KeyTable,
    needs: CallNeeds,
    now: number,
  ): { readonly eligible: number; readonly byTime: boolean } {
    const { eligible, blocked } = explain(table, this.#tier, NOTHING_TRIED, { now, needs });
    return { eligible, byTime: eligible > 0 || blocked === 'time' || blocked === 'mixed' };
  }

  /** Where a call that does not fit would fit first, in time and where nothing is put aside for others. */
  placeToKeep(
    table: KeyTable,
    needs: CallNeeds,
    of: { readonly now: number; readonly deadlineAt: number; readonly kept: readonly Earmark[] },
  ): KeptPlace | null {
    return placeToKeep(table, this.#tier.candidates, { ...of, needs });
  }
}
