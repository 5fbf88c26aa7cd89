import { describe, expect, it } from 'vitest';
import type { SettingStore } from './setting-store.ts';

/** What every setting store does. */
export function describeSettingStore(name: string, open: () => Promise<SettingStore>): void {
  describe(`setting store: ${name}`, () => {
    it('keeps the last value of each name', async () => {
      const store = await open();
      expect(await store.get('a')).toBeNull();
      await store.set('a', '1');
      await store.set('b', '');
      await store.set('a', '{"x":2}');
      expect([await store.get('a'), await store.get('b')]).toEqual(['{"x":2}', '']);
      await store.remove('a');
      await store.remove('a');
      expect([await store.get('a'), await store.get('b')]).toEqual([null, '']);
    });

    it('lets the first writer win where a fact is set once', async () => {
      const store = await open();
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, n) => store.setOnce('installation-id', `id-${n}`)),
      );
      expect(new Set(results).size).toBe(1);
      expect(await store.get('installation-id')).toBe(results[0]);
    });
  });
}
