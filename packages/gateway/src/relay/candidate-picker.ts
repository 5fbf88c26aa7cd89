import { choose, coolingUntil, explain } from '@keywell/core/keys/choose';
import type { ChooseAt, Tried } from '@keywell/core/keys/draw';
import { hasLease } from '@keywell/core/keys/lease-cells';
import type { Candidate } from '@keywell/core/keys/plan';
import { tryReserve } from '@keywell/core/keys/reserve';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import type { LiveModel } from '../snapshot/live-snapshot.ts';
import { affinityOf } from './affinity.ts';
import { NOTHING_TRIED } from './bars.ts';
import { CallNeeds } from './call-needs.ts';
import type { Pick } from './make-attempt.ts';

/** Exclusions shown in one timeline entry; a pool of thousands of keys must not blow a log record up. */
const MAX_SHOWN_EXCLUSIONS = 16;

const MAX_DRAWS = 4;

/** Chooses candidates for one call, holds them, and tells what kept the others away. */
export class CandidatePicker {
  model: LiveModel;
  readonly needs: CallNeeds;
  readonly #exchange: Exchange;
  readonly #plane: Plane;
  /** Undefined where a pool keeps no calls together. */
  readonly #affinity: number | undefined;

  constructor(exchange: Exchange, plane: Plane, model: LiveModel) {
    this.#exchange = exchange;
    this.#plane = plane;
    this.model = model;
    this.needs = new CallNeeds(exchange);
    this.#affinity = model.pool.affinity === 'soft' ? affinityOf(exchange) : undefined;
  }

  /** The best that is free, tier by tier, and holds it. `isFirst`: nothing has been refused yet. */
  pick(tried: Tried, tiers: number, isFirst: boolean): Pick | null {
    const { needs } = this;
    const { table } = this.#exchange.live;
    const now = this.#plane.clock.now();
    const at = this.#chooseAt(now);
    for (const tier of this.model.plan.tiers) {
      if (tier.tier >= tiers) break;
      // A candidate whose domain is locked, or was cooled in between, is drawn again at most a few times.
      for (let turn = 0; turn < MAX_DRAWS; turn += 1) {
        const candidate = choose(table, tier, tried, at);
        if (candidate === null) break;
        const reservation = tryReserve(table, candidate, now, needs.of(candidate));
        if (typeof reservation !== 'string') {
          this.#note(candidate, tried, { now, isFirst });
          return { candidate, reservation };
        }
      }
    }
    return null;
  }

  #chooseAt(now: number): ChooseAt {
    const { needs } = this;
    const at = { now, random: this.#plane.random, needs };
    return this.#affinity === undefined ? at : { ...at, affinity: this.#affinity };
  }

  /** Whether this worker has as much under way as it can hold: then nothing can be had, whatever the keys look like. */
  get isFull(): boolean {
    return !hasLease(this.#exchange.live.table);
  }

  /** Whether anything could be had but for a record that is held. */
  isEligible(tried: Tried): boolean {
    const { table } = this.#exchange.live;
    const { needs } = this;
    const now = this.#plane.clock.now();
    return this.model.plan.tiers.some(
      (tier) => explain(table, tier, tried, { now, needs }).eligible > 0,
    );
  }

  /** Every tier as it is, whatever this call has been refused. */
  view() {
    const { needs } = this;
    const { table } = this.#exchange.live;
    const now = this.#plane.clock.now();
    return this.model.plan.tiers.map((tier) => explain(table, tier, NOTHING_TRIED, { now, needs }));
  }

  /** What could not be chosen and why, for the log; costs nothing while nothing is cooled. */
  #note(
    chosen: Candidate,
    tried: Tried,
    { now, isFirst }: { readonly now: number; readonly isFirst: boolean },
  ): void {
    const { table } = this.#exchange.live;
    const isPlain = isFirst && !this.needs.hasUnfit;
    if (isPlain && coolingUntil(table) <= now) return;
    for (const tier of this.model.plan.tiers) {
      const view = explain(table, tier, tried, {
        now,
        needs: this.needs,
      });
      this.#exchange.timeline.push({
        at: this.#exchange.offset(now),
        kind: 'candidates',
        tier: tier.tier,
        eligible: view.eligible,
        excluded: view.excluded.slice(0, MAX_SHOWN_EXCLUSIONS),
      });
      if (tier.tier === chosen.tier) return;
    }
  }
}
