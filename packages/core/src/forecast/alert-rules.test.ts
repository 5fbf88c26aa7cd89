import { describe, expect, it } from 'vitest';
import type { CooldownChange } from '../keys/status.ts';
import { AlertBook, type AlertRule } from './alert-rules.ts';
import type { DimensionForecast, PoolForecast } from './forecast.ts';

const MINUTE = 60_000;
const RULE: AlertRule = { id: 'low', pool: null, belowPercent: 10, etaBelowMs: null };

const pool = (more: Partial<DimensionForecast>, eligible = 1): PoolForecast => ({
  pool: 'chat',
  state: eligible > 0 ? 'ready' : 'exhausted',
  candidates: 2,
  eligible,
  nextInMs: null,
  exhaustsInMs: null,
  requestsPerMinute: 1,
  dimensions: [
    {
      dimension: 'tokens_day',
      domains: { known: 2, all: 2 },
      left: 50,
      limit: 100,
      percentLeft: 50,
      burnPerMinute: 1,
      state: 'draining',
      exhaustsInMs: null,
      recoversInMs: null,
      seasonal: false,
      ...more,
    },
  ],
});
const at = (now: number) => ({ now, wallNow: now });
const kinds = (changes: ReturnType<AlertBook['look']>) => changes.raised.map(({ kind }) => kind);

describe('alerts', () => {
  it('a pool that runs low is told once, and again only after it was well for a minute', () => {
    const book = new AlertBook();
    const look = (percentLeft: number, now: number) =>
      kinds(book.look([RULE], [pool({ percentLeft })], at(now)));
    expect(look(12, 0)).toEqual([]);
    expect(look(9, 1)).toEqual(['pool_running_low']);
    expect(look(8, 2)).toEqual([]);
    // Above the threshold but inside its margin: neither well nor told again.
    expect(look(12, 3)).toEqual([]);
    expect(look(9, 10 * MINUTE)).toEqual([]);
    expect(look(40, 11 * MINUTE)).toEqual([]);
    expect(look(9, 11 * MINUTE + 1000)).toEqual([]);
    expect(look(40, 12 * MINUTE)).toEqual([]);
    expect(look(40, 13 * MINUTE)).toEqual([]);
    expect(look(9, 14 * MINUTE)).toEqual(['pool_running_low']);
  });

  it('a rule about time fires by the expected end, and names it', () => {
    const book = new AlertBook();
    const rules = [{ ...RULE, belowPercent: null, etaBelowMs: 60 * MINUTE }];
    expect(kinds(book.look(rules, [pool({ exhaustsInMs: 61 * MINUTE })], at(0)))).toEqual([]);
    const { raised } = book.look(rules, [pool({ exhaustsInMs: 30 * MINUTE })], at(1));
    expect(raised[0]?.message).toBe('Pool chat is expected to run dry in 30 min.');
  });

  it('limits per minute, and those that only some domains tell, raise nothing', () => {
    const book = new AlertBook();
    const minute = pool({ dimension: 'tokens_minute', percentLeft: 0 });
    const partly = pool({ percentLeft: 0, domains: { known: 1, all: 2 } });
    expect(kinds(book.look([RULE], [minute], at(0)))).toEqual([]);
    expect(kinds(book.look([RULE], [partly], at(0)))).toEqual([]);
  });

  it('a rule for one pool does not speak of another', () => {
    const rules = [{ ...RULE, pool: 'other' }];
    expect(kinds(new AlertBook().look(rules, [pool({ percentLeft: 1 })], at(0)))).toEqual([]);
  });

  it('a pool that flaps is exhausted once and recovers once', () => {
    const book = new AlertBook();
    const told: string[] = [];
    for (let second = 0; second < 600; second += 5) {
      const flapping = second < 300 && second % 10 === 0 ? 0 : 1;
      told.push(...kinds(book.look([], [pool({}, flapping)], at(second * 1000))));
    }
    expect(told).toEqual(['pool_exhausted', 'pool_recovered']);
  });

  it('a pool that is removed while exhausted did not recover', () => {
    const book = new AlertBook();
    book.look([], [pool({}, 0)], at(0));
    book.look([], [], at(1));
    const { raised, ended } = book.look([], [], at(2 * MINUTE));
    expect(raised).toEqual([]);
    expect(ended).toEqual([{ kind: 'pool_exhausted', subject: 'pool:chat', rule: '' }]);
  });

  it('an account without money and a dead key are told once each, until they are well', () => {
    const book = new AlertBook();
    const change = (more: Partial<CooldownChange>): CooldownChange => ({
      action: 'set',
      scopeId: 'node:openai/org-1',
      scope: 'node',
      class: 'funds_exhausted',
      dimension: 'spend',
      endsAt: 10 * MINUTE,
      authoritative: false,
      strikes: 0,
      evidence: 'body.code=insufficient_quota',
      ...more,
    });
    const dead = { scopeId: 'key:openai/a', class: 'credential_dead' } as const;
    book.noteCooldowns([change({}), change(dead), change({ class: 'slow_down' })]);
    expect(kinds(book.look([], [], at(0)))).toEqual(['funds_exhausted', 'credential_dead']);
    // Refused again just before its end: the same trouble.
    book.noteCooldowns([change({ endsAt: 30 * MINUTE, strikes: 1 })]);
    expect(kinds(book.look([], [], at(10 * MINUTE - 1)))).toEqual([]);
    book.noteCooldowns([change({ action: 'cleared', endsAt: 0 })]);
    expect(book.look([], [], at(11 * MINUTE)).ended).toEqual([]);
    expect(book.look([], [], at(12 * MINUTE)).ended).toHaveLength(2);
    book.noteCooldowns([change({ endsAt: 60 * MINUTE })]);
    expect(kinds(book.look([], [], at(13 * MINUTE)))).toEqual(['funds_exhausted']);
  });

  it('what an earlier run raised is not raised again', () => {
    const book = new AlertBook();
    book.restore([{ kind: 'pool_exhausted', subject: 'pool:chat', rule: '' }]);
    expect(kinds(book.look([], [pool({}, 0)], at(0)))).toEqual([]);
  });

  it('a call at an unknown price is told once, with the targets, until every target has a price', () => {
    const book = new AlertBook();
    const look = (attempts: number, targets: readonly string[], now: number) => {
      book.noteUnpriced({ attempts, targets });
      return book.look([], [], at(now));
    };
    const targets = ['local/llama', 'local/qwen', 'a/b', 'c/d', 'e/f', 'g/h'];
    expect(kinds(look(0, targets, 0))).toEqual([]);
    const [alert] = look(1, targets, 1).raised;
    expect(alert).toMatchObject({ kind: 'price_unknown', subject: 'prices', pool: null });
    expect(alert?.message).toContain('local/llama, local/qwen, a/b, c/d, e/f and 1 more');
    expect(kinds(look(7, targets, 2))).toEqual([]);
    expect(look(7, targets, 10 * MINUTE).ended).toEqual([]);
    expect(look(7, [], 11 * MINUTE).ended).toEqual([]);
    expect(look(7, [], 12 * MINUTE).ended).toHaveLength(1);
    expect(kinds(look(8, targets, 13 * MINUTE))).toEqual(['price_unknown']);
  });
});
