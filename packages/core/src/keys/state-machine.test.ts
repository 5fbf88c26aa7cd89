import { describe, expect, inject, it } from 'vitest';
import { StateMachine } from './state-machine.bench.ts';
import { openTable, seededRandom, stressPlan } from './table-fixture.bench.ts';

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
});
