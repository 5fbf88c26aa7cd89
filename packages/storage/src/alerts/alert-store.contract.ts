import type { AlertRaised } from '@keywell/core/forecast/alert-rules';
import { describe, expect, it } from 'vitest';
import { MAX_ALERTS, type AlertStore } from './alert-store.ts';

const raised = (more: Partial<AlertRaised> = {}): AlertRaised => ({
  kind: 'pool_exhausted',
  subject: 'pool:chat',
  rule: '',
  pool: 'chat',
  message: 'Pool chat has no key that can serve.',
  ...more,
});

/** What every alert store does. */
export function describeAlertStore(name: string, open: () => Promise<AlertStore>): void {
  describe(`alert store: ${name}`, () => {
    it('gives alerts back, newest first, and page by page', async () => {
      const store = await open();
      const first = await store.append(raised(), 1);
      const second = await store.append(raised({ kind: 'pool_running_low', rule: 'low' }), 2);
      const third = await store.append(raised({ subject: 'pool:b', pool: 'b' }), 2);
      const all = await store.list({ limit: 10 });
      expect(all.map(({ id }) => id).toSorted()).toEqual(
        [first.id, second.id, third.id].toSorted(),
      );
      expect(all.at(-1)).toEqual(first);
      const [newest] = await store.list({ limit: 1 });
      expect(newest).toEqual(all[0]);
      if (newest === undefined) throw new Error('nothing is there');
      expect(await store.list({ limit: 10, before: newest })).toEqual(all.slice(1));
    });

    it('ends what is over, and nothing beside it', async () => {
      const store = await open();
      const chat = await store.append(raised(), 1);
      const low = await store.append(raised({ kind: 'pool_running_low', rule: 'low' }), 2);
      const over = await store.append(raised({ kind: 'pool_recovered' }), 3);
      await store.end({ kind: 'pool_exhausted', subject: 'pool:chat', rule: '' }, 9);
      expect(await store.list({ limit: 10, activeOnly: true })).toEqual([low]);
      const all = await store.list({ limit: 10 });
      expect(all).toEqual([over, low, { ...chat, endedAt: 9 }]);
      expect(over.endedAt).toBe(3);
    });

    it('keeps the newest', async () => {
      const store = await open();
      for (let at = 0; at < MAX_ALERTS + 3; at += 1) await store.append(raised(), at);
      const newest = await store.list({ limit: 500 });
      const rest = await store.list({ limit: 500, before: newest.at(-1) ?? { at: 0, id: '' } });
      expect(rest).toHaveLength(500);
      expect(rest.at(-1)?.at).toBe(3);
      expect(await store.list({ limit: 1, before: rest.at(-1) ?? { at: 0, id: '' } })).toEqual([]);
    });
  });
}
