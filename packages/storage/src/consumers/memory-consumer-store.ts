import type { ConsumerStore, StoredConsumer } from './consumer-store.ts';

/** Consumers in memory: the fake of tests. */
export function memoryConsumerStore(): ConsumerStore {
  const byId = new Map<string, StoredConsumer>();
  return {
    add: async (consumer) => {
      if (byId.has(consumer.id)) return { ok: false, conflict: 'id' };
      const sameKey = (known: StoredConsumer): boolean =>
        known.keyId === consumer.keyId || known.keyHash === consumer.keyHash;
      if ([...byId.values()].some(sameKey)) return { ok: false, conflict: 'key' };
      byId.set(consumer.id, { ...consumer, models: [...consumer.models] });
      return { ok: true };
    },
    list: async () => [...byId.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    disable: async (id) => {
      const known = byId.get(id);
      if (known === undefined) return false;
      byId.set(id, { ...known, disabled: true });
      return true;
    },
  };
}
