import type { LimitSample } from '@keywell/core/forecast/limit-sample';
import { describe, expect, it } from 'vitest';
import { forecastMetrics } from './forecast-metrics.ts';

const limit = (provider: string, path: string, remaining: number | null): LimitSample => ({
  provider,
  path,
  group: 'gpt-5',
  dimension: 'tokens_minute',
  limit: 100,
  remaining,
  resetInMs: null,
  refill: 'continuous',
  source: 'header',
  reserved: 0,
  used: null,
  rate: 0,
});
const NOTHING = {
  limits: [],
  pools: [],
  alerts: [],
  cooldowns: [],
  endpoints: [],
  told: { implausible: 0, ignored: 0 },
};
const headroom = (limits: readonly LimitSample[]) =>
  forecastMetrics({ ...NOTHING, limits })[0]?.series;

describe('metrics of the forecast', () => {
  it('headroom is the least among the domains of a provider, and never below 0', () => {
    const limits = [limit('a', 'a/1', 90), limit('a', 'a/2', 25), limit('b', 'b/1', -5)];
    expect(headroom([...limits, limit('a', 'a/3', null)])).toEqual([
      { labels: { provider: 'a', dimension: 'tokens_minute' }, value: 0.25 },
      { labels: { provider: 'b', dimension: 'tokens_minute' }, value: 0 },
    ]);
  });

  it('thousands of providers make 500 series, the rest told together', () => {
    const many = Array.from({ length: 2000 }, (_, at) =>
      limit(`p${at}`, `p${at}/1`, at === 1999 ? 3 : 50),
    );
    const series = headroom(many);
    expect(series).toHaveLength(500);
    expect(series?.at(-1)).toEqual({
      labels: { provider: 'other', dimension: 'other' },
      value: 0.03,
    });
  });
});
