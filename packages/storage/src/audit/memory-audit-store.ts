import { randomUUIDv7 } from 'node:crypto';
import { type AuditEvent, type AuditStore, boundedLimit } from './audit-store.ts';

/** Audit events in memory: the fake of tests. */
export function memoryAuditStore(): AuditStore {
  const events: AuditEvent[] = [];
  return {
    append: async (entry) => {
      const event = { ...entry, id: randomUUIDv7() };
      events.push(event);
      return event;
    },
    list: async ({ limit, before }) =>
      events
        .filter((event) => before === undefined || newerFirst(before, event) < 0)
        .toSorted(newerFirst)
        .slice(0, boundedLimit(limit)),
  };
}

function newerFirst(a: Pick<AuditEvent, 'at' | 'id'>, b: Pick<AuditEvent, 'at' | 'id'>): number {
  if (a.at !== b.at) return b.at - a.at;
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}
