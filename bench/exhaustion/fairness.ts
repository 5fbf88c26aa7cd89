// How fairly tenants were served: by dominant share, against what max–min fairness would have given each of them.
import { takenOf } from './draw.ts';
import type { LimitCounts } from './limiter.ts';
import { capacityPerMs } from './oracle.ts';
import type { Scenario } from './scenario.ts';

const WINDOW_MS = 60_000;
/** The first minute is left out of what weights are held against: queues have to fill. */
const SETTLE_MS = 60_000;

/**
 * Weighted max–min entitlements: everybody gets what it asks for or the same multiple of its weight, whichever is less, and all of the
 * supply is given out as far as it is asked for.
 */
export function entitlements(
  demands: readonly number[],
  weights: readonly number[],
  supply: number,
): readonly number[] {
  const given = demands.map(() => 0);
  let open = demands.map((_, place) => place).filter((place) => (demands[place] ?? 0) > 0);
  let left = supply;
  while (open.length > 0 && left > 1e-12) {
    const weight = open.reduce((sum, place) => sum + (weights[place] ?? 1), 0);
    const level = left / weight;
    const filled = open.filter((place) => (demands[place] ?? 0) <= level * (weights[place] ?? 1));
    const now = filled.length > 0 ? filled : open;
    for (const place of now) {
      given[place] = Math.min(demands[place] ?? 0, level * (weights[place] ?? 1));
      left -= given[place] ?? 0;
    }
    if (filled.length === 0) break;
    open = open.filter((place) => !filled.includes(place));
  }
  return given;
}

/** Jain's index: 1 when all are the same, 1/n when one has everything. */
export function jain(values: readonly number[]): number {
  const sum = values.reduce((total, each) => total + each, 0);
  const squares = values.reduce((total, each) => total + each * each, 0);
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares);
}

/** One index for every minute in which more than one tenant asked for anything. By minute of arrival. */
export function jainByMinute(scenario: Scenario, servedAt: Float64Array): readonly number[] {
  const { tenants, requests, durationMs } = scenario;
  if (tenants.length < 2) return [];
  const minutes = Math.ceil(durationMs / WINDOW_MS);
  const demand = new Ledger(scenario, minutes);
  const served = new Ledger(scenario, minutes);
  for (const request of requests) {
    const minute = Math.floor(request.view.arrivedAt / WINDOW_MS);
    demand.add(minute, request);
    if (!Number.isNaN(servedAt[request.view.id])) served.add(minute, request);
  }
  const weights = tenants.map(({ weight }) => weight);
  const indexes: number[] = [];
  for (let minute = 0; minute < minutes; minute += 1) {
    const wanted = demand.shares(minute);
    const got = served.shares(minute);
    const supply = got.reduce((sum, each) => sum + each, 0);
    const due = entitlements(wanted, weights, supply);
    const ratios = got.flatMap((each, tenant) => {
      const own = due[tenant] ?? 0;
      return own > 0 ? [each / own] : [];
    });
    if (ratios.length > 1) indexes.push(jain(ratios));
  }
  return indexes;
}

/** How far the largest deviation of a tenant's share of what was served is from its weight, in points; by when it was sent. */
export function weightError(scenario: Scenario, servedAt: Float64Array): number {
  const { tenants, requests } = scenario;
  const served = new Ledger(scenario, 1);
  for (const request of requests) {
    const at = servedAt[request.view.id] ?? Number.NaN;
    if (at >= SETTLE_MS && at < scenario.durationMs) served.add(0, request);
  }
  const got = served.shares(0);
  const all = got.reduce((sum, each) => sum + each, 0);
  const weights = tenants.reduce((sum, { weight }) => sum + weight, 0);
  return tenants.reduce((worst, { weight }, tenant) => {
    const error = 100 * Math.abs((got[tenant] ?? 0) / all - weight / weights);
    return Math.max(worst, error);
  }, 0);
}

/** What tenants used of each kind of limit, minute by minute. */
class Ledger {
  readonly #capacity: readonly (readonly [LimitCounts, number])[];
  readonly #tenants: number;
  readonly #used: Float64Array;

  constructor({ keys, tenants }: Scenario, minutes: number) {
    this.#capacity = [...capacityPerMs(keys)];
    this.#tenants = tenants.length;
    this.#used = new Float64Array(minutes * this.#tenants * this.#capacity.length);
  }

  add(minute: number, request: Scenario['requests'][number]): void {
    const first = (minute * this.#tenants + request.view.tenant) * this.#capacity.length;
    this.#capacity.forEach(([counts, capacity], place) => {
      const used = takenOf(counts, request) / capacity;
      this.#used[first + place] = (this.#used[first + place] ?? 0) + used;
    });
  }

  /** Dominant share of each tenant. */
  shares(minute: number): readonly number[] {
    return Array.from({ length: this.#tenants }, (_, tenant) => {
      const first = (minute * this.#tenants + tenant) * this.#capacity.length;
      return Math.max(...this.#used.subarray(first, first + this.#capacity.length));
    });
  }
}
