import { aSnapshot, type KeySketch } from '@keywell/testkit/a-snapshot';
import { describe, expect, it } from 'vitest';
import { initKeyTable, openKeyTable, type KeyTable } from './key-table.ts';
import { movedScopes, moveCooldowns, renamed } from './moved-cooldowns.ts';
import { planKeys } from './plan.ts';
import { carryOver, listCooldowns } from './recover.ts';
import { restoreCooldowns } from './restore-cooldowns.ts';
import type { CooldownChange } from './status.ts';

const AT = { now: 10_000, wallNow: 1_700_000_000_000 };

function tableOf(keys: readonly KeySketch[]): KeyTable {
  const plan = planKeys(aSnapshot({ providers: [{ keys }] }));
  const buffer = new ArrayBuffer(plan.byteLength(1));
  initKeyTable(plan, buffer);
  return openKeyTable(plan, buffer, { worker: 0, epoch: 1 });
}

const funds = (scopeId: string, endsInMs: number): CooldownChange => ({
  action: 'set',
  scopeId,
  scope: scopeId.startsWith('node_group') ? 'node_group' : 'node',
  class: 'funds_exhausted',
  dimension: 'spend',
  endsAt: AT.wallNow + endsInMs,
  authoritative: true,
  strikes: 2,
  evidence: '',
});

const own = (id: string): KeySketch => ({ id, domain: [`~${id}`], domainPinned: false });
const inferred = (id: string, domain: string): KeySketch => ({
  ...own(id),
  domain: domain.split('/'),
  domainInferred: true,
});

/** Cools scopes of one table, brings the next one, and tells what stands there. */
function move(before: KeyTable, after: KeyTable, cooled: readonly CooldownChange[]) {
  restoreCooldowns(before, cooled, AT);
  carryOver(before, after);
  const moved = movedScopes(before.plan, after.plan);
  const changes = moveCooldowns(before, after, {
    moved,
    at: AT,
    evidenceOf: ({ scopeId }) => `why ${scopeId}`,
  });
  const standing = Object.fromEntries(
    listCooldowns(after, AT).map(({ scopeId, endsAt }) => [scopeId, endsAt - AT.wallNow]),
  );
  return { moved, changes, standing };
}

describe('when a response places a key elsewhere', () => {
  it('what cooled its own domain cools the account, and so its other keys', () => {
    const { standing, changes } = move(
      tableOf([own('a'), own('b')]),
      tableOf([inferred('a', 'acme'), inferred('b', 'acme')]),
      [funds('node:openai/~a', 60_000), funds('node_group:openai/~a#gpt-5', 5_000)],
    );
    expect(standing).toEqual({
      'node:openai/acme': 60_000,
      'node_group:openai/acme#gpt-5': 5_000,
    });
    expect(changes.map(({ action, scopeId, evidence }) => [action, scopeId, evidence])).toEqual([
      ['cleared', 'node:openai/~a', ''],
      ['cleared', 'node_group:openai/~a#gpt-5', ''],
      ['set', 'node:openai/acme', 'why node:openai/~a'],
      ['set', 'node_group:openai/acme#gpt-5', 'why node_group:openai/~a#gpt-5'],
    ]);
  });

  it('the later end holds where both were cooled', () => {
    const before = tableOf([inferred('a', 'acme'), own('b')]);
    const after = tableOf([inferred('a', 'acme'), inferred('b', 'acme')]);
    const cooled = [funds('node:openai/acme', 60_000), funds('node:openai/~b', 90_000)];
    expect(move(before, after, cooled).standing).toEqual({ 'node:openai/acme': 90_000 });
    const shorter = [funds('node:openai/acme', 60_000), funds('node:openai/~b', 30_000)];
    const again = tableOf([inferred('a', 'acme'), inferred('b', 'acme')]);
    expect(move(tableOf([inferred('a', 'acme'), own('b')]), again, shorter).standing).toEqual({
      'node:openai/acme': 60_000,
    });
  });

  it('a domain that still has keys keeps what it learned', () => {
    const named = (id: string): KeySketch => ({ ...own(id), domain: ['org-1'] });
    const { standing, moved } = move(
      tableOf([named('a'), named('b')]),
      tableOf([named('a'), inferred('b', 'other')]),
      [funds('node:openai/org-1', 60_000)],
    );
    expect(moved.size).toBe(0);
    expect(standing).toEqual({ 'node:openai/org-1': 60_000 });
  });

  it('an organization goes to the organization and a project to the project', () => {
    const { standing } = move(tableOf([inferred('a', 'x/p')]), tableOf([inferred('a', 'y/q')]), [
      funds('node:openai/x', 60_000),
      funds('node:openai/x/p', 30_000),
    ]);
    expect(standing).toEqual({ 'node:openai/y': 60_000, 'node:openai/y/q': 30_000 });
  });
});

describe('what an operator changes', () => {
  it.each([
    ['a domain that is renamed in the file', { id: 'a', domain: ['org-2'] }],
    ['a credential that is replaced', { ...inferred('a', 'acme'), fingerprint: 'ffffffff' }],
  ])('moves nothing: %s', (_, key) => {
    const { standing, changes } = move(tableOf([own('a')]), tableOf([key]), [
      funds('node:openai/~a', 60_000),
    ]);
    expect(standing).toEqual({});
    expect(changes).toEqual([]);
  });
});

describe('what is told by a former name', () => {
  it('goes by the present one', () => {
    const before = tableOf([own('a')]);
    const after = tableOf([inferred('a', 'acme')]);
    const moved = movedScopes(before.plan, after.plan);
    const [change] = renamed(funds('node:openai/~a', 1_000), moved);
    expect(change?.scopeId).toBe('node:openai/acme');
    const other = funds('key:openai/a', 1_000);
    expect(renamed(other, moved)).toEqual([other]);
  });
});
