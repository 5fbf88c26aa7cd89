import { describe, expect, it } from 'vitest';
import { describeKeys } from './describe.ts';
import { generationOf, initKeyTable, openKeyTable } from './key-table.ts';
import { needFrom } from './need.ts';
import { planKeys } from './plan.ts';
import { QUANTITY } from './quantity.ts';
import { carryOver, clearCooldowns, listCooldowns, recoverWorker } from './recover.ts';
import { restoreCooldowns } from './restore-cooldowns.ts';
import { reserve, settle, tryReserve } from './reserve.ts';
import { countRequest, requestsOf } from './retry-budget.ts';
import { heldRecords, lockRecord, write } from './table-journal.ts';
import {
  at,
  attempt,
  candidateOf,
  eligibleKeys,
  keyOf,
  openTable,
  planOf,
  poolOf,
  providerOf,
  retryAfter,
  send,
  targetOf,
  verdictOf,
  WALL_START,
} from './table-fixture.bench.ts';
import { BLOCK, KEY_CELL, NODE_CELL } from './table-layout.ts';
import type { CooldownChange } from './status.ts';
import { SUCCESS } from './verdict.ts';

const dead = verdictOf('credential_dead', { scope: 'key' });
const funds = verdictOf('funds_exhausted', { scope: 'node' });

describe('recoverWorker', () => {
  it('undoes what a dead worker had begun, releases its locks and returns what it held', () => {
    const plan = planOf(keyOf('a'), keyOf('b'));
    const buffer = new ArrayBuffer(plan.byteLength(3));
    initKeyTable(plan, buffer);
    const dying = openKeyTable(plan, buffer, { worker: 1, epoch: 1 });
    const living = openKeyTable(plan, buffer, { worker: 2, epoch: 1 });
    send(dying, 'a', 0);
    send(dying, 'a', 0);
    const kept = send(living, 'a', 0);
    const before = dying.cells.slice(0, plan.layout.writers);
    lockRecord(dying, 0);
    for (const value of [5, 6]) write(dying, plan.layout.slots + 3, value);
    write(dying, plan.layout.keys, 99);

    expect(recoverWorker(plan, buffer, 1)).toEqual({
      worker: 1,
      cellsRestored: 3,
      locksReleased: 1,
      leasesReturned: 2,
      orphans: 0,
    });
    before[plan.layout.keys + KEY_CELL.abandoned] = 2;
    before[plan.layout.keys + KEY_CELL.inFlight] = 1;
    before[plan.layout.nodes + NODE_CELL.inFlight] = 1;
    const block = plan.layout.blocks;
    for (const of of [QUANTITY.tokens, QUANTITY.outputTokens]) {
      before[block + BLOCK.open + of] = 1;
      before[block + BLOCK.used + of] = 2;
    }
    before[block + BLOCK.open + QUANTITY.places] = 1;
    expect(living.cells.slice(0, plan.layout.writers)).toEqual(before);
    expect(heldRecords(living)).toEqual([]);
    expect(describeKeys(living, 0, () => '')[0]).toMatchObject({ inFlight: 1, attempts: 3 });
    settle(living, kept, SUCCESS, at(1));
    expect(
      reserve(openKeyTable(plan, buffer, { worker: 1, epoch: 2 }), candidateOf(living, 'a'), 1),
    ).not.toBeNull();
  });

  it('leaves the main thread and workers that do not exist alone', () => {
    const plan = planOf(keyOf('a'));
    const table = openTable(plan);
    expect(() => recoverWorker(plan, table.buffer, 0)).toThrow('no worker 0');
    expect(() => recoverWorker(plan, table.buffer, 2)).toThrow('no worker 2');
  });
});

describe('cooldowns that outlive a process', () => {
  it('are listed and restored on another monotonic clock, but for what has ended, is unknown or was another credential’s', () => {
    const table = openTable(planOf(keyOf('a'), keyOf('b'), keyOf('c'), keyOf('d')));
    attempt(table, 'a', funds, 0);
    attempt(table, 'b', retryAfter(5000), 0);
    attempt(table, 'c', verdictOf('model_forbidden', { scope: 'key_group' }), 0);
    const rows = listCooldowns(table, at(0));
    expect(rows).toHaveLength(3);

    const restarted = openTable(
      planOf(keyOf('a'), keyOf('b'), keyOf('c', { fingerprint: 'replaced' })),
    );
    restoreCooldowns(restarted, rows, { now: 77, wallNow: WALL_START + 10_000 });
    expect(eligibleKeys(restarted, 77)).toEqual(['b', 'c']);
    expect(eligibleKeys(restarted, 77 + 290_001)).toEqual(['a', 'b', 'c']);
    expect(listCooldowns(restarted, { now: 77, wallNow: WALL_START + 10_000 })).toEqual(
      rows.slice(0, 1),
    );
    attempt(restarted, 'a', funds, 400_000);
    expect(listCooldowns(restarted, at(400_000))).toMatchObject([{ strikes: 2 }]);
  });

  it('keep away the larger needs alone where a balance still pays for smaller ones', () => {
    const affords = verdictOf('funds_exhausted', {
      scope: 'node',
      dimension: 'output_tokens_minute',
      refusedNeed: 1000,
    });
    const table = openTable(planOf(keyOf('a')));
    const rows = attempt(table, 'a', affords, 0);
    const restarted = openTable(planOf(keyOf('a')));
    restoreCooldowns(restarted, rows, at(1));
    const ask = (allowed: number) =>
      reserve(restarted, candidateOf(restarted, 'a'), 2, { ...needFrom({}), allowed });
    expect(ask(1000)).toBeNull();
    expect(ask(999)).not.toBeNull();
    expect(describeKeys(restarted, 2, () => '')).toMatchObject([{ state: 'partly_cooled' }]);
  });

  it('never end later than 35 days ahead, and never end earlier than what stands', () => {
    const table = openTable(planOf(keyOf('a')));
    attempt(table, 'a', funds, 0);
    const [row] = listCooldowns(table, at(0));
    if (row === undefined) throw new Error('nothing was cooled');
    restoreCooldowns(table, [{ ...row, endsAt: WALL_START + 1000 }], at(0));
    expect(listCooldowns(table, at(0))).toEqual([row]);
    restoreCooldowns(table, [{ ...row, endsAt: WALL_START + 1e12 }], at(0));
    expect(listCooldowns(table, at(0))[0]?.endsAt).toBe(WALL_START + 35 * 86_400_000);
  });

  it('are ended elsewhere only when they were a guess', () => {
    const table = openTable(planOf(keyOf('a'), keyOf('b')));
    const rows = [...attempt(table, 'a', funds, 0), ...attempt(table, 'b', retryAfter(9000), 0)];
    restoreCooldowns(
      table,
      rows.map((row) => Object.assign({}, row, { action: 'cleared' as const })),
      at(1),
    );
    expect(eligibleKeys(table, 2)).toEqual(['a']);
  });
});

describe('what takes the place of another cooldown', () => {
  const affords = verdictOf('funds_exhausted', {
    scope: 'node',
    dimension: 'output_tokens_minute',
    refusedNeed: 1000,
  });
  const small = { ...needFrom({}), allowed: 10 };
  const nothingLeft = { ...funds, dimension: 'spend' } as const;

  it('ends it for whoever keeps cooldowns, so that none is left when all were cleared', () => {
    const table = openTable(planOf(keyOf('a')));
    const kept = new Map<string, CooldownChange>();
    const keep = (changes: readonly CooldownChange[]): void => {
      for (const change of changes) {
        const name = JSON.stringify([change.scopeId, change.class, change.dimension]);
        if (change.action === 'set') kept.set(name, change);
        else kept.delete(name);
      }
    };
    keep(attempt(table, 'a', affords, 0));
    const one = reserve(table, candidateOf(table, 'a'), 1, small);
    if (one === null) throw new Error('a still pays for small calls');
    keep(settle(table, one, nothingLeft, at(1)));
    expect([...kept.values()]).toMatchObject(
      listCooldowns(table, at(1)).map(({ endsAt }) => ({ endsAt })),
    );
    keep(clearCooldowns(table, {}, at(2)));
    expect([...kept.values()]).toEqual([]);
  });

  it('is not ended by the end of that one, heard of later', () => {
    const told = openTable(planOf(keyOf('a')));
    attempt(told, 'a', affords, 0);
    const one = reserve(told, candidateOf(told, 'a'), 1, small);
    if (one === null) throw new Error('a still pays for small calls');
    const changes = settle(told, one, nothingLeft, at(1));
    const other = openTable(planOf(keyOf('a')));
    restoreCooldowns(other, changes, at(1));
    restoreCooldowns(
      other,
      changes.filter(({ action }) => action === 'cleared'),
      at(2),
    );
    expect(listCooldowns(other, at(2))).toMatchObject([{ dimension: 'spend' }]);
  });
});

describe('a refusal of what was sent before a clearing by hand', () => {
  const told = {
    refused: true,
    observations: [
      {
        dimension: 'requests_minute',
        limit: 10,
        remaining: 0,
        resetInMs: 60_000,
        source: 'header',
      },
    ],
  } as const;

  it.each([
    ['limit', retryAfter(60_000), told],
    ['cap', verdictOf('concurrency', { scope: 'node', dimension: 'concurrency' }), undefined],
  ] as const)('leaves no %s behind', (_, verdict, says) => {
    const table = openTable(planOf(keyOf('a')));
    const early = send(table, 'a', 0);
    clearCooldowns(table, {}, at(1));
    expect(settle(table, early, verdict, { ...at(2), told: says })).toEqual([]);
    send(table, 'a', 3);
    expect(tryReserve(table, candidateOf(table, 'a'), 3)).toBeTypeOf('object');
  });

  /** A hand clears, then a guess is set and a success shows that it is over. */
  function clearedTwice() {
    const table = openTable(planOf(keyOf('a')));
    const before = send(table, 'a', 0);
    clearCooldowns(table, {}, at(1));
    const between = send(table, 'a', 2);
    attempt(table, 'a', verdictOf('slow_down', { scope: 'node_group' }), 3);
    attempt(table, 'a', SUCCESS, 10_000);
    return { table, before, between };
  }

  it('stays overruled when a success has cleared something since, though it names its end', () => {
    const { table, before } = clearedTwice();
    expect(settle(table, before, retryAfter(60_000), at(10_001))).toEqual([]);
    expect(eligibleKeys(table, 10_002)).toEqual(['a']);
  });

  it('and before a success is no reason to overrule what was sent between the two and names its end', () => {
    const { table, between } = clearedTwice();
    expect(settle(table, between, retryAfter(60_000), at(10_001))).toHaveLength(1);
    expect(eligibleKeys(table, 10_002)).toEqual([]);
  });

  it('is not taken for one of what was sent afterwards', () => {
    const table = openTable(planOf(keyOf('a')));
    clearCooldowns(table, {}, at(1));
    const late = send(table, 'a', 2);
    settle(table, late, retryAfter(60_000), { ...at(3), told });
    expect(tryReserve(table, candidateOf(table, 'a'), 4)).toBe('cooled');
  });
});

describe('clearCooldowns', () => {
  it('frees one key of all that binds it, or a provider, or everything', () => {
    const plan = planOf(
      keyOf('a', { domain: ['org-1'] }),
      keyOf('b', { domain: ['org-1'] }),
      keyOf('c'),
    );
    const cooled = () => {
      const table = openTable(plan);
      for (const [key, verdict] of [
        ['a', dead],
        ['b', retryAfter(9000)],
        ['c', funds],
      ] as const) {
        attempt(table, key, verdict, 0);
      }
      return table;
    };
    const table = cooled();
    expect(eligibleKeys(table, 1)).toEqual([]);
    expect(clearCooldowns(table, { provider: 'openai', key: 'b' }, at(1))).toMatchObject([
      { action: 'cleared', scopeId: 'node_group:openai/org-1#gpt-5', endsAt: 0 },
    ]);
    expect(eligibleKeys(table, 1)).toEqual(['b']);
    expect(clearCooldowns(table, { provider: 'other' }, at(1))).toEqual([]);
    expect(clearCooldowns(table, { provider: 'openai' }, at(1))).toHaveLength(2);
    expect(clearCooldowns(cooled(), {}, at(1))).toHaveLength(3);
    expect(eligibleKeys(table, 1)).toEqual(['a', 'b', 'c']);
  });
});

describe('carryOver', () => {
  it('keeps what binds longest where a node that had two keys has one, which needs fewer places', () => {
    const shared = { domain: ['org-1'] };
    const before = openTable(planOf(keyOf('a', shared), keyOf('b', shared)));
    const refusals = (
      [
        ['requests_minute', 9000],
        ['tokens_minute', 20_000],
        ['requests_day', 50_000],
        ['tokens_day', 40_000],
      ] as const
    ).map(([dimension, endsInMs]) => {
      const sent = send(before, 'a', 0);
      return () => settle(before, sent, retryAfter(endsInMs, { dimension }), at(0));
    });
    for (const refuse of refusals) refuse();
    expect(listCooldowns(before, at(0))).toHaveLength(4);
    const alone = openTable(planOf(keyOf('a', shared)));
    expect(carryOver(before, alone)).toEqual([]);
    expect(listCooldowns(alone, at(0)).map(({ dimension }) => dimension)).toEqual([
      'requests_day',
      'tokens_day',
      'tokens_minute',
    ]);
    expect(eligibleKeys(alone, 49_000)).toEqual([]);
    expect(eligibleKeys(alone, 51_000)).toEqual(['a']);
    const again = openTable(planOf(keyOf('a', shared), keyOf('b', shared)));
    carryOver(alone, again);
    expect(listCooldowns(again, at(0))).toHaveLength(3);
    expect(eligibleKeys(again, 49_000)).toEqual([]);
  });

  it('brings cooldowns, strikes, counters and windows into the next table by id', () => {
    const before = openTable(planOf(keyOf('a'), keyOf('b'), keyOf('gone')));
    attempt(before, 'a', funds, 0);
    attempt(before, 'b', SUCCESS, 0);
    const pool = before.plan.pools.get('chat');
    if (pool === undefined) throw new Error('no pool');
    countRequest(before, pool, 0);
    const plan = planKeys({
      providers: [
        providerOf('first', [keyOf('x')]),
        providerOf('openai', [keyOf('b'), keyOf('new'), keyOf('a')]),
      ],
      pools: [poolOf('early', [targetOf('first')]), poolOf('chat', [targetOf('openai')])],
    });
    const after = openTable(plan);
    expect(carryOver(before, after)).toEqual([]);
    expect(generationOf(after)).toBe(generationOf(before) + 1);
    expect(eligibleKeys(after, 1)).toEqual(['b', 'new']);
    expect(listCooldowns(after, at(1))).toEqual(listCooldowns(before, at(1)));
    expect(describeKeys(after, 1, () => '').find(({ key }) => key === 'b')).toMatchObject({
      attempts: 1,
      successes: 1,
    });
    const chat = plan.pools.get('chat');
    expect(chat === undefined ? 0 : requestsOf(after, chat, 1)).toBe(1);
    expect(send(after, 'b', 1).sendSeq).toBeGreaterThan(send(before, 'b', 1).sendSeq);
  });

  it('forgets what was learned about a credential that was replaced and a provider that moved, and says so', () => {
    const before = openTable(planOf(keyOf('a'), keyOf('b', { domain: ['org'] })));
    attempt(before, 'a', dead, 0);
    attempt(before, 'b', funds, 0);
    const replaced = openTable(
      planOf(
        keyOf('a', { fingerprint: 'new' }),
        keyOf('b', { domain: ['org'], fingerprint: 'new' }),
      ),
    );
    expect(carryOver(before, replaced)).toMatchObject([
      { action: 'cleared', scopeId: 'key:openai/a' },
    ]);
    expect(eligibleKeys(replaced, 1)).toEqual(['a']);
    const moved = openTable(
      planKeys({
        providers: [
          {
            ...providerOf('openai', [keyOf('a'), keyOf('b', { domain: ['org'] })]),
            baseUrl: 'https://elsewhere.test',
          },
        ],
        pools: [poolOf('chat', [targetOf('openai')])],
      }),
    );
    expect(carryOver(before, moved)).toHaveLength(2);
    expect(eligibleKeys(moved, 1)).toEqual(['a', 'b']);
  });

  it('forgets with a replaced credential what was learned in the domain that was the key’s alone, as the configuration writes it', () => {
    const own = { domain: ['~a'], domainPinned: false };
    const before = openTable(planOf(keyOf('a', own), keyOf('b')));
    attempt(before, 'a', funds, 0);
    const rows = listCooldowns(before, at(1));
    const replaced = openTable(planOf(keyOf('a', { ...own, fingerprint: 'new' }), keyOf('b')));
    expect(carryOver(before, replaced)).toMatchObject([
      { action: 'cleared', class: 'funds_exhausted', scope: 'node' },
    ]);
    restoreCooldowns(replaced, rows, at(1));
    expect(eligibleKeys(replaced, 1)).toEqual(['a', 'b']);
  });

  it('lets an attempt of the old table settle safely: accounted there, its cooldown in force in both', () => {
    const before = openTable(planOf(keyOf('a'), keyOf('b')));
    const reservation = send(before, 'a', 0);
    const after = openTable(planOf(keyOf('b'), keyOf('a')));
    carryOver(before, after);
    expect(settle(after, reservation, funds, at(1))).toHaveLength(1);
    expect(describeKeys(before, 2, () => '')[0]).toMatchObject({ inFlight: 0, failures: 1 });
    expect(eligibleKeys(before, 2)).toEqual(['b']);
    expect(eligibleKeys(after, 2)).toEqual(['b']);
    expect(settle(after, reservation, SUCCESS, at(3))).toEqual([]);
  });
});
