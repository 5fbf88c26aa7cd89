import { describe, expect, it } from 'vitest';
import type { SpendStore } from './spend-store.ts';

const spend = (consumer: string, spentMicros: number, startsAt = 1000) => ({
  consumer,
  startsAt,
  spentMicros,
});

/** What every spend store does. */
export function describeSpendStore(name: string, open: () => Promise<SpendStore>): void {
  describe(`spend store: ${name}`, () => {
    it('gives back the last that was kept of each consumer', async () => {
      const store = await open();
      expect(await store.load()).toEqual([]);
      store.keepNow([]);
      store.keepNow([spend('web', 5), spend('batch', 7)]);
      store.keepNow([spend('web', 2, 9000)]);
      expect(await store.load()).toEqual([spend('batch', 7), spend('web', 2, 9000)]);
    });

    it('keeps sums far above what 32 bits hold', async () => {
      const store = await open();
      store.keepNow([spend('web', 9_007_199_254_740_991, 0)]);
      expect(await store.load()).toEqual([spend('web', 9_007_199_254_740_991, 0)]);
    });
  });
}
