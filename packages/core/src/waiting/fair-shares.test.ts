import { seededRandom } from '@keywell/testkit/seeded-random';
import { describe, expect, it } from 'vitest';
import { correct, enqueue, leave, nextTicket, serve, type Served } from './turn-queue.ts';
import type { ShareSeat } from './share-seat.ts';
import type { TicketId } from './tickets.ts';
import { aSeat, faultsOf, smallTable, costs } from './waiting-fixture.bench.ts';

const FIVE_MINUTES_MS = 300_000;
const STEP_MS = 10;
const MAX_WAITING = 150;
const POOL = aSeat(['x']).pool;

interface Tenant {
  readonly name: string;
  readonly weight: number;
  /** Mean milliseconds between its calls. */
  readonly everyMs: number;
  readonly patienceMs: number;
}

class Outcome {
  served = 0;
  /** What its calls took in the end. */
  units = 0;
  refused = 0;
  readonly waitsMs: number[] = [];
  nextAt: number;
  readonly tenant: Tenant;
  readonly seat: ShareSeat;

  constructor(tenant: Tenant, nextAt: number) {
    this.tenant = tenant;
    this.nextAt = nextAt;
    this.seat = aSeat([tenant.name], { weight: tenant.weight });
  }
}

interface Call {
  readonly of: Outcome;
  readonly since: number;
  readonly until: number;
  readonly size: number;
}

/**
 * A pool that can do so many units a second, in virtual time: random arrivals, sizes with a heavy tail that are guessed wrong, patience
 * that ends.
 */
class VirtualPool {
  readonly table = smallTable({ tickets: 400, shares: 40 });
  readonly outcomes: readonly Outcome[];
  readonly #random: () => number;
  readonly #waiting = new Map<TicketId, Call>();
  readonly #ends: { readonly at: number; readonly served: Served; readonly size: number }[] = [];
  #credit = 0;

  constructor(tenants: readonly Tenant[], seed: number) {
    this.#random = seededRandom(seed);
    this.outcomes = tenants.map((tenant) => new Outcome(tenant, tenant.everyMs * this.#random()));
  }

  run(unitsPerSecond: number): this {
    for (let now = 0; now < FIVE_MINUTES_MS; now += STEP_MS) {
      this.#credit = Math.min(20, this.#credit + (unitsPerSecond * STEP_MS) / 1000);
      for (const outcome of this.outcomes) this.#arrive(outcome, now);
      this.#expire(now);
      this.#serve(now);
      this.#settle(now);
    }
    return this;
  }

  of(name: string): Outcome {
    const outcome = this.outcomes.find(({ tenant }) => tenant.name === name);
    if (outcome === undefined) throw new Error(`there is no ${name}`);
    return outcome;
  }

  #arrive(of: Outcome, now: number): void {
    const { everyMs, patienceMs } = of.tenant;
    for (; of.nextAt <= now; of.nextAt -= everyMs * Math.log(1 - this.#random())) {
      const size = Math.min(40, 0.5 / (1 - this.#random()) ** 0.7);
      const until = now + patienceMs;
      const terms = { turnAt: until, cost: costs(1), tokens: 1 };
      const id = enqueue(this.table, of.seat, terms, { now, maxWaiting: MAX_WAITING });
      if (typeof id === 'string') of.refused += 1;
      else this.#waiting.set(id, { of, since: now, until, size });
    }
  }

  #expire(now: number): void {
    for (const [id, { of, until }] of this.#waiting) {
      if (until > now) continue;
      leave(this.table, id);
      this.#waiting.delete(id);
      of.refused += 1;
    }
  }

  #serve(now: number): void {
    while (this.#credit > 0) {
      const next = nextTicket(this.table, POOL, { now });
      if (next === null || next === 'busy') return;
      const call = this.#waiting.get(next.id);
      const served = serve(this.table, next.id);
      if (call === undefined || served === null || served === 'busy') throw new Error('lost');
      this.#waiting.delete(next.id);
      this.#credit -= call.size;
      this.#ends.push({ at: now + 400, served, size: call.size });
      call.of.served += 1;
      call.of.units += call.size;
      call.of.waitsMs.push(now - call.since);
    }
  }

  #settle(now: number): void {
    for (let end = this.#ends[0]; end !== undefined && end.at <= now; end = this.#ends[0]) {
      correct(this.table, end.served, costs(end.size));
      this.#ends.shift();
    }
  }
}

const p99 = (waits: readonly number[]): number =>
  waits.toSorted((one, other) => one - other)[Math.floor(waits.length * 0.99)] ?? 0;

describe('five minutes of too many calls', () => {
  it.each([1, 2])('are shared 70, 20 and 10 within three points (seed %i)', (seed) => {
    const tenants = [
      { name: 'a', weight: 70, everyMs: 25, patienceMs: 5000 },
      { name: 'b', weight: 20, everyMs: 25, patienceMs: 5000 },
      { name: 'c', weight: 10, everyMs: 25, patienceMs: 5000 },
    ];
    const pool = new VirtualPool(tenants, seed).run(40);
    const total = tenants.reduce((sum, { name }) => sum + pool.of(name).units, 0);
    for (const { name, weight } of tenants) {
      expect(Math.abs((100 * pool.of(name).units) / total - weight)).toBeLessThanOrEqual(3);
    }
  });

  it.each([3, 4])('serve a small tenant all it asks for, soon (seed %i)', (seed) => {
    const tenants = [
      { name: 'flood', weight: 1, everyMs: 8, patienceMs: 5000 },
      { name: 'small', weight: 1, everyMs: 250, patienceMs: 5000 },
    ];
    const pool = new VirtualPool(tenants, seed).run(40);
    const [small, flood] = [pool.of('small'), pool.of('flood')];
    expect(small.refused).toBe(0);
    expect(small.served).toBeGreaterThan(1000);
    // Its largest call of its own takes two seconds of its share; that is what it may have to make up for.
    expect(p99(small.waitsMs)).toBeLessThan(2500);
    expect(flood.refused).toBeGreaterThan(10_000);
    expect(faultsOf(pool.table)).toEqual([]);
  });
});
