import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choose, coolingUntil, createTried, explain } from './choose.ts';
import { needFrom } from './need.ts';
import { observeLimits } from './observe-limits.ts';
import { planKeys } from './plan.ts';
import { reserve, settle } from './reserve.ts';
import {
  at,
  attempt,
  candidateOf,
  eligibleKeys,
  firstTier,
  keyOf,
  openTable,
  planOf,
  poolOf,
  providerOf,
  retryAfter,
  seededRandom,
  targetOf,
  verdictOf,
} from './table-fixture.bench.ts';
import type { Verdict } from './verdict.ts';

const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const ownOrg = (id: string, weight = 1) => keyOf(id, { domain: [`org-${id}`], weight });

/** Shares of 10,000 draws by key. */
function sharesOf(table: ReturnType<typeof openTable>, now: number): Record<string, number> {
  const random = seededRandom(7);
  const shares: Record<string, number> = {};
  for (let draw = 0; draw < 10_000; draw += 1) {
    const id = choose(table, firstTier(table), createTried(), { now, random })?.key.id ?? 'none';
    shares[id] = (shares[id] ?? 0) + 1 / 10_000;
  }
  return shares;
}

describe('choose', () => {
  it('draws by weight, within 2 % of 10,000 draws', () => {
    const shares = sharesOf(
      openTable(planOf(ownOrg('a', 70), ownOrg('b', 20), ownOrg('c', 10))),
      0,
    );
    for (const [id, share] of Object.entries({ a: 0.7, b: 0.2, c: 0.1 })) {
      expect(Math.abs((shares[id] ?? 0) - share)).toBeLessThan(0.02);
    }
  });

  it('keeps the proportions of what is left when most is cooled', () => {
    const table = openTable(
      planOf(ownOrg('a', 900), ownOrg('b', 30), ownOrg('c', 60), ownOrg('d', 10)),
    );
    attempt(table, 'a', retryAfter(60_000), 0);
    const shares = sharesOf(table, 1);
    for (const [id, share] of Object.entries({ b: 0.3, c: 0.6, d: 0.1 })) {
      expect(Math.abs((shares[id] ?? 0) - share)).toBeLessThan(0.02);
    }
    expect(shares['a']).toBeUndefined();
  });

  it('never proposes what is cooled or was tried, and null only when nothing else is left', () => {
    fc.assert(
      fc.property(
        fc.subarray(letters),
        fc.subarray(letters),
        fc.subarray(letters),
        fc.integer(),
        (cooled, tried, domains, seed) => {
          const table = openTable(planOf(...letters.map((id) => ownOrg(id))));
          for (const id of cooled) attempt(table, id, retryAfter(60_000), 0);
          const excluded = createTried();
          for (const id of tried) excluded.candidates.add(candidateOf(table, id).index);
          for (const id of domains) excluded.domains.add(`openai/org-${id}`);
          const left = letters.filter((id) => ![...cooled, ...tried, ...domains].includes(id));
          const chosen = choose(table, firstTier(table), excluded, {
            now: 1,
            random: seededRandom(seed),
          });
          expect(left.length === 0 ? chosen === null : left.includes(chosen?.key.id ?? '')).toBe(
            true,
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('rotates out of a domain and of everything below it, once it was refused there', () => {
    const table = openTable(
      planOf(
        keyOf('a', { domain: ['org-1', 'project-a'] }),
        keyOf('b', { domain: ['org-1', 'project-b'] }),
        keyOf('c', { domain: ['org-2'] }),
      ),
    );
    const ask = (domain: string): string | undefined =>
      choose(
        table,
        firstTier(table),
        { candidates: new Set([2]), domains: new Set([domain]) },
        at(0),
      )?.key.id;
    expect(ask('openai/org-1/project-a')).toBe('b');
    expect(ask('openai/org-1')).toBeUndefined();
  });

  it('stays in bounds when the random source returns 1 or nonsense', () => {
    const table = openTable(planOf(ownOrg('a'), ownOrg('b')));
    for (const value of [0, 0.999_999_999, 1, 7, Number.NaN]) {
      expect(
        choose(table, firstTier(table), createTried(), { now: 0, random: () => value }),
      ).not.toBeNull();
    }
  });

  it('lets smaller needs pass only where the provider’s own numbers show that they fit', () => {
    const refusal = retryAfter(60_000, { dimension: 'tokens_minute', refusedNeed: 5000 });
    const silent = openTable(planOf(ownOrg('a')));
    attempt(silent, 'a', refusal, 0);
    const askFor = (table: typeof silent, tokens: number) =>
      choose(table, firstTier(table), createTried(), { ...at(1), need: needFrom({ tokens }) });
    expect(askFor(silent, 10)).toBeNull();

    const table = openTable(planOf(ownOrg('a')));
    const refused = reserveOf(table, 'a');
    const told = { limit: 10_000, remaining: 4000, resetInMs: 60_000, source: 'header' } as const;
    observeLimits(table, refused, [{ ...told, dimension: 'tokens_minute' }], {
      now: 0,
      refused: true,
    });
    settle(table, refused, refusal, at(0));
    // What it needs is an estimate: a tenth of it has to be left beside it.
    expect(askFor(table, 3636)).not.toBeNull();
    expect(askFor(table, 3637)).toBeNull();
    expect(askFor(table, 5000)).toBeNull();
    expect(choose(table, firstTier(table), createTried(), at(1))).toBeNull();
    expect(reserve(table, candidateOf(table, 'a'), 1)).toBeNull();
    expect(reserve(table, candidateOf(table, 'a'), 1, needFrom({ tokens: 10 }))).not.toBeNull();
    const explained = (tokens: number) =>
      explain(table, firstTier(table), createTried(), { now: 1, need: needFrom({ tokens }) });
    expect(explained(10)).toMatchObject({ eligible: 1, excluded: [], nextInMs: null });
    expect(explained(5000)).toMatchObject({ eligible: 0, blocked: 'time' });
  });
});

describe('explain', () => {
  it('says until when each candidate is kept away, and when the first comes back', () => {
    const table = openTable(planOf(ownOrg('a'), ownOrg('b'), ownOrg('c')));
    settle(table, reserveOf(table, 'a'), retryAfter(8000), at(0, 0));
    settle(table, reserveOf(table, 'b'), retryAfter(20_000), at(0, 0));
    const tried = createTried();
    tried.candidates.add(candidateOf(table, 'c').index);
    expect(explain(table, firstTier(table), tried, { now: 1000 })).toEqual({
      eligible: 0,
      excluded: [
        {
          provider: 'openai',
          key: 'a',
          why: 'window_exhausted_short',
          scope: 'node_group',
          endsInMs: 7000,
        },
        {
          provider: 'openai',
          key: 'b',
          why: 'window_exhausted_short',
          scope: 'node_group',
          endsInMs: 19_000,
        },
        { provider: 'openai', key: 'c', why: 'tried', scope: 'key', endsInMs: null },
      ],
      nextInMs: 7000,
      blocked: 'mixed',
    });
    expect(coolingUntil(table)).toBe(20_000);
  });

  it('takes the longest of a candidate’s cooldowns, a day’s beside a minute’s', () => {
    const table = openTable(planOf(ownOrg('a')));
    const first = reserveOf(table, 'a');
    const second = reserveOf(table, 'a');
    settle(
      table,
      first,
      retryAfter(3_600_000, { class: 'window_exhausted_long', dimension: 'requests_day' }),
      at(0, 0),
    );
    settle(table, second, retryAfter(5000), at(0, 0));
    expect(explain(table, firstTier(table), createTried(), { now: 0 }).nextInMs).toBe(3_600_000);
    expect(eligibleKeys(table, 6000)).toEqual([]);
    expect(eligibleKeys(table, 3_600_001)).toEqual(['a']);
  });

  const dead = verdictOf('credential_dead', { scope: 'key' });
  const blockedBy: readonly [string, readonly Verdict[], string][] = [
    ['limits', [retryAfter(5000), retryAfter(5000)], 'time'],
    ['funds', [verdictOf('funds_exhausted', { scope: 'node' }), retryAfter(5000)], 'time'],
    ['a dead key and a limit', [dead, retryAfter(5000)], 'mixed'],
    [
      'a dead key and a forbidden model',
      [dead, verdictOf('model_forbidden', { scope: 'key_group' })],
      'unavailable',
    ],
    ['nothing, for one of them', [retryAfter(5000)], 'none'],
  ];
  it.each(blockedBy)('tells whether waiting helps against %s', (_, verdicts, blocked) => {
    const table = openTable(planOf(ownOrg('a'), ownOrg('b')));
    for (const [index, verdict] of verdicts.entries())
      attempt(table, letters[index] ?? '', verdict, 0);
    expect(explain(table, firstTier(table), createTried(), { now: 1 }).blocked).toBe(blocked);
  });

  it('names keys whose own list of models keeps them out, and no more than 64 exclusions', () => {
    const keys = Array.from({ length: 100 }, (_, index) => ownOrg(`k${index}`));
    const plan = planKeys({
      providers: [providerOf('openai', [...keys, keyOf('narrow', { models: ['other'] })])],
      pools: [poolOf('chat', [targetOf('openai')])],
    });
    const table = openTable(plan);
    const none = explain(table, firstTier(table), createTried(), { now: 0 });
    expect(none.eligible).toBe(100);
    expect(none.excluded).toEqual([
      {
        provider: 'openai',
        key: 'narrow',
        why: 'model_not_allowed',
        scope: 'none',
        endsInMs: null,
      },
    ]);
    for (const key of keys) attempt(table, key.id, retryAfter(5000), 0);
    expect(explain(table, firstTier(table), createTried(), { now: 1 }).excluded).toHaveLength(64);
  });
});

function reserveOf(table: ReturnType<typeof openTable>, key: string) {
  const reservation = reserve(table, candidateOf(table, key), 0);
  if (reservation === null) throw new Error(`${key} cannot be reserved.`);
  return reservation;
}
