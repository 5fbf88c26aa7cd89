import { randomUUIDv7 } from 'node:crypto';
import { boundedAlertLimit, MAX_ALERTS, type AlertEvent, type AlertStore } from './alert-store.ts';

/** Alerts in memory: the fake of tests. */
export function memoryAlertStore(): AlertStore {
  let events: AlertEvent[] = [];
  return {
    append: async (raised, at) => {
      const endedAt = raised.kind === 'pool_recovered' ? at : null;
      const event = { ...raised, id: randomUUIDv7(), at, endedAt };
      events = [event, ...events].toSorted(newerFirst).slice(0, MAX_ALERTS);
      return event;
    },
    end: async ({ kind, subject, rule }, at) => {
      events = events.map((event) =>
        event.endedAt === null &&
        event.kind === kind &&
        event.subject === subject &&
        event.rule === rule
          ? { ...event, endedAt: at }
          : event,
      );
    },
    list: async ({ limit, before, activeOnly }) =>
      events
        .filter((event) => activeOnly !== true || event.endedAt === null)
        .filter((event) => before === undefined || newerFirst(before, event) < 0)
        .slice(0, boundedAlertLimit(limit)),
  };
}

function newerFirst(a: Pick<AlertEvent, 'at' | 'id'>, b: Pick<AlertEvent, 'at' | 'id'>): number {
  if (a.at !== b.at) return b.at - a.at;
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}
