import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choose, createTried } from './choose.ts';
import { describeKeys } from './describe.ts';
import { initKeyTable, openKeyTable, type KeyTable } from './key-table.ts';
import { planKeys } from './plan.ts';
import { clearCooldowns, listCooldowns } from './recover.ts';
import { reserve, settle, settleDeferred } from './reserve.ts';
import { lockRecord, unlockRecord } from './table-journal.ts';
import {
  at,
  attempt,
  candidateOf,
  eligibleKeys,
  endOf,
  firstTier,
  keyOf,
  openTable,
  planOf,
  poolOf,
  providerOf,
  retryAfter,
  send,
  targetOf,
  twoOrgs,
  verdictOf,
  WALL_START,
} from './table-fixture.bench.ts';
import { SUCCESS, UNJUDGED, type Verdict } from './verdict.ts';

const funds = verdictOf('funds_exhausted', { scope: 'node' });
const keyState = (table: KeyTable, key: string, now: number) => {
  const found = describeKeys(table, now, () => '').find((each) => each.key === key);
  if (found === undefined) throw new Error(`There is no key ${key}.`);
  return found;
};

describe('what a verdict cools', () => {
  const key = { scope: 'key' } as const;
  const cases: readonly [string, Verdict, readonly string[]][] = [
    ['the key', verdictOf('credential_dead', key), ['b', 'c']],
    ['the key’s own node', verdictOf('funds_exhausted', { scope: 'node' }), ['b', 'c']],
    ['the project', verdictOf('funds_exhausted', { scope: 'node', level: 'project' }), ['b', 'c']],
    [
      'the organization',
      verdictOf('funds_exhausted', { scope: 'node', level: 'organization' }),
      ['c'],
    ],
    ['the organization’s group', retryAfter(5000, { level: 'organization' }), ['c']],
    ['the model at a node', retryAfter(5000), ['b', 'c']],
    ['the model at a key', verdictOf('model_forbidden', { scope: 'key_group' }), ['b', 'c']],
    ['the way out', verdictOf('region_blocked', { scope: 'egress' }), []],
    ['the endpoint', verdictOf('slow_down', { scope: 'endpoint' }), []],
    ['nothing, for a request that is too large', verdictOf('too_large_for_limit'), ['a', 'b', 'c']],
    ['nothing, for the caller’s fault', verdictOf('caller_fault', key), ['a', 'b', 'c']],
    ['nothing, for what is not understood', verdictOf('unknown', key), ['a', 'b', 'c']],
    ['nothing, for a clock that is off', verdictOf('clock_fault', key), ['a', 'b', 'c']],
    [
      'nothing, for one overload',
      verdictOf('provider_overloaded', { scope: 'endpoint_group' }),
      ['a', 'b', 'c'],
    ],
    [
      'nothing, for one transient failure',
      verdictOf('transient', { scope: 'endpoint' }),
      ['a', 'b', 'c'],
    ],
    [
      'nothing, for one ambiguous failure',
      verdictOf('ambiguous_accept', { scope: 'endpoint' }),
      ['a', 'b', 'c'],
    ],
  ];
  it.each(cases)('%s', (_, verdict, left) => {
    const table = twoOrgs();
    attempt(table, 'a', verdict, 0);
    expect(eligibleKeys(table, 1)).toEqual(left);
  });

  it('tells what was set, with its end on the wall clock', () => {
    expect(
      attempt(twoOrgs(), 'a', retryAfter(30_000, { evidence: 'header.retry-after=30' }), 1000),
    ).toEqual([
      {
        action: 'set',
        scopeId: 'node_group:openai/org-1/project-a#gpt-5',
        scope: 'node_group',
        class: 'window_exhausted_short',
        dimension: 'requests_minute',
        endsAt: WALL_START + 1000 + 30_000 + 500,
        authoritative: true,
        strikes: 0,
        evidence: 'header.retry-after=30',
      },
    ]);
  });
});

describe('the age of evidence', () => {
  it('makes one cooldown of two stragglers of one event, without a second strike', () => {
    const table = twoOrgs();
    const [first, second] = [send(table, 'a', 0), send(table, 'a', 0)];
    expect(settle(table, first, funds, at(10))).toHaveLength(1);
    expect(settle(table, second, funds, at(20))).toEqual([]);
    expect(listCooldowns(table, at(20))).toMatchObject([{ strikes: 1 }]);
    expect(endOf(table, 20)).toBe(10 + 300_000);
  });

  it('lets a straggler bring a later end that the provider named, and no earlier one', () => {
    const table = twoOrgs();
    const sent = [send(table, 'a', 0), send(table, 'a', 0), send(table, 'a', 0)] as const;
    settle(table, sent[0], retryAfter(10_000), at(0, 0));
    settle(table, sent[1], retryAfter(20_000), at(0, 0));
    settle(table, sent[2], retryAfter(5000), at(0, 0));
    expect(endOf(table, 0)).toBe(20_000);
  });

  it('ends a guess by a success that was sent after it, not by one that was sent before', () => {
    const table = twoOrgs();
    const refused = send(table, 'a', 0);
    const before = send(table, 'a', 0);
    settle(table, refused, verdictOf('slow_down'), at(0));
    settle(table, before, SUCCESS, at(500));
    expect(eligibleKeys(table, 999)).not.toContain('a');
    attempt(table, 'a', SUCCESS, 1001);
    attempt(table, 'a', verdictOf('slow_down'), 1002);
    expect(listCooldowns(table, at(1002))).toMatchObject([{ strikes: 1 }]);
  });

  it('doubles a guess with every event that follows on the last without a success', () => {
    const table = twoOrgs();
    let now = 0;
    for (const minutes of [5, 10, 20, 40, 60, 60]) {
      attempt(table, 'a', funds, now);
      expect(endOf(table, now) - now).toBe(minutes * 60_000);
      now = endOf(table, now) + 1;
    }
  });

  it('never ends early what the provider named', () => {
    const table = twoOrgs();
    const [later, refused] = [send(table, 'a', 0), send(table, 'a', 0)];
    settle(table, refused, retryAfter(10_000), at(0));
    settle(table, later, SUCCESS, at(1));
    expect(eligibleKeys(table, 9999)).not.toContain('a');
    expect(eligibleKeys(table, 10_501)).toContain('a');
  });

  it('sets nothing for a failure from before the key was cleared by hand or proven well', () => {
    const table = twoOrgs();
    const [one, two, three] = [send(table, 'a', 0), send(table, 'a', 0), send(table, 'a', 0)];
    settle(table, one, funds, at(0));
    expect(clearCooldowns(table, { provider: 'openai', key: 'a' }, at(1))).toMatchObject([
      { action: 'cleared' },
    ]);
    expect(settle(table, two, funds, at(2))).toEqual([]);
    expect(settle(table, three, retryAfter(5000), at(2))).toEqual([]);
    const slow = send(table, 'a', 3);
    attempt(table, 'a', verdictOf('slow_down'), 3);
    attempt(table, 'a', SUCCESS, 2000);
    expect(settle(table, slow, verdictOf('slow_down'), at(2001))).toEqual([]);
    expect(eligibleKeys(table, 2003)).toContain('a');
  });

  it('holds an end that the provider names, although a later attempt was well and ended an older guess', () => {
    const table = twoOrgs();
    attempt(table, 'a', verdictOf('slow_down'), 0);
    const overtaken = send(table, 'a', 2000);
    attempt(table, 'a', SUCCESS, 2001);
    settle(table, overtaken, retryAfter(5000), at(2002, 0));
    expect(endOf(table, 2003)).toBe(7002);
    attempt(table, 'b', SUCCESS, 2004);
    expect(eligibleKeys(table, 2005)).not.toContain('a');
  });

  it('never moves an end earlier, whatever comes in whatever order', () => {
    const verdicts = [
      funds,
      verdictOf('slow_down'),
      retryAfter(5000),
      retryAfter(90_000),
      retryAfter(7_200_000),
      verdictOf('window_exhausted_short', { dimension: 'tokens_minute' }),
      verdictOf('window_exhausted_long', { dimension: 'requests_day', scope: 'node' }),
    ];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(19), fc.constantFrom(...verdicts), fc.nat(40_000)), {
          maxLength: 20,
        }),
        (steps) => {
          const table = twoOrgs();
          const sent = Array.from({ length: 20 }, () => send(table, 'a', 0));
          let now = 0;
          let latest = 0;
          for (const [which, verdict, waitMs] of steps) {
            now += waitMs;
            const reservation = sent[which];
            if (reservation === undefined || reservation.settled) continue;
            settle(table, reservation, verdict, at(now));
            const end = endOf(table, now);
            expect(end).toBeGreaterThanOrEqual(latest > now ? latest : 0);
            latest = end;
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('ends a guess about concurrency with the next completion, whenever that was sent', () => {
    const table = twoOrgs();
    const [running, refused] = [send(table, 'a', 0), send(table, 'a', 0)];
    settle(
      table,
      refused,
      verdictOf('concurrency', { scope: 'node', dimension: 'concurrency' }),
      at(0),
    );
    expect(eligibleKeys(table, 1)).not.toContain('a');
    expect(settle(table, running, SUCCESS, at(2))).toMatchObject([{ action: 'cleared' }]);
    expect(eligibleKeys(table, 3)).toContain('a');
  });
});

describe('reservations', () => {
  it('count what is in flight and how attempts ended; what the caller did is neither success nor failure', () => {
    const table = twoOrgs();
    for (const verdict of [SUCCESS, UNJUDGED, verdictOf('transient', { scope: 'endpoint' })])
      attempt(table, 'a', verdict, 0);
    send(table, 'a', 0);
    expect(keyState(table, 'a', 0)).toMatchObject({
      attempts: 4,
      successes: 1,
      failures: 1,
      inFlight: 1,
      state: 'ready',
    });
  });

  it('settle once: a second call changes nothing and is counted', () => {
    const table = twoOrgs();
    const reservation = send(table, 'a', 0);
    settle(table, reservation, SUCCESS, at(0));
    expect(settle(table, reservation, funds, at(0))).toEqual([]);
    expect(table.settledTwice).toBe(1);
    expect(keyState(table, 'a', 0)).toMatchObject({
      attempts: 1,
      successes: 1,
      failures: 0,
      inFlight: 0,
    });
  });

  it('are refused while something cools the candidate, and for a candidate of another plan', () => {
    const table = twoOrgs();
    attempt(table, 'a', retryAfter(5000), 0);
    expect(reserve(table, candidateOf(table, 'a'), 1)).toBeNull();
    expect(reserve(table, candidateOf(twoOrgs(), 'c'), 1)).toBeNull();
    expect(keyState(table, 'a', 0).attempts).toBe(1);
  });

  it('wait with their settlement while another holds the record, and are made up for by the next', () => {
    const plan = planOf(keyOf('a'), keyOf('b'));
    const buffer = new ArrayBuffer(plan.byteLength(3));
    initKeyTable(plan, buffer);
    const table = openKeyTable(plan, buffer, { worker: 1, epoch: 1 });
    const other = openKeyTable(plan, buffer, { worker: 2, epoch: 1 });
    const [first, second] = [send(table, 'a', 0), send(table, 'a', 0)];
    lockRecord(other, 0);
    expect(choose(table, firstTier(table), createTried(), at(0, 0))?.key.id).toBe('a');
    expect(reserve(table, candidateOf(table, 'a'), 0)).toBeNull();
    expect(settle(table, first, funds, at(1))).toEqual([]);
    expect(settleDeferred(table)).toEqual([]);
    unlockRecord(other, 0);
    expect(
      settle(openKeyTable(plan, buffer, { worker: 1, epoch: 1 }), second, UNJUDGED, at(2)),
    ).toHaveLength(1);
    expect(keyState(table, 'a', 3)).toMatchObject({ inFlight: 0, failures: 1, state: 'cooled' });
  });

  it('describe a key as partly cooled when only some of its models are', () => {
    const table = openTable(
      planKeys({
        providers: [providerOf('openai', [keyOf('a')])],
        pools: [poolOf('chat', [targetOf('openai'), targetOf('openai', { model: 'gpt-4' })])],
      }),
    );
    expect(keyState(table, 'a', 0).state).toBe('ready');
    attempt(table, 'a', retryAfter(5000), 0);
    const state = keyState(table, 'a', 125);
    expect(state.state).toBe('partly_cooled');
    expect(state.cooldowns).toMatchObject([
      { scopeId: 'node_group:openai/key:a#gpt-5', endsInMs: 5000 },
    ]);
    settle(table, send(table, 'a', 200, 'gpt-4'), funds, at(200));
    expect(keyState(table, 'a', 201).state).toBe('cooled');
  });
});
