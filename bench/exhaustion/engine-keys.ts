// The engine's decisions about keys, called as the gateway's dispatcher calls them.
import { Bars, NOTHING_TRIED } from '../../packages/gateway/src/relay/bars.ts';
import { choose, explain, type Tried } from '../../packages/core/src/keys/choose.ts';
import type { KeyTable } from '../../packages/core/src/keys/key-table.ts';
import type { Outcome } from '../../packages/core/src/keys/outcome.ts';
import type { Candidate, TierPlan } from '../../packages/core/src/keys/plan.ts';
import { reserve, settle, type Reservation } from '../../packages/core/src/keys/reserve.ts';
import { SUCCESS, UNJUDGED, type Verdict } from '../../packages/core/src/keys/verdict.ts';
import type { EngineWorld } from './engine-world.ts';
import type { AttemptView, RequestView, ResponseView, World } from './strategy.ts';

/** A candidate that is drawn and lost to another call is drawn again this often. */
const MAX_DRAWS = 4;

export interface Pick {
  readonly candidate: Candidate;
  readonly reservation: Reservation;
}

export class EngineKeys {
  readonly #engine: EngineWorld;
  readonly #wallStart: number;
  readonly #random: () => number;
  readonly #tier: TierPlan;

  constructor(engine: EngineWorld, world: World, random: () => number) {
    this.#engine = engine;
    this.#wallStart = world.wallStart;
    this.#random = random;
    const [tier] = engine.pool.tiers;
    if (tier === undefined) throw new Error('the pool has no tier');
    this.#tier = tier;
  }

  /** Tokens that have to fit at once. */
  tokensOf(_table: KeyTable, request: RequestView): number {
    return request.inputBytes / 4 + request.maxTokens;
  }

  pick(table: KeyTable, _request: RequestView, bars: Bars | null, now: number): Pick | null {
    if (bars === null) return this.pickFrom(table, _request, NOTHING_TRIED, now);
    for (const tried of bars.preferences(this.#engine.pool)) {
      const pick = this.pickFrom(table, _request, tried, now);
      if (pick !== null) return pick;
    }
    return null;
  }

  pickFrom(table: KeyTable, _request: RequestView, tried: Tried, now: number): Pick | null {
    for (let turn = 0; turn < MAX_DRAWS; turn += 1) {
      const candidate = choose(table, this.#tier, tried, { now, random: this.#random });
      if (candidate === null) return null;
      const reservation = reserve(table, candidate, now);
      if (reservation !== null) return { candidate, reservation };
    }
    return null;
  }

  /** A response's head is here: what it tells about limits. */
  heard(_table: KeyTable, _pick: Pick, _head: ResponseView, _now: number): void {
    // limits are not known to this engine yet
  }

  firstContent(_table: KeyTable, _pick: Pick, _now: number): void {
    // nor is what a first content ends
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
      readonly response: ResponseView | null;
    },
    now: number,
  ): void {
    const at = { now, wallNow: this.#wallStart + now, random: this.#random };
    settle(table, pick.reservation, of.verdict, at);
  }

  /** When the pool serves a need as large as this; null when no time brings it. */
  projectedStart(
    table: KeyTable,
    _need: { readonly tickets: number; readonly tokens: number },
    now: number,
  ): number | null {
    const view = explain(table, this.#tier, NOTHING_TRIED, now);
    if (view.eligible > 0) return now;
    const byTime = view.blocked === 'time' || view.blocked === 'mixed';
    return byTime && view.nextInMs !== null ? now + view.nextInMs : null;
  }

  /** Whether a candidate is free that a request must not ask any more, and whether time brings one at all. */
  prospects(table: KeyTable, now: number): { readonly eligible: number; readonly byTime: boolean } {
    const { eligible, blocked } = explain(table, this.#tier, NOTHING_TRIED, now);
    return { eligible, byTime: eligible > 0 || blocked === 'time' || blocked === 'mixed' };
  }

  /** The domain in which a call that does not fit would fit first. */
  firstDomain(_table: KeyTable, _request: RequestView, _now: number): number {
    return this.#tier.candidates[0]?.locks.at(-1) ?? 0;
  }
}
