import { describe, expect, it } from 'vitest';
import type { ConsumerStore, StoredConsumer } from './consumer-store.ts';

function consumer(id: string, more: Partial<StoredConsumer> = {}): StoredConsumer {
  return {
    id,
    name: `The ${id}`,
    keyId: `kid-${id}`,
    keyHash: `hash-${id}`,
    models: ['smart', 'gpt-*'],
    requestsPerMinute: 100,
    createdAt: 1_790_000_000_000,
    disabled: false,
    ...more,
  };
}

/** What every consumer store does. */
export function describeConsumerStore(name: string, open: () => Promise<ConsumerStore>): void {
  describe(`consumer store: ${name}`, () => {
    it('gives consumers back as they were added, by id', async () => {
      const store = await open();
      const web = consumer('web');
      const bare = consumer('bare', { name: null, models: [], requestsPerMinute: null });
      expect(await store.list()).toEqual([]);
      expect(await store.add(web)).toEqual({ ok: true });
      expect(await store.add(bare)).toEqual({ ok: true });
      expect(await store.list()).toEqual([bare, web]);
    });

    it('refuses an id or a key that is taken, and changes nothing', async () => {
      const store = await open();
      await store.add(consumer('web'));
      expect(await store.add(consumer('web', { keyId: 'k2', keyHash: 'h2' }))).toEqual({
        ok: false,
        conflict: 'id',
      });
      for (const taken of [{ keyId: 'kid-web' }, { keyHash: 'hash-web' }]) {
        expect(await store.add(consumer('other', taken))).toEqual({ ok: false, conflict: 'key' });
      }
      expect(await store.list()).toEqual([consumer('web')]);
    });

    it('adds one of many that want the same id at once', async () => {
      const store = await open();
      const tries = Array.from({ length: 20 }, (_, n) =>
        store.add(consumer('web', { keyId: `k${n}`, keyHash: `h${n}` })),
      );
      const added = (await Promise.all(tries)).filter(({ ok }) => ok);
      expect(added).toHaveLength(1);
    });

    it('disables a consumer for good', async () => {
      const store = await open();
      await store.add(consumer('web'));
      expect(await store.disable('nobody')).toBe(false);
      expect(await store.disable('web')).toBe(true);
      expect(await store.disable('web')).toBe(true);
      expect(await store.list()).toEqual([consumer('web', { disabled: true })]);
    });

    it('keeps hostile texts as texts', async () => {
      const store = await open();
      const odd = consumer(`'; DROP TABLE consumer; --\u0000😀`, { models: ['","', '\\'] });
      await store.add(odd);
      expect(await store.list()).toEqual([odd]);
    });
  });
}
