import type { SettingStore } from './setting-store.ts';

/** Settings in memory: the fake of tests. */
export function memorySettingStore(): SettingStore {
  const values = new Map<string, string>();
  return {
    get: async (name) => values.get(name) ?? null,
    set: async (name, value) => {
      values.set(name, value);
    },
    setOnce: async (name, value) => {
      const known = values.get(name);
      if (known !== undefined) return known;
      values.set(name, value);
      return value;
    },
    remove: async (name) => {
      values.delete(name);
    },
  };
}
