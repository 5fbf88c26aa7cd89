import { describe, expect, it } from 'vitest';
import { choose, createTried } from './choose.ts';
import type { ChooseAt } from './draw.ts';
import { hashOf, mixOf } from './hash.ts';
import { inFlightOf, type KeyTable } from './key-table.ts';
import type { LimitObservation } from './limit-observation.ts';
import { needFrom } from './need.ts';
import { observeLimits } from './observe-limits.ts';
import { planKeys } from './plan.ts';
import { noteFirstContent, reserve, settle } from './reserve.ts';
import {
  at,
  attempt,
  candidateOf,
  firstTier,
  keyOf,
  openTable,
  planOf,
  poolOf,
  providerOf,
  retryAfter,
  seededRandom,
  targetOf,
} from './table-fixture.bench.ts';
import { SUCCESS } from './verdict.ts';
import type { Strategy, TargetRecord } from '../snapshot/snapshot.ts';

const ownOrg = (id: string, weight = 1) => keyOf(id, { domain: [`org-${id}`], weight });

function tellLimit(table: KeyTable, key: string, limit: number, remaining: number): void {
  const now = 0;
  const reservation = reserve(table, candidateOf(table, key), now);
  if (reservation === null) throw new Error(`${key} cannot be had`);
  const told: LimitObservation = {
    dimension: 'requests_minute',
    limit,
    remaining,
    resetInMs: 60_000,
    reset: 'full_again',
    refill: 'continuous',
    source: 'header',
  };
  observeLimits(table, reservation, [told], { now });
  settle(table, reservation, SUCCESS, at(now));
}

/** Shares of so many draws by key, none of which is sent. */
function sharesOf(table: KeyTable, more: Partial<ChooseAt> = {}, draws = 10_000) {
  const random = seededRandom(7);
  const shares: Record<string, number> = {};
  for (let draw = 0; draw < draws; draw += 1) {
    const chosen = choose(table, firstTier(table), createTried(), { now: 1, random, ...more });
    const id = chosen === null ? 'none' : chosen.key.id;
    shares[id] = (shares[id] ?? 0) + 1 / draws;
  }
  return shares;
}

describe('choosing by headroom', () => {
  it('keeps weights of 70, 20 and 10 within 2 points while no limit is near', () => {
    const table = openTable(planOf(ownOrg('a', 70), ownOrg('b', 20), ownOrg('c', 10)));
    for (const id of ['a', 'b', 'c']) tellLimit(table, id, 10_000, 9500);
    const shares = sharesOf(table);
    for (const [id, share] of Object.entries({ a: 0.7, b: 0.2, c: 0.1 })) {
      expect(Math.abs((shares[id] ?? 0) - share)).toBeLessThan(0.02);
    }
  });

  it('prefers the one of two draws that has more left', () => {
    const table = openTable(planOf(ownOrg('a', 2), ownOrg('b', 2)));
    tellLimit(table, 'a', 1000, 200);
    tellLimit(table, 'b', 1000, 900);
    const { a = 0, b = 0 } = sharesOf(table);
    expect(a).toBeCloseTo(0.25, 1);
    expect(b).toBeCloseTo(0.75, 1);
  });

  it('never proposes what the need does not fit into', () => {
    const table = openTable(planOf(ownOrg('a'), ownOrg('b')));
    tellLimit(table, 'a', 1000, 0);
    expect(sharesOf(table)).toEqual({ b: expect.closeTo(1) });
    attempt(table, 'b', retryAfter(60_000), 0);
    expect(sharesOf(table, {}, 10)).toEqual({ none: expect.closeTo(1) });
    expect(sharesOf(table, { now: 361 }, 10)).toEqual({ a: expect.closeTo(1) });
  });

  it('draws by known rates where nobody gave weights: one key of 9,000 among 99 of 10 a minute', () => {
    const small = Array.from({ length: 99 }, (_, index) => ownOrg(`k${index}`));
    const table = openTable(planOf(ownOrg('big'), ...small));
    tellLimit(table, 'big', 9000, 8000);
    for (const { id } of small) tellLimit(table, id, 10, 9);
    const share = sharesOf(table, { now: 1000 })['big'] ?? 0;
    expect(share).toBeGreaterThan(9000 / (9000 + 990) - 0.02);
  });

  it('shares a domain’s known rate among its keys', () => {
    const shared = ['a', 'b', 'c'].map((id) => keyOf(id, { domain: ['org'] }));
    const table = openTable(planOf(...shared, ownOrg('d')));
    tellLimit(table, 'a', 300, 300);
    tellLimit(table, 'd', 300, 300);
    expect(sharesOf(table, { now: 1000 })['d']).toBeCloseTo(0.5, 1);
  });

  it('uses what a window loses at its end first', () => {
    const table = openTable(planOf(ownOrg('a', 2), ownOrg('b', 2)));
    for (const [id, resetInMs] of [
      ['a', 3000],
      ['b', 60_000],
    ] as const) {
      const reservation = reserve(table, candidateOf(table, id), 0);
      if (reservation === null) throw new Error('not had');
      const told = { limit: 100, remaining: 50, resetInMs, source: 'header' } as const;
      observeLimits(table, reservation, [{ ...told, dimension: 'requests_minute' }], { now: 0 });
      settle(table, reservation, SUCCESS, at(0));
    }
    expect(sharesOf(table)['a']).toBeCloseTo(0.75, 1);
  });
});

/** One provider a target, so that each has statistics of its own. */
function tableOf(strategy: Strategy, targets: readonly Partial<TargetRecord>[]): KeyTable {
  const names = targets.map((_, index) => `p${index}`);
  return openTable(
    planKeys({
      providers: names.map((name) => providerOf(name, [keyOf(`k-${name}`)])),
      pools: [
        {
          ...poolOf(
            'chat',
            names.map((name, index) => targetOf(name, targets[index] ?? {})),
          ),
          strategy,
        },
      ],
    }),
  );
}

describe('the strategies of a pool', () => {
  const price = (input: number, output: number) => ({
    price: { inputMicros: input, cachedInputMicros: 0, outputMicros: output },
  });

  it('cheapest goes by what this request costs there, and by nothing unknown while there is a price', () => {
    const table = tableOf('cheapest', [{}, price(1, 100), price(10, 10)]);
    const reads = needFrom({ inputTokens: 1000, outputTokens: 1 });
    const writes = needFrom({ inputTokens: 1, outputTokens: 1000 });
    expect(sharesOf(table, { need: reads }, 50)).toEqual({ 'k-p1': expect.closeTo(1) });
    expect(sharesOf(table, { need: writes }, 50)).toEqual({ 'k-p2': expect.closeTo(1) });
    attempt(table, 'k-p1', retryAfter(60_000), 0);
    attempt(table, 'k-p2', retryAfter(60_000), 0);
    expect(sharesOf(table, {}, 50)).toEqual({ 'k-p0': expect.closeTo(1) });
  });

  it('fastest goes by the time to the first content, and looks at the others now and then', () => {
    const table = tableOf('fastest', [{}, {}, {}]);
    for (const [key, tookMs] of [
      ['k-p0', 900],
      ['k-p1', 200],
      ['k-p2', 500],
    ] as const) {
      const reservation = reserve(table, candidateOf(table, key), 0);
      if (reservation === null) throw new Error('not had');
      noteFirstContent(table, reservation, tookMs);
      settle(table, reservation, SUCCESS, at(1000));
    }
    const shares = sharesOf(table);
    expect(shares['k-p1']).toBeGreaterThan(0.97);
    expect(shares['k-p0']).toBeGreaterThan(0);
  });

  it('least_busy goes where the least is in flight for its weight', () => {
    const table = tableOf('least_busy', [{ weight: 4 }, { weight: 1 }]);
    for (let sent = 0; sent < 3; sent += 1) reserve(table, candidateOf(table, 'k-p0'), 0);
    reserve(table, candidateOf(table, 'k-p1'), 0);
    expect(sharesOf(table, {}, 50)).toEqual({ 'k-p0': expect.closeTo(1) });
    for (let sent = 0; sent < 2; sent += 1) reserve(table, candidateOf(table, 'k-p0'), 0);
    expect(sharesOf(table, {}, 50)).toEqual({ 'k-p1': expect.closeTo(1) });
  });

  it('round_robin takes turns, over what can be used', () => {
    const table = tableOf('round_robin', [{}, {}, {}]);
    const turns = (count: number) =>
      Array.from(
        { length: count },
        () => choose(table, firstTier(table), createTried(), at(1))?.key.id ?? 'none',
      );
    expect(turns(4)).toEqual(['k-p0', 'k-p1', 'k-p2', 'k-p0']);
    attempt(table, 'k-p1', retryAfter(60_000), 0);
    expect(turns(4)).not.toContain('k-p1');
  });
});

describe('affinity', () => {
  const eight = () => openTable(planOf(...'abcdefgh'.split('').map((id) => ownOrg(id))));
  const domainFor = (table: KeyTable, affinity: number, now = 1): string =>
    choose(table, firstTier(table), createTried(), {
      now,
      random: seededRandom(affinity),
      affinity,
    })?.key.id ?? 'none';

  it('keeps calls of one hash together, and spreads hashes over all domains', () => {
    const table = eight();
    const counts = new Map<string, number>();
    for (let hash = 0; hash < 800; hash += 1) {
      const key = domainFor(table, hashOf(`prefix-${hash}`));
      expect(domainFor(table, hashOf(`prefix-${hash}`))).toBe(key);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(8);
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(40);
  });

  it('moves only the calls of a domain that is cooled, and brings them back', () => {
    const table = eight();
    const hashes = Array.from({ length: 200 }, (_, index) => hashOf(`prefix-${index}`));
    const before = hashes.map((hash) => domainFor(table, hash));
    attempt(table, 'c', retryAfter(30_000), 0);
    const during = hashes.map((hash) => domainFor(table, hash));
    expect(during).not.toContain('c');
    const moved = before.filter((key, index) => key !== during[index]);
    expect(moved).toEqual(before.filter((key) => key === 'c'));
    expect(hashes.map((hash) => domainFor(table, hash, 40_000))).toEqual(before);
  });

  it('gives way above 1.25 × the domain’s share of what runs', () => {
    const table = eight();
    const affinity = hashOf('popular');
    const home = domainFor(table, affinity);
    for (let sent = 0; sent < 40; sent += 1) {
      const chosen = choose(table, firstTier(table), createTried(), {
        now: 1,
        random: seededRandom(sent),
        affinity,
      });
      if (chosen !== null) reserve(table, chosen, 1);
    }
    const running = new Map(
      table.plan.keys.map(({ key, index }) => [key.id, inFlightOf(table, index)]),
    );
    expect(running.get(home)).toBeGreaterThan(2);
    expect(running.get(home)).toBeLessThanOrEqual(1.25 * (41 / 8));
    expect([...running.values()].reduce((sum, each) => sum + each, 0)).toBe(40);
  });

  it('mixes hashes into fractions', () => {
    const mixed = Array.from({ length: 1000 }, (_, index) => mixOf(index, 42));
    expect(Math.min(...mixed)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...mixed)).toBeLessThan(1);
    expect(new Set(mixed).size).toBe(1000);
  });
});
