import type { OwnedObject } from '@keywell/core/ownership/owned-object';
import { describe, expect, it } from 'vitest';
import type { ObjectStore } from './object-store.ts';

const object = (over: Partial<OwnedObject> = {}): OwnedObject => ({
  kind: 'file',
  id: 'file-1',
  consumer: 'web',
  home: { provider: 'openai', domain: 'openai/acme', fingerprint: '0a1b2c3d' },
  model: 'smart',
  createdAt: 1000,
  json: '{"id":"file-1"}',
  ...over,
});
const keep = (over: Partial<OwnedObject> = {}) =>
  ({ action: 'keep', object: object(over) }) as const;
const drop = (over: Partial<OwnedObject> = {}) => {
  const { kind, id, consumer } = object(over);
  return { action: 'drop', name: { kind, id, consumer } } as const;
};

/** What every store of owned objects does. */
export function describeObjectStore(name: string, open: () => Promise<ObjectStore>): void {
  describe(`object store: ${name}`, () => {
    it('gives back what was kept, the oldest first, with the last word on each', async () => {
      const store = await open();
      expect(await store.load()).toEqual([]);
      store.applyNow([]);
      store.applyNow([keep({ id: 'file-2', createdAt: 2000 }), keep()]);
      store.applyNow([keep({ json: null, model: 'other' })]);
      expect(await store.load()).toEqual([
        object({ json: null, model: 'other' }),
        object({ id: 'file-2', createdAt: 2000 }),
      ]);
    });

    it.each([
      ['consumer', { consumer: 'batch' }],
      ['kind', { kind: 'batch' }],
      ['id', { id: 'file-9' }],
    ] as const)(
      'tells objects of another %s apart, and drops the one that is named',
      async (_, over) => {
        const store = await open();
        store.applyNow([keep(), keep(over)]);
        expect(await store.load()).toHaveLength(2);
        store.applyNow([drop(over), drop({ id: 'nothing' })]);
        expect(await store.load()).toEqual([object()]);
      },
    );

    it('gives back what a batch is for, and that it was counted', async () => {
      const store = await open();
      const batch = keep({ kind: 'batch', id: 'batch_1', upstreamModel: 'gpt-5' });
      store.applyNow([batch]);
      expect(await store.load()).toEqual([batch.object]);
      const counted = keep({ kind: 'batch', id: 'batch_1', upstreamModel: 'gpt-5', counted: true });
      store.applyNow([counted]);
      expect(await store.load()).toEqual([counted.object]);
    });

    it('goes by the order of the changes', async () => {
      const store = await open();
      store.applyNow([keep(), drop(), keep({ model: 'again' })]);
      expect(await store.load()).toEqual([object({ model: 'again' })]);
      store.applyNow([keep(), drop()]);
      expect(await store.load()).toEqual([]);
    });
  });
}
