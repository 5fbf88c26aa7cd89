import { describe, expect, it } from 'vitest';
import { capacityOf, partOfWindow, tighter, toldShare, type PoolLimit } from './pool-capacity.ts';

const aLimit = (more: Partial<PoolLimit>): PoolLimit => ({
  node: 'p/org',
  group: 'm',
  dimension: 'requests_minute',
  limit: 100,
  remaining: 60,
  refill: 'window',
  rate: 0,
  resetInMs: 30_000,
  source: 'header',
  ...more,
});
const ORG = { path: ['p/org'], group: 'm' };
const OTHER = { path: ['p/other'], group: 'm' };

describe('what a pool has to share', () => {
  it('is the sum over its domains', () => {
    const limits = [aLimit({}), aLimit({ node: 'p/other', limit: 300, remaining: 20 })];
    const { requests, window } = capacityOf(limits, [ORG, OTHER], 0);
    expect(requests).toMatchObject({ counts: 'requests', limit: 400, remaining: 80 });
    expect(window).toMatchObject({ limit: 400, remaining: 0.2, endsAt: 30_000, lengthMs: 60_000 });
  });

  it('counts a node that keys share once, and of nodes above each other the tighter', () => {
    const a = { path: ['p/org', 'p/org/a'], group: 'm' };
    const b = { path: ['p/org', 'p/org/b'], group: 'm' };
    const projects = ['p/org/a', 'p/org/b'].map((node) =>
      aLimit({ node, limit: 90, remaining: 80 }),
    );
    const { requests } = capacityOf([aLimit({}), ...projects], [a, b], 0);
    expect(requests).toMatchObject({ limit: 100, remaining: 60 });
  });

  it('is not known where one domain tells nothing', () => {
    const { requests, window } = capacityOf([aLimit({})], [ORG, OTHER], 0);
    expect([requests, window]).toEqual([null, null]);
  });

  it('has its tightest window, requests or tokens, and none where everything refills all the time', () => {
    const tokens = aLimit({ dimension: 'tokens_minute', limit: 10_000, remaining: 1000 });
    const { window, tokensPerRequest } = capacityOf([aLimit({}), tokens], [ORG], 0);
    expect(window).toMatchObject({ counts: 'tokens', remaining: 0.1 });
    expect(tokensPerRequest).toBe(100);
    if (window === null) throw new Error('no window');
    expect(partOfWindow(window, { tokens: 500 })).toBe(0.05);
    const all = [aLimit({ refill: 'continuous' })];
    expect(capacityOf(all, [ORG], 0).window).toBeNull();
  });

  it('leaves other groups and money out', () => {
    const limits = [aLimit({ group: 'other' }), aLimit({ dimension: 'spend_day' })];
    expect(capacityOf(limits, [ORG], 0)).toEqual({
      requests: null,
      tokens: null,
      window: null,
      tokensPerRequest: null,
    });
  });
});

describe('what a consumer is told', () => {
  const pooled = capacityOf([aLimit({})], [ORG], 0).requests;
  if (pooled === null) throw new Error('nothing pooled');

  it('is its share of a window less what it has used, and never more than there is', () => {
    expect(toldShare(pooled, { share: 0.25, used: 0.1 })).toEqual({
      limit: 25,
      remaining: 15,
      resetMs: 30_000,
    });
    expect(toldShare(pooled, { share: 1, used: 0 }).remaining).toBe(60);
    expect(toldShare(pooled, { share: 0.1, used: 0.5 }).remaining).toBe(0);
  });

  it('is its share of what is left where that refills all the time', () => {
    const flowing = { ...pooled, refill: 'continuous' as const };
    expect(toldShare(flowing, { share: 0.5, used: 0.9 })).toMatchObject({
      limit: 50,
      remaining: 30,
    });
  });

  it('is the tighter of its own limit and that share', () => {
    const own = { limit: 10, remaining: 9, resetMs: 1 };
    const share = { limit: 25, remaining: 3, resetMs: 2 };
    expect(tighter(own, share)).toBe(share);
    expect(tighter(own, { ...share, remaining: 9 })).toBe(own);
    expect(tighter(null, share)).toBe(share);
    expect(tighter(own, null)).toBe(own);
    expect(tighter(null, null)).toBeNull();
  });
});
