import { describe, expect, it } from 'vitest';
import type { AuditEntry, AuditEvent, AuditStore } from './audit-store.ts';

function entry(at: number, more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    at,
    actor: 'admin',
    action: 'cooldown.cleared',
    target: 'openai/a',
    detail: {},
    ...more,
  };
}

/** What every audit store does. */
export function describeAuditStore(name: string, open: () => Promise<AuditStore>): void {
  describe(`audit store: ${name}`, () => {
    it('gives events back as they were appended, newest first', async () => {
      const store = await open();
      const first = await store.append(
        entry(1, { detail: { n: 1, text: 'é"', yes: true, no: null } }),
      );
      const second = await store.append(entry(2, { action: 'consumer.added' }));
      expect(first.id).not.toBe(second.id);
      expect(await store.list({ limit: 10 })).toEqual([second, first]);
    });

    it('leads through everything page by page, events of one instant too', async () => {
      const store = await open();
      const all: AuditEvent[] = [];
      for (let n = 0; n < 11; n += 1) all.push(await store.append(entry(Math.floor(n / 4))));
      const seen: string[] = [];
      let before: AuditEvent | undefined;
      for (let page = 0; page < 6; page += 1) {
        const found = await store.list({ limit: 3, ...(before === undefined ? {} : { before }) });
        seen.push(...found.map(({ id }) => id));
        before = found.at(-1);
        if (before === undefined) break;
      }
      expect(seen.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
    });

    it('bounds what one call returns', async () => {
      const store = await open();
      for (let n = 0; n < 3; n += 1) await store.append(entry(n));
      expect(await store.list({ limit: 0 })).toHaveLength(1);
      expect(await store.list({ limit: 1e9 })).toHaveLength(3);
    });
  });
}
