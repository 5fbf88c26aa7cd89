import { describe, expect, it } from 'vitest';
import { aSnapshot } from './a-snapshot.ts';
import { FakeClock } from './fake-clock.ts';
import { seededRandom } from './seeded-random.ts';

function draw(seed: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: 5 }, () => random());
}

describe('FakeClock', () => {
  it('moves both clocks only when told to', () => {
    const clock = new FakeClock({ now: 5, wallNow: 1000 });
    const { now, wallNow } = clock;
    expect([now(), wallNow()]).toEqual([5, 1000]);
    clock.advance(2.5);
    expect([now(), wallNow()]).toEqual([7.5, 1002.5]);
    clock.setWall(10);
    expect([now(), wallNow()]).toEqual([7.5, 10]);
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => clock.advance(Number.NaN)).toThrow(RangeError);
  });
});

describe('seededRandom', () => {
  it('repeats itself for a seed and differs between seeds', () => {
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    // the published first value of mulberry32 for seed 0
    expect(seededRandom(0)()).toBeCloseTo(0.26642920868471265, 15);
  });

  it('is uniform enough for a balance test', () => {
    const random = seededRandom(42);
    const buckets = new Int32Array(10);
    for (let i = 0; i < 100_000; i += 1) {
      const bucket = Math.floor(random() * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    expect(Math.min(...buckets)).toBeGreaterThan(9700);
    expect(Math.max(...buckets)).toBeLessThan(10_300);
  });
});

describe('aSnapshot', () => {
  it('is whole without a word, and refers only to what it holds', () => {
    const snapshot = aSnapshot();
    const target = snapshot.pools[0]?.tiers[0]?.targets[0];
    expect(target?.provider).toBe(snapshot.providers[0]?.id);
    expect(snapshot.models[0]?.pool).toBe(snapshot.pools[0]?.id);
    expect(snapshot.providers[0]?.keys[0]?.value?.reveal()).toBe('sk-test-a');
  });

  it('fills in what a sketch leaves out, entry by entry', () => {
    const snapshot = aSnapshot({
      providers: [
        { keys: [{ id: 'a' }, { id: 'b', domain: ['org-1', 'p'], weight: 3 }] },
        { kind: 'openai-compatible', keys: [{ value: null }] },
      ],
      pools: [
        {
          tiers: [
            { targets: [{ weight: 2 }] },
            { targets: [{ provider: 'openai-2', model: 'm' }] },
          ],
        },
      ],
      consumers: [{}, { requestsPerMinute: 5 }],
    });
    expect(snapshot.providers.map((provider) => provider.id)).toEqual(['openai', 'openai-2']);
    expect(snapshot.providers[0]?.keys[1]).toMatchObject({ domain: ['org-1', 'p'], weight: 3 });
    expect(snapshot.providers[1]?.keys[0]?.value).toBeNull();
    expect(snapshot.pools[0]?.tiers[1]?.targets).toMatchObject([
      { provider: 'openai-2', model: 'm', weight: 1, keys: [] },
    ]);
    expect(snapshot.consumers.map((consumer) => [consumer.id, consumer.slot])).toEqual([
      ['web', 0],
      ['web-2', 1],
    ]);
  });
});
