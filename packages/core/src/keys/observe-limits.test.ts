import { describe, expect, it } from 'vitest';
import { carryOver, listCooldowns, recoverWorker } from './recover.ts';
import { describeLimits, type LimitStatus } from './describe-limits.ts';
import { initKeyTable, openKeyTable, type KeyTable } from './key-table.ts';
import { limitCount } from './limit-counts.ts';
import type { LimitObservation } from './limit-observation.ts';
import { needFrom, NOTHING_CHARGED, type Need } from './need.ts';
import { observeLimits } from './observe-limits.ts';
import { planKeys } from './plan.ts';
import { settle, tryReserve, type Reservation } from './reserve.ts';
import {
  at,
  candidateOf,
  keyOf,
  openTable,
  planOf,
  poolOf,
  providerOf,
  retryAfter,
  targetOf,
  verdictOf,
} from './table-fixture.bench.ts';
import { SUCCESS, type Dimension } from './verdict.ts';

const MINUTE = 60_000;

const told = (
  dimension: Dimension,
  limit: number | null,
  remaining: number | null,
  more: Partial<LimitObservation> = {},
): LimitObservation => ({
  dimension,
  limit,
  remaining,
  resetInMs: MINUTE,
  source: 'header',
  ...more,
});

function sendFor(table: KeyTable, key: string, now: number, need?: Need): Reservation {
  const taken = tryReserve(table, candidateOf(table, key), now, need);
  if (typeof taken === 'string') throw new Error(`${key} is ${taken} at ${now}`);
  return taken;
}

function limitOf(table: KeyTable, dimension: Dimension, now: number): LimitStatus {
  const found = describeLimits(table, now).find((each) => each.dimension === dimension);
  if (found === undefined) throw new Error(`no limit of ${dimension} is known`);
  return found;
}

const left = (table: KeyTable, dimension: Dimension, now: number): number =>
  limitOf(table, dimension, now).remaining;

const oneKey = (): KeyTable => openTable(planOf(keyOf('a')));

describe('what is left of a limit', () => {
  it('is what was told, less what was sent after the attempt that told it', () => {
    const table = oneKey();
    const first = sendFor(table, 'a', 0);
    sendFor(table, 'a', 1);
    sendFor(table, 'a', 2);
    observeLimits(table, first, [told('requests_minute', 100, 50)], { now: 3 });
    expect(left(table, 'requests_minute', 3)).toBe(48);
  });

  it('follows the order of sending when responses come back in another', () => {
    const table = oneKey();
    const [first, second, third] = [0, 1, 2].map((now) => sendFor(table, 'a', now));
    if (first === undefined || second === undefined || third === undefined) throw new Error('none');
    observeLimits(table, third, [told('requests_minute', 100, 47)], { now: 10 });
    expect(left(table, 'requests_minute', 10)).toBe(47);
    observeLimits(table, first, [told('requests_minute', 100, 49)], { now: 11 });
    expect(left(table, 'requests_minute', 11)).toBe(47);
    settle(table, second, SUCCESS, at(12));
    observeLimits(table, second, [told('requests_minute', 100, 99)], { now: 12 });
    expect(left(table, 'requests_minute', 12)).toBe(47);
  });

  it('leaves out what open attempts of any age may still be charged, and what they were is charged at their end', () => {
    const table = oneKey();
    const streams = needFrom(
      { tokens: 300, inputTokens: 100, outputTokens: 200 },
      { tokens: 200, outputTokens: 200 },
    );
    const older = sendFor(table, 'a', 0, streams);
    const newer = sendFor(table, 'a', 1, streams);
    observeLimits(table, newer, [told('tokens_minute', 10_000, 5000)], { now: 2 });
    expect(left(table, 'tokens_minute', 2)).toBe(5000 - 2 * 200);
    settle(table, older, SUCCESS, { ...at(3), charged: [1, 150, 100, 50, 0, 0] });
    expect(left(table, 'tokens_minute', 3)).toBe(5000 - 200 - 50);
    settle(table, newer, SUCCESS, { ...at(4), charged: [1, 100, 100, 0, 0, 0] });
    expect(left(table, 'tokens_minute', 4)).toBe(5000 - 50);
    expect(limitOf(table, 'tokens_minute', 4).reserved).toBe(0);
  });

  it('gets back what was taken at once and not used, where the provider gives it back', () => {
    const table = oneKey();
    const open = sendFor(table, 'a', 0, needFrom({ tokens: 1000 }));
    observeLimits(table, open, [told('tokens_minute', 10_000, 9000)], { now: 1 });
    settle(table, open, SUCCESS, { ...at(2), charged: [1, 400, 0, 0, 0, 0] });
    expect(left(table, 'tokens_minute', 2)).toBe(9600);
  });

  it('takes a refused attempt for not included in the numbers that came with it', () => {
    const table = oneKey();
    const refused = sendFor(table, 'a', 0, needFrom({ tokens: 1000 }));
    observeLimits(table, refused, [told('tokens_minute', 10_000, 700)], { now: 1, refused: true });
    settle(
      table,
      refused,
      retryAfter(10, { dimension: 'tokens_minute', refusedNeed: 1000 }),
      at(1, 0),
    );
    expect(left(table, 'tokens_minute', 1)).toBe(700);
  });

  it('and what its verdict cools are the same whether the numbers come before the verdict or with it', () => {
    const observations = [told('tokens_minute', 10_000, 700), told('requests_minute', 100, 0)];
    const verdict = retryAfter(40_000, { dimension: 'tokens_minute', refusedNeed: 1000 });
    const [before, together] = [oneKey(), oneKey()].map((table, which) => {
      const refused = sendFor(table, 'a', 0, needFrom({ tokens: 1000 }));
      sendFor(table, 'a', 0, needFrom({ tokens: 50 }));
      if (which === 0) observeLimits(table, refused, observations, { now: 1, refused: true });
      const withIt = which === 0 ? undefined : { observations, refused: true };
      settle(table, refused, verdict, { ...at(1, 0), told: withIt });
      return [describeLimits(table, 1), listCooldowns(table, at(1))];
    });
    expect(together).toEqual(before);
    expect(together?.[0]).toHaveLength(2);
    expect(together?.[1]).toMatchObject([{ action: 'set' }]);
  });

  it('comes with a verdict to the table that rules by then as well', () => {
    const before = oneKey();
    const refused = sendFor(before, 'a', 0);
    const after = openTable(planOf(keyOf('x'), keyOf('a')));
    carryOver(before, after);
    const observations = [told('requests_minute', 100, 7)];
    const verdict = retryAfter(40_000);
    settle(after, refused, verdict, { ...at(1), told: { observations, refused: true } });
    expect(left(after, 'requests_minute', 1)).toBe(7);
  });

  it('is checked and taken for every limit of every node at once, or for none', () => {
    const table = openTable(
      planOf(keyOf('a', { domain: ['org', 'one'] }), keyOf('b', { domain: ['org', 'two'] })),
    );
    const first = sendFor(table, 'a', 0, needFrom({ tokens: 10 }));
    observeLimits(
      table,
      first,
      [
        told('tokens_minute', 1000, 100, { level: 'organization' }),
        told('requests_minute', 100, 50),
      ],
      { now: 0 },
    );
    settle(table, first, SUCCESS, { ...at(0), charged: [1, 10, 0, 0, 0, 0] });
    const large = needFrom({ tokens: 60 });
    expect(typeof tryReserve(table, candidateOf(table, 'b'), 1, large)).toBe('object');
    expect(tryReserve(table, candidateOf(table, 'a'), 1, large)).toBe('does_not_fit');
    expect(left(table, 'requests_minute', 1)).toBe(50);
    expect(tryReserve(table, candidateOf(table, 'a'), 1, needFrom({ tokens: 1001 }))).toBe(
      'too_large',
    );
  });

  it('counts what runs at the same time against a limit on that', () => {
    const table = oneKey();
    const open = [sendFor(table, 'a', 0), sendFor(table, 'a', 0)];
    observeLimits(table, sendFor(table, 'a', 0), [told('concurrency', 4, 0)], { now: 0 });
    expect(left(table, 'concurrency', 0)).toBe(1);
    sendFor(table, 'a', 1);
    expect(tryReserve(table, candidateOf(table, 'a'), 1)).toBe('does_not_fit');
    for (const each of open) settle(table, each, SUCCESS, at(2));
    expect(left(table, 'concurrency', 2)).toBe(2);
  });
});

describe('how a limit comes back', () => {
  const dry = (more: Partial<LimitObservation> = {}) => {
    const table = oneKey();
    const open = sendFor(table, 'a', 0);
    observeLimits(table, open, [told('requests_minute', 600, 0, more)], { now: 0 });
    settle(table, open, SUCCESS, at(0));
    return table;
  };

  it('is a window’s end while nobody knows better', () => {
    const table = dry();
    expect(limitOf(table, 'requests_minute', 0)).toMatchObject({
      refill: 'unknown',
      resetInMs: MINUTE,
    });
    expect(left(table, 'requests_minute', MINUTE - 1)).toBe(0);
    expect(left(table, 'requests_minute', MINUTE)).toBe(600);
    sendFor(table, 'a', MINUTE);
    expect(left(table, 'requests_minute', MINUTE + 1)).toBe(599);
    expect(left(table, 'requests_minute', 2 * MINUTE)).toBe(600);
  });

  it('is a rate where the vendor refills all the time: what is missing over the time to full', () => {
    const table = dry({ refill: 'continuous', reset: 'full_again', resetInMs: 30_000 });
    expect(limitOf(table, 'requests_minute', 0).rate).toBeCloseTo(600 / 30_000);
    expect(left(table, 'requests_minute', 3000)).toBeCloseTo(60);
    expect(left(table, 'requests_minute', 90_000)).toBe(600);
  });

  it('turns out to be a rate once more is left with no reset in between', () => {
    const table = dry({ reset: 'full_again' });
    const clear = sendFor(table, 'a', MINUTE);
    observeLimits(table, clear, [told('requests_minute', 600, 100, { resetInMs: 50_000 })], {
      now: MINUTE,
    });
    expect(limitOf(table, 'requests_minute', MINUTE).refill).toBe('unknown');
    const next = sendFor(table, 'a', MINUTE + 5000);
    observeLimits(
      table,
      next,
      [told('requests_minute', 600, 150, { reset: 'full_again', resetInMs: 45_000 })],
      { now: MINUTE + 5000 },
    );
    expect(limitOf(table, 'requests_minute', MINUTE + 5000)).toMatchObject({
      refill: 'continuous',
      rate: 450 / 45_000,
    });
  });

  it('stays a window when it rises to nearly all at once, or at its reset', () => {
    for (const [remaining, now] of [
      [599, 20_000],
      [40, MINUTE - 500],
    ] as const) {
      const table = oneKey();
      const [open, next] = [sendFor(table, 'a', 0), sendFor(table, 'a', 0)];
      observeLimits(table, open, [told('requests_minute', 600, 20)], { now: 0 });
      observeLimits(table, next, [told('requests_minute', 600, remaining)], { now });
      expect(limitOf(table, 'requests_minute', now).refill).toBe('unknown');
    }
  });

  it('does not let what came back to a full limit make up for what is used later', () => {
    const table = oneKey();
    const open = sendFor(table, 'a', 0);
    observeLimits(
      table,
      open,
      [told('requests_minute', 60, 60, { refill: 'continuous', reset: 'full_again' })],
      { now: 0 },
    );
    for (let sent = 0; sent < 60; sent += 1) sendFor(table, 'a', 10 * MINUTE);
    expect(tryReserve(table, candidateOf(table, 'a'), 10 * MINUTE)).toBe('does_not_fit');
    expect(left(table, 'requests_minute', 10 * MINUTE + 1000)).toBeCloseTo(1);
  });

  it('is learned anew when the limit changes', () => {
    const table = oneKey();
    const [one, two, three] = [0, 0, 0].map((now) => sendFor(table, 'a', now));
    if (one === undefined || two === undefined || three === undefined) throw new Error('none');
    observeLimits(table, one, [told('requests_minute', 100, 90)], { now: 0 });
    observeLimits(table, two, [told('requests_minute', 1000, null)], { now: 1 });
    expect(limitOf(table, 'requests_minute', 1)).toMatchObject({ limit: 1000, remaining: 988 });
    observeLimits(table, three, [told('requests_minute', 50, null)], { now: 2 });
    expect(limitOf(table, 'requests_minute', 2)).toMatchObject({ limit: 50, remaining: 50 });
  });
});

describe('numbers that cannot be', () => {
  it.each([
    ['-1 for what is not known', told('requests_minute', -1, -1), 0, 0],
    ['nothing at all', told('requests_minute', null, null), 0, 0],
    ['negative ones', told('requests_minute', -5, -7), 0, 1],
    ['no numbers', told('requests_minute', Number.NaN, Number.NaN), 0, 1],
    ['a limit of 0', told('requests_minute', 0, 12), 1, 0],
    ['huge ones', told('requests_minute', Infinity, 1e300), 1, 0],
    ['a reset in the year 9999', told('requests_minute', 10, 5, { resetInMs: 2.5e14 }), 1, 1],
    ['a reset that is past', told('requests_minute', 10, 5, { resetInMs: -9 }), 1, 1],
    ['a reset that is no number', told('requests_minute', 10, 5, { resetInMs: Number.NaN }), 1, 1],
    ['more left than the limit is', told('requests_minute', 10, 50), 1, 0],
  ] as const)('are left out or bounded, and counted: %s', (_, observation, known, implausible) => {
    const table = oneKey();
    observeLimits(table, sendFor(table, 'a', 0), [observation], { now: 0 });
    const limits = describeLimits(table, 0);
    expect(limits).toHaveLength(known);
    expect(limitCount(table, 'implausible')).toBe(implausible);
    for (const { limit, remaining, resetInMs } of limits) {
      expect(limit).toBeGreaterThan(0);
      expect(limit).toBeLessThanOrEqual(1e12);
      expect(remaining).toBeLessThanOrEqual(limit);
      expect(resetInMs).toBeLessThanOrEqual(MINUTE);
    }
  });

  it('are counted by all workers of the node together, and on in the table of the next snapshot', () => {
    const plan = planOf(keyOf('a'));
    const buffer = new ArrayBuffer(plan.byteLength(3));
    initKeyTable(plan, buffer);
    const open = (worker: number, epoch: number) => openKeyTable(plan, buffer, { worker, epoch });
    const tell = (table: KeyTable): void =>
      observeLimits(table, sendFor(table, 'a', 0), [told('tokens_minute', -5, -7)], { now: 0 });
    for (const table of [open(1, 1), open(2, 1), open(2, 2)]) tell(table);
    expect(limitCount(open(0, 1), 'implausible')).toBe(3);
    expect(limitCount(open(0, 1), 'ignored')).toBe(0);
    const next = oneKey();
    carryOver(open(0, 1), next);
    tell(next);
    expect(limitCount(next, 'implausible')).toBe(4);
  });

  it('of a sixth dimension are ignored, and counted', () => {
    const table = oneKey();
    const six = [
      'requests_minute',
      'requests_day',
      'tokens_minute',
      'tokens_day',
      'input_tokens_minute',
      'output_tokens_minute',
    ] as const;
    const tell = (now: number): void =>
      observeLimits(
        table,
        sendFor(table, 'a', now),
        six.map((dimension) => told(dimension, 100, 90)),
        { now },
      );
    tell(0);
    tell(1);
    expect(describeLimits(table, 1).map(({ dimension }) => dimension)).toEqual(six.slice(0, 5));
    expect(limitCount(table, 'ignored')).toBe(2);
  });

  it('never make a limit out of what was left that is too small for a request', () => {
    const table = oneKey();
    observeLimits(table, sendFor(table, 'a', 0), [told('tokens_minute', null, 300)], { now: 0 });
    const taken = tryReserve(table, candidateOf(table, 'a'), 1, needFrom({ tokens: 5000 }));
    expect(taken).toBe('does_not_fit');
  });
});

describe('declared limits', () => {
  const declared = (limit: number, groups: readonly string[] = []) =>
    keyOf('a', {
      limits: [{ dimension: 'requests_minute', limit, refill: 'continuous', groups }],
    });

  it('are accounted for without any header, and come back continuously', () => {
    const table = openTable(planOf(declared(3)));
    for (const now of [0, 0, 300]) sendFor(table, 'a', now);
    expect(tryReserve(table, candidateOf(table, 'a'), 300)).toBe('does_not_fit');
    expect(typeof tryReserve(table, candidateOf(table, 'a'), 20_301)).toBe('object');
    expect(limitOf(table, 'requests_minute', 20_000)).toMatchObject({ source: 'config', limit: 3 });
  });

  it('hold for the groups they name only', () => {
    expect(describeLimits(openTable(planOf(declared(3, ['other-*']))), 0)).toEqual([]);
    expect(describeLimits(openTable(planOf(declared(3, ['gpt-*']))), 0)).toHaveLength(1);
  });

  it('are lowered by what a provider tells, and never raised', () => {
    const table = openTable(planOf(declared(100)));
    const [first, second] = [sendFor(table, 'a', 0), sendFor(table, 'a', 0)];
    observeLimits(table, first, [told('requests_minute', 1000, 990)], { now: 0 });
    expect(limitOf(table, 'requests_minute', 0)).toMatchObject({ limit: 100, remaining: 98 });
    observeLimits(table, second, [told('requests_minute', 1000, 7)], { now: 0 });
    expect(limitOf(table, 'requests_minute', 0)).toMatchObject({ limit: 100, remaining: 7 });
    const third = sendFor(table, 'a', 1);
    observeLimits(table, third, [told('requests_minute', 20, 5)], { now: 1 });
    expect(limitOf(table, 'requests_minute', 1)).toMatchObject({ limit: 20, remaining: 5 });
  });

  it('of a new snapshot hold in its table, beside what was told before', () => {
    const before = openTable(planOf(declared(100), keyOf('b')));
    const known = sendFor(before, 'b', 0);
    observeLimits(before, known, [told('tokens_minute', 500, 400)], { now: 0 });
    const after = openTable(planOf(keyOf('b'), declared(50)));
    carryOver(before, after);
    expect(describeLimits(after, 0)).toMatchObject([
      { node: 'openai/key:b', dimension: 'tokens_minute', limit: 500, remaining: 399 },
      { node: 'openai/key:a', dimension: 'requests_minute', limit: 50, remaining: 50 },
    ]);
    const without = openTable(planOf(keyOf('a')));
    carryOver(before, without);
    expect(describeLimits(without, 0)).toEqual([]);
  });
});

describe('limits and the life of a table', () => {
  it('are shared by targets of one group at a node, and not by those of another', () => {
    const plan = planKeys({
      providers: [providerOf('openai', [keyOf('a')])],
      pools: [
        poolOf('chat', [
          targetOf('openai', { model: 'gpt-5', group: 'gpt' }),
          targetOf('openai', { model: 'gpt-5-mini', group: 'gpt' }),
          targetOf('openai', { model: 'o9', group: 'o' }),
        ]),
      ],
    });
    const table = openTable(plan);
    const open = sendFor(table, 'a', 0);
    observeLimits(table, open, [told('requests_minute', 10, 1)], { now: 0 });
    expect(typeof tryReserve(table, candidateOf(table, 'a', 'gpt-5-mini'), 0)).toBe('object');
    expect(tryReserve(table, candidateOf(table, 'a', 'gpt-5'), 0)).toBe('does_not_fit');
    expect(typeof tryReserve(table, candidateOf(table, 'a', 'o9'), 0)).toBe('object');
    settle(table, open, verdictOf('model_forbidden', { scope: 'key_group' }), at(0));
    expect(plan.candidates.map(({ group }) => group)).toEqual(['gpt', 'gpt', 'o']);
  });

  it('come over to the next table, with what is open taken for charged', () => {
    const before = oneKey();
    const open = sendFor(before, 'a', 0, needFrom({ tokens: 300 }, { tokens: 200 }));
    observeLimits(before, open, [told('tokens_minute', 1000, 800)], { now: 0 });
    const after = openTable(planOf(keyOf('x'), keyOf('a')));
    carryOver(before, after);
    expect(limitOf(after, 'tokens_minute', 0)).toMatchObject({ remaining: 600, reserved: 0 });
    observeLimits(after, open, [told('tokens_minute', 1000, 550)], { now: 1 });
    expect(left(after, 'tokens_minute', 1)).toBe(550);
    expect(left(before, 'tokens_minute', 1)).toBe(350);
  });

  it('get back what a dead worker held, as charged, and frees its places', () => {
    const plan = planOf(keyOf('a'));
    const buffer = new ArrayBuffer(plan.byteLength(3));
    initKeyTable(plan, buffer);
    const dying = openKeyTable(plan, buffer, { worker: 1, epoch: 1 });
    const living = openKeyTable(plan, buffer, { worker: 2, epoch: 1 });
    const need = needFrom({ tokens: 300 }, { tokens: 200 });
    const held = [sendFor(dying, 'a', 0, need), sendFor(dying, 'a', 0, need)];
    const kept = sendFor(living, 'a', 0, need);
    settle(dying, held[0] ?? kept, SUCCESS, { ...at(0), charged: NOTHING_CHARGED });
    observeLimits(living, kept, [told('tokens_minute', 10_000, 9000), told('concurrency', 9, 5)], {
      now: 0,
    });
    // What was given back before the numbers came may be part of them.
    expect(left(living, 'tokens_minute', 0)).toBe(9000 - 200 - 200);
    recoverWorker(plan, buffer, 1);
    expect(limitOf(living, 'tokens_minute', 0)).toMatchObject({
      remaining: 9000 - 200 - 200,
      reserved: 200,
    });
    expect(limitOf(living, 'concurrency', 0).reserved).toBe(1);
    const successor = openKeyTable(plan, buffer, { worker: 1, epoch: 2 });
    expect(sendFor(successor, 'a', 1).lease).toBe(0);
  });
});
