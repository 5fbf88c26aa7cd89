import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  candidateOf,
  keyOf,
  openTable,
  planOf,
  seededRandom,
} from '../keys/table-fixture.bench.ts';
import type { KeyTable } from '../keys/key-table.ts';
import type { LimitObservation } from '../keys/limit-observation.ts';
import { needFrom } from '../keys/need.ts';
import { observeLimits } from '../keys/observe-limits.ts';
import { settle, tryReserve, type Reservation } from '../keys/reserve.ts';
import { SUCCESS } from '../keys/verdict.ts';
import { observedAlone, partWithoutStore, type SharedCounters } from './shared-counters.ts';

const MINUTE = 60_000;
const NODES = 3;
const LIMIT = 300;
/** What a node takes ahead at a time. */
const AHEAD = 5;

/** The shared store in this process; `gone` is what makes it silent. */
class FakeSharedCounters implements SharedCounters {
  gone = false;
  readonly #used = new Map<string, { window: number; amount: number }>();

  take(limit: string, amount: number, now: number): number | null {
    if (this.gone) return null;
    const window = Math.floor(now / MINUTE);
    const known = this.#used.get(limit);
    const used = known?.window === window ? known.amount : 0;
    const granted = Math.min(amount, Math.max(0, LIMIT - used));
    this.#used.set(limit, { window, amount: used + granted });
    return granted;
  }

  left(limit: string): number {
    return LIMIT - (this.#used.get(limit)?.amount ?? 0);
  }
}

/** A key with so many requests a minute, by the operator's own word. */
const tableWith = (limit: number): KeyTable =>
  openTable(
    planOf(
      keyOf('a', {
        limits: [{ dimension: 'requests_minute', limit, refill: 'window', groups: [] }],
      }),
    ),
  );

const NEED = needFrom({ tokens: 10 });

function reserveAt(table: KeyTable, now: number): Reservation | null {
  const taken = tryReserve(table, candidateOf(table, 'a'), now, NEED);
  return typeof taken === 'string' ? null : taken;
}

function end(table: KeyTable, reservation: Reservation, now: number): void {
  settle(table, reservation, SUCCESS, { now, wallNow: now, random: () => 0.5 });
}

/** A node: it counts with the store while that answers, else by its own table, which holds its part. */
class Node {
  readonly #store: FakeSharedCounters;
  readonly #table = tableWith(Math.floor(partWithoutStore(LIMIT, NODES)));
  #ahead = { window: -1, amount: 0 };
  /** What the store said last, and of which window. */
  #heard = { window: -1, left: LIMIT };
  /** What may still be sent of the window in which the store went. */
  #rest: { readonly window: number; left: number } | null = null;

  constructor(store: FakeSharedCounters) {
    this.#store = store;
  }

  send(now: number): boolean {
    const window = Math.floor(now / MINUTE);
    if (this.#ahead.window !== window) this.#ahead = { window, amount: 0 };
    if (this.#ahead.amount === 0) {
      const granted = this.#store.take('a', AHEAD, now);
      if (granted === null) return this.#sendAlone(window, now);
      this.#ahead.amount = granted;
      this.#heard = { window, left: this.#store.left('a') };
    }
    if (this.#ahead.amount === 0) return false;
    this.#ahead.amount -= 1;
    return true;
  }

  #sendAlone(window: number, now: number): boolean {
    if (this.#heard.window === window) {
      const left = Math.floor(partWithoutStore(this.#heard.left, NODES));
      this.#rest ??= { window, left };
      if (this.#rest.left === 0) return false;
      this.#rest.left -= 1;
    }
    const taken = reserveAt(this.#table, now);
    if (taken !== null) end(this.#table, taken, now);
    return taken !== null;
  }
}

/** How many of the calls of each minute three nodes let pass together; node 0 is asked most. */
function drive(store: FakeSharedCounters, of: { goneFrom: number; minutes: number; seed: number }) {
  const random = seededRandom(of.seed);
  const nodes = Array.from({ length: NODES }, () => new Node(store));
  const passed = Array.from({ length: of.minutes }, () => 0);
  for (let now = 0; now < of.minutes * MINUTE; now += 10 + random() * 60) {
    store.gone = now >= of.goneFrom;
    const draw = random();
    const node = nodes[draw < 0.6 ? 0 : draw < 0.85 ? 1 : 2];
    const minute = Math.floor(now / MINUTE);
    if (node?.send(now) === true) passed[minute] = (passed[minute] ?? 0) + 1;
  }
  return passed;
}

describe('three nodes and one limit', () => {
  it('use exactly all of it while the store answers, whichever node is asked', () => {
    for (const passed of drive(new FakeSharedCounters(), {
      goneFrom: Infinity,
      minutes: 4,
      seed: 7,
    })) {
      // What a node took ahead and nobody asked it for any more is lost with the window.
      expect(passed).toBeLessThanOrEqual(LIMIT);
      expect(passed).toBeGreaterThan(LIMIT - NODES * AHEAD);
    }
  });

  it.each([1, 2, 3, 4, 5])(
    'stay inside it without the store, and in the minute in which it goes beyond it by no more than what was taken ahead (%i)',
    (seed) => {
      const passed = drive(new FakeSharedCounters(), { goneFrom: 2.1 * MINUTE, minutes: 6, seed });
      // Each node may have heard of the rest before the others took their last.
      const margin = NODES * AHEAD * 2;
      expect(passed[2]).toBeLessThanOrEqual(LIMIT + margin);
      for (const minute of [3, 4, 5]) {
        expect(passed[minute]).toBeLessThanOrEqual(LIMIT);
        // node 0 is asked for more than its part, the others for theirs
        expect(passed[minute]).toBeGreaterThan(LIMIT * 0.8);
      }
    },
  );

  it('are never granted more than the whole, however many there are', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, max: 1e12 }), fc.integer({ max: 1000 }), (whole, n) => {
        const part = partWithoutStore(whole, n);
        expect(part).toBeGreaterThanOrEqual(0);
        // No limit is told in parts of a billionth, where doubles no longer divide evenly.
        expect(part * Math.max(1, n)).toBeLessThanOrEqual(Math.max(0, whole) * (1 + 1e-12) + 1e-9);
      }),
    );
  });
});

/** A provider's own window, told on every answer. */
class Provider {
  #window = -1;
  #used = 0;
  refused = 0;
  served = 0;

  ask(now: number): { readonly passes: boolean; readonly told: LimitObservation } {
    const window = Math.floor(now / MINUTE);
    if (window !== this.#window) this.#used = 0;
    this.#window = window;
    const passes = this.#used < LIMIT;
    if (passes) this.#used += 1;
    if (passes) this.served += 1;
    else this.refused += 1;
    return { passes, told: this.#told(now) };
  }

  #told(now: number): LimitObservation {
    return {
      dimension: 'requests_minute',
      limit: LIMIT,
      remaining: LIMIT - this.#used,
      resetInMs: MINUTE - (now % MINUTE),
      reset: 'window_end',
      refill: 'window',
      source: 'header',
    };
  }
}

describe('three nodes that share a key and not a store', () => {
  /** Bursts on one node after the other: what one has used, the next has not heard of. */
  function burst(part: (told: LimitObservation) => LimitObservation): Provider {
    const provider = new Provider();
    const tables = Array.from({ length: NODES }, () => openTable(planOf(keyOf('a'))));
    const send = (table: KeyTable, now: number): void => {
      const taken = reserveAt(table, now);
      if (taken === null) return;
      const { passes, told } = provider.ask(now);
      observeLimits(table, taken, [part(told)], { now, refused: !passes });
      end(table, taken, now);
    };
    for (let minute = 0; minute < 5; minute += 1) {
      const begins = minute * MINUTE;
      for (const [place, table] of tables.entries()) send(table, begins + place);
      for (const [place, table] of tables.entries()) {
        for (let call = 0; call < LIMIT; call += 1) send(table, begins + 100 * (place + 1));
      }
    }
    return provider;
  }

  it('are refused by nobody while each takes its part of what it was told is left', () => {
    const { refused, served } = burst((told) => observedAlone(told, NODES));
    expect(refused).toBe(0);
    expect(served).toBeGreaterThan(5 * LIMIT * 0.9);
  });

  it('would each be refused in every window if they took all that they were told', () => {
    expect(burst((told) => told).refused).toBe(5 * (NODES - 1));
  });

  it('know nothing of numbers that were not told', () => {
    const told = { ...new Provider().ask(0).told, limit: null, remaining: null };
    expect(observedAlone(told, NODES)).toEqual(told);
  });
});
