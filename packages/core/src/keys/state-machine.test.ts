import * as fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import type { DeclaredLimit } from '../snapshot/snapshot.ts';
import { StateMachine } from './state-machine.bench.ts';
import { keyOf, openTable, planOf, seededRandom, stressPlan } from './table-fixture.bench.ts';

/** A million in `npm run test:long`. */
const EVENTS = inject('long') ? 1_000_000 : 200_000;
const SEEDS = [1, 2, 3, 4];

describe('the engine under random events', () => {
  it.each(SEEDS)(
    'reserves what is open and no more, settles once, and never sends what may not be sent (seed %i)',
    (seed) => {
      const machine = new StateMachine(openTable(stressPlan()), seededRandom(seed));
      machine.run(EVENTS / SEEDS.length);
      expect(machine.wrong).toEqual([]);
      expect(machine.reserved).toBeGreaterThan(EVENTS / SEEDS.length / 10);
    },
    60_000,
  );

  it('does so for any tree of domains, with limits that are declared and without', () => {
    const domain = fc.array(fc.constantFrom('one', 'two'), { maxLength: 3 });
    const declared = fc.constantFrom<readonly DeclaredLimit[]>(
      [],
      [{ dimension: 'requests_minute', limit: 5, refill: 'continuous', groups: [] }],
      [
        { dimension: 'tokens_minute', limit: 700, refill: 'window', groups: [] },
        { dimension: 'concurrency', limit: 3, refill: 'window', groups: [] },
      ],
    );
    const keys = fc.array(
      fc.record({ domain, limits: declared, weight: fc.integer({ min: 1, max: 9 }) }),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    fc.assert(
      fc.property(keys, fc.integer(), fc.integer({ min: 1, max: 400 }), (of, seed, events) => {
        const plan = planOf(...of.map((more, index) => keyOf(`k${index}`, more)));
        const machine = new StateMachine(openTable(plan), seededRandom(seed));
        machine.run(events);
        expect(machine.wrong).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
