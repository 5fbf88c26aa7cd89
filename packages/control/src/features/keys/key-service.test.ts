import { describeKeys } from '@keywell/core/keys/describe';
import { initKeyTable, openKeyTable } from '@keywell/core/keys/key-table';
import { planKeys } from '@keywell/core/keys/plan';
import { clearCooldowns } from '@keywell/core/keys/recover';
import { restoreCooldowns } from '@keywell/core/keys/restore-cooldowns';
import type { CooldownChange } from '@keywell/core/keys/status';
import { memoryAuditStore } from '@keywell/storage/audit/memory-audit-store';
import { aSnapshot } from '@keywell/testkit/a-snapshot';
import { describe, expect, it } from 'vitest';
import { clearKeys, type KeyPorts } from './key-service.ts';

const AT = { now: 10_000, wallNow: 1_700_000_000_000 };
const CALLER = { requestId: 'adm_1', actor: 'admin', address: '127.0.0.1' };

const cooled = (scopeId: string, over: Partial<CooldownChange> = {}): CooldownChange => ({
  action: 'set',
  scopeId,
  scope: 'node',
  class: 'funds_exhausted',
  dimension: 'spend',
  endsAt: AT.wallNow + 134_000,
  authoritative: true,
  strikes: 0,
  evidence: '',
  ...over,
});

/** Keys `a` and `b` of one organization and `c` of another, over a real table. */
function world(rows: readonly CooldownChange[]) {
  const keys = [
    { id: 'a', domain: ['org-1'] },
    { id: 'b', domain: ['org-1'] },
    { id: 'c', domain: ['org-2'] },
  ];
  const plan = planKeys(aSnapshot({ providers: [{ keys }] }));
  const buffer = new ArrayBuffer(plan.byteLength(1));
  initKeyTable(plan, buffer);
  const table = openKeyTable(plan, buffer, { worker: 0, epoch: 1 });
  restoreCooldowns(table, rows, AT);
  const audit = memoryAuditStore();
  const ports: KeyPorts = {
    dataPlane: {
      keys: () => describeKeys(table, AT.now, () => 'body.code=x'),
      clearCooldowns: (filter) => clearCooldowns(table, filter, AT),
    },
    audit,
    wallNow: () => AT.wallNow,
  };
  return { ports, audit };
}

describe('clearing by hand', () => {
  it('names what it ended, and is written down with who did it and how the keys stood before and after', async () => {
    const { ports, audit } = world([
      cooled('node:openai/org-1'),
      cooled('key:openai/a', { scope: 'key', class: 'credential_dead', dimension: 'unknown' }),
      cooled('node:openai/org-2'),
    ]);
    const answer = await clearKeys(ports, { provider: 'openai', key: 'a' }, CALLER);
    expect(answer).toMatchObject({
      ok: true,
      value: [
        { scopeId: 'key:openai/a', class: 'credential_dead', endsInMs: 134_000 },
        { scopeId: 'node:openai/org-1', class: 'funds_exhausted', evidence: 'body.code=x' },
      ],
    });
    const [event] = await audit.list({ limit: 10 });
    expect(event).toMatchObject({
      at: AT.wallNow,
      actor: 'admin',
      action: 'cooldown.cleared',
      target: 'openai/a',
      detail: {
        cleared: 2,
        ended:
          'credential_dead of key:openai/a, 134 s before its end; funds_exhausted of node:openai/org-1, 134 s before its end',
        before: 'openai/a cooled, openai/b cooled',
        after: 'openai/a ready, openai/b ready',
        address: '127.0.0.1',
        request_id: 'adm_1',
      },
    });
    expect(ports.dataPlane.keys().map(({ state }) => state)).toEqual(['ready', 'ready', 'cooled']);
  });

  it('is written down also when nothing was cooled', async () => {
    const { ports, audit } = world([]);
    expect(await clearKeys(ports, {}, CALLER)).toEqual({ ok: true, value: [] });
    const [event] = await audit.list({ limit: 10 });
    expect(event).toMatchObject({ target: '*/*', detail: { cleared: 0, before: '', after: '' } });
  });

  it('of a key that is not there changes and writes nothing', async () => {
    const { ports, audit } = world([cooled('node:openai/org-1')]);
    const answer = await clearKeys(ports, { provider: 'openai', key: 'nope' }, CALLER);
    expect(answer).toMatchObject({ ok: false, code: 'not_found' });
    expect(await audit.list({ limit: 10 })).toEqual([]);
  });
});
