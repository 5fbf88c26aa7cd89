import { seededRandom } from '@keywell/testkit/seeded-random';
import { describe, expect, it } from 'vitest';
import { judgeMerge, LEAST_OBSERVATIONS, type MergeInterval } from './merge-suggestion.ts';

type Random = () => number;

/** Poisson by multiplying chances (Knuth): exact, and quick for the means used here. */
function poisson(random: Random, mean: number): number {
  const least = Math.exp(-mean);
  let count = -1;
  for (let chance = 1; chance > least; count += 1) chance *= random();
  return count;
}

interface World {
  readonly shared: boolean;
  /** Mean requests of both keys in one interval. */
  readonly load: number;
  /** Part of them that the judged key gets. */
  readonly share: number;
  /** How the load changes from interval to interval: 0 not at all, 1 between nothing and double. */
  readonly swing: number;
  /** Requests from outside in one interval, following the load. */
  readonly outside: number;
  /** Requests that flow back in one interval. */
  readonly refill: number;
  /** Requests by which counts and headers miss each other. */
  readonly slip: number;
  /** In how many of 100 cases one bucket is found, and within how many observations. */
  readonly found: number;
  readonly within: number;
}

const WORLDS: Readonly<Record<string, Omit<World, 'shared'>>> = {
  'balanced traffic': {
    load: 20,
    share: 0.5,
    swing: 0,
    outside: 0,
    refill: 0,
    slip: 1,
    found: 95,
    within: 60,
  },
  'balanced traffic in bursts': {
    load: 20,
    share: 0.5,
    swing: 1,
    outside: 0,
    refill: 0,
    slip: 1,
    found: 95,
    within: 60,
  },
  'a bucket that refills': {
    load: 20,
    share: 0.5,
    swing: 0.5,
    outside: 0,
    refill: 12,
    slip: 1,
    found: 95,
    within: 60,
  },
  'one key with most of the traffic': {
    load: 30,
    share: 0.9,
    swing: 1,
    outside: 0,
    refill: 5,
    slip: 1,
    found: 95,
    within: 160,
  },
  'one key with little of the traffic': {
    load: 30,
    share: 0.1,
    swing: 1,
    outside: 0,
    refill: 5,
    slip: 1,
    found: 95,
    within: 160,
  },
  'a second node that uses it at the same busy hours': {
    load: 20,
    share: 0.5,
    swing: 1,
    outside: 10,
    refill: 10,
    slip: 1,
    found: 30,
    within: 160,
  },
  'a second node, and one key with most of it': {
    load: 20,
    share: 0.9,
    swing: 1,
    outside: 18,
    refill: 10,
    slip: 1,
    found: 0,
    within: 160,
  },
  'counts that are off by several requests': {
    load: 20,
    share: 0.5,
    swing: 1,
    outside: 0,
    refill: 5,
    slip: 4,
    found: 95,
    within: 160,
  },
};

function intervalOf(world: World, random: Random): MergeInterval {
  const durationMs = 4000 + 4000 * random();
  const busy = (1 + world.swing * (2 * random() - 1)) * (durationMs / 6000);
  const own = poisson(random, world.load * world.share * busy);
  const other = poisson(random, world.load * (1 - world.share) * busy);
  const outside = world.outside === 0 ? 0 : poisson(random, world.outside * busy);
  const slip = Math.round(world.slip * (2 * random() - 1));
  const refill = world.refill * (durationMs / 6000);
  const drop = Math.round(own + (world.shared ? other : 0) + outside - refill) + slip;
  return { durationMs, drop, own, other };
}

function observe(world: World, seed: number, count: number): MergeInterval[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => intervalOf(world, random));
}

const SEEDS = Array.from({ length: 1000 }, (_, seed) => seed + 1);
/** A suggestion is looked for again and again while observations come. */
const LOOKS = [20, 25, 30, 40, 60, 100, 160];

describe.each(Object.entries(WORLDS))('with %s', (_, base) => {
  it('two buckets are never taken for one, at any look, in 1,000 seeds', () => {
    const wrong = SEEDS.filter((seed) => {
      const all = observe({ ...base, shared: false }, seed, 160);
      return LOOKS.some((count) => judgeMerge(all.slice(0, count)).shared);
    });
    expect(wrong).toEqual([]);
  });

  it(`one bucket is found within ${base.within} observations in ${base.found} of 100 cases or more, and never called two`, () => {
    const judged = SEEDS.slice(0, 200).map((seed) =>
      judgeMerge(observe({ ...base, shared: true }, seed, base.within)),
    );
    expect(judged.filter(({ apart }) => apart)).toEqual([]);
    expect(judged.filter(({ shared }) => shared).length / 2).toBeGreaterThanOrEqual(base.found);
  });
});

describe('nothing is suggested', () => {
  it('from fewer observations than it takes, however clear they are', () => {
    const few = observe(
      {
        load: 20,
        share: 0.5,
        swing: 1,
        outside: 0,
        refill: 0,
        slip: 0,
        found: 0,
        within: 0,
        shared: true,
      },
      1,
      LEAST_OBSERVATIONS - 1,
    );
    expect(judgeMerge(few)).toMatchObject({ observations: 19, shared: false, slope: null });
  });

  it('where both keys always send the same: falling together tells nothing', () => {
    const random = seededRandom(7);
    const twins = Array.from({ length: 200 }, (): MergeInterval => {
      const sent = poisson(random, 10);
      return { durationMs: 5000 + 1000 * random(), drop: 2 * sent, own: sent, other: sent };
    });
    expect(judgeMerge(twins)).toMatchObject({ shared: false, slope: null });
  });

  it.each([
    ['nothing was sent', { durationMs: 5000, drop: 0, own: 0, other: 0 }],
    ['only the key itself sends', { durationMs: 5000, drop: 3, own: 3, other: 0 }],
    ['no time passes', { durationMs: 0, drop: 3, own: 1, other: 2 }],
  ])('where %s', (_, interval) => {
    expect(judgeMerge(Array.from({ length: 50 }, () => interval)).shared).toBe(false);
  });
});
