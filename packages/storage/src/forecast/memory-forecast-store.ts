import type { PoolHour } from '@keywell/core/forecast/forecast-tracker';
import type { ForecastStore, KnownLimit } from './forecast-store.ts';

/** The forecast's history in memory: the fake of tests. */
export function memoryForecastStore(): ForecastStore {
  const hours = new Map<string, PoolHour>();
  const limits = new Map<string, KnownLimit>();
  return {
    saveHours: async (saved) => {
      for (const hour of saved) {
        const name = JSON.stringify([hour.pool, hour.dimension, hour.hourAt]);
        const known = hours.get(name);
        hours.set(name, {
          ...hour,
          amount: hour.amount + (known?.amount ?? 0),
          watchedMs: hour.watchedMs + (known?.watchedMs ?? 0),
        });
      }
    },
    loadHours: async (since) =>
      [...hours.values()]
        .filter(({ hourAt }) => hourAt >= since)
        .toSorted((a, b) => a.hourAt - b.hourAt),
    saveLimits: async (saved) => {
      for (const limit of saved) {
        const { provider, path, group, dimension } = limit;
        limits.set(JSON.stringify([provider, path, group, dimension]), limit);
      }
    },
    loadLimits: async () => [...limits.values()],
    prune: async ({ hoursAt, limitsAt }) => {
      for (const [name, { hourAt }] of hours) if (hourAt < hoursAt) hours.delete(name);
      for (const [name, { seenAt }] of limits) if (seenAt < limitsAt) limits.delete(name);
    },
  };
}
