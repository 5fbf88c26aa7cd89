import { describe, expect, it } from 'vitest';
import { consumedBetween, periodOf, type LimitSample } from './limit-sample.ts';

const sample = (remaining: number | null, more: Partial<LimitSample> = {}): LimitSample => ({
  provider: 'p',
  path: 'p/a',
  group: 'm',
  dimension: 'tokens_minute',
  limit: 6000,
  remaining,
  resetInMs: null,
  refill: 'continuous',
  source: 'header',
  reserved: 0,
  used: null,
  rate: 0.1,
  ...more,
});

describe('what was consumed between two samples', () => {
  it.each<[string, LimitSample, LimitSample, number | null]>([
    ['a bucket: the fall and the refill', sample(3000), sample(2900), 600],
    ['a bucket that rose by less than its refill', sample(3000), sample(3200), 300],
    ['a full bucket: what cannot be seen is not made up', sample(6000), sample(6000), 0],
    [
      'a window: the fall',
      sample(3000, { refill: 'window' }),
      sample(2900, { refill: 'window' }),
      100,
    ],
    [
      'a window that ended in between: what the new one lacks',
      sample(100, { refill: 'window', resetInMs: 2000 }),
      sample(5900, { refill: 'window' }),
      100,
    ],
    ['a limit that changed', sample(3000), sample(2900, { limit: 9000 }), null],
    ['no number', sample(null), sample(2900), null],
    [
      'requests in flight are not consumed',
      sample(3, { dimension: 'concurrency', limit: 10 }),
      sample(1, { dimension: 'concurrency', limit: 10 }),
      null,
    ],
  ])('%s', (_, before, after, consumed) => {
    expect(consumedBetween(before, after, 5000)).toEqual({ own: null, seen: consumed });
  });

  it('our own account is what was charged meanwhile, unless the table began anew', () => {
    const own = (was: number, is: number) =>
      consumedBetween(sample(1, { used: was }), sample(1, { used: is }), 5000).own;
    expect(own(100, 350)).toBe(250);
    expect(own(100, 20)).toBeNull();
  });

  it('what open attempts hold is not consumed', () => {
    const after = sample(2000, { reserved: 900, refill: 'window' });
    expect(consumedBetween(sample(3000, { refill: 'window' }), after, 5000).seen).toBe(100);
  });

  it('knows how long each dimension counts over', () => {
    expect(periodOf('requests_minute')).toBe(60_000);
    expect(periodOf('input_tokens_day')).toBe(86_400_000);
    expect(periodOf('spend')).toBeNull();
    expect(periodOf('concurrency')).toBeNull();
  });
});
