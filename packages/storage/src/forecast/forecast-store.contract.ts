import type { PoolHour } from '@keywell/core/forecast/forecast-tracker';
import { describe, expect, it } from 'vitest';
import type { ForecastStore, KnownLimit } from './forecast-store.ts';

const HOUR = 3_600_000;
const hour = (hourAt: number, more: Partial<PoolHour> = {}): PoolHour => ({
  pool: 'chat',
  dimension: 'tokens_day',
  hourAt,
  amount: 1000.5,
  watchedMs: HOUR / 2,
  ...more,
});
const limit = (path: string, more: Partial<KnownLimit> = {}): KnownLimit => ({
  provider: 'openai',
  path,
  group: 'gpt-5',
  dimension: 'tokens_minute',
  limit: 30_000,
  remaining: 12.5,
  resetInMs: null,
  refill: 'continuous',
  source: 'header',
  seenAt: 1,
  ...more,
});

/** What every store of the forecast's history does. */
export function describeForecastStore(name: string, open: () => Promise<ForecastStore>): void {
  describe(`forecast store: ${name}`, () => {
    it('gives hours back, oldest first, from an instant on', async () => {
      const store = await open();
      await store.saveHours([hour(2 * HOUR), hour(HOUR), hour(0)]);
      await store.saveHours([]);
      expect(await store.loadHours(HOUR)).toEqual([hour(HOUR), hour(2 * HOUR)]);
    });

    it('adds up an hour that was watched in two parts', async () => {
      const store = await open();
      await store.saveHours([hour(0), hour(0, { pool: 'other' })]);
      await store.saveHours([hour(0, { amount: 1, watchedMs: 10 })]);
      const whole = hour(0, { amount: 1001.5, watchedMs: HOUR / 2 + 10 });
      expect(await store.loadHours(0)).toContainEqual(whole);
      expect(await store.loadHours(0)).toHaveLength(2);
    });

    it('keeps the last word on every limit, thousands at once', async () => {
      const store = await open();
      const many = Array.from({ length: 1201 }, (_, index) => limit(`openai/org-${index}`));
      await store.saveLimits(many);
      const newer = limit('openai/org-7', { limit: null, refill: 'unknown', seenAt: 2 });
      await store.saveLimits([newer]);
      const known = await store.loadLimits();
      expect(known).toHaveLength(1201);
      expect(known.filter(({ path }) => path === 'openai/org-7')).toEqual([newer]);
    });

    it('removes what is too old', async () => {
      const store = await open();
      await store.saveHours([hour(0), hour(HOUR)]);
      await store.saveLimits([limit('a'), limit('b', { seenAt: 5 })]);
      await store.prune({ hoursAt: HOUR, limitsAt: 5 });
      expect(await store.loadHours(0)).toEqual([hour(HOUR)]);
      expect(await store.loadLimits()).toEqual([limit('b', { seenAt: 5 })]);
    });
  });
}
