import { describe, expect, it } from 'vitest';
import { type KeyTable } from './key-table.ts';
import { listCooldowns } from './recover.ts';
import { blameEndpoint, settle } from './reserve.ts';
import {
  at,
  attempt,
  endOf,
  seededRandom,
  send,
  twoOrgs,
  verdictOf,
  WALL_START,
} from './table-fixture.bench.ts';
import { SUCCESS } from './verdict.ts';

describe('the breaker of an endpoint', () => {
  const overloaded = verdictOf('provider_overloaded', { scope: 'endpoint_group' });
  const run = (table: KeyTable, bad: number, good: number, verdict = overloaded) => {
    for (let index = 0; index < good; index += 1) attempt(table, 'a', SUCCESS, 5000);
    return Array.from({ length: bad }, () => send(table, 'a', 5000)).flatMap((reservation) =>
      settle(table, reservation, verdict, at(5000)),
    );
  };

  it.each([
    [9, 10, false],
    [10, 10, true],
    [15, 16, false],
    [20, 0, true],
  ])('with %i failures and %i successes in ten seconds: open is %s', (bad, good, open) => {
    const changes = run(twoOrgs(), bad, good);
    expect(changes.map(({ scopeId, endsAt }) => [scopeId, endsAt])).toEqual(
      open ? [['endpoint_group:openai#gpt-5', WALL_START + 6000]] : [],
    );
  });

  it('stays closed at 2 % noise, and for failures that are more than ten seconds apart', () => {
    const table = twoOrgs();
    const random = seededRandom(3);
    for (let index = 0; index < 1000; index += 1) {
      attempt(table, 'a', random() < 0.02 ? overloaded : SUCCESS, index);
    }
    for (let index = 0; index < 40; index += 1)
      attempt(table, 'a', overloaded, 20_000 + index * 1000);
    expect(listCooldowns(table, at(60_000))).toEqual([]);
  });

  it('opens for longer each time nothing was served in between, and counts no straggler', () => {
    const table = twoOrgs();
    const stragglers = Array.from({ length: 30 }, () => send(table, 'a', 5000));
    run(table, 20, 0);
    for (const straggler of stragglers) settle(table, straggler, overloaded, at(5001));
    expect(endOf(table, 5001)).toBe(6000);
    let now = 6001;
    for (const seconds of [2, 4, 8, 16, 30, 30]) {
      attempt(table, 'a', overloaded, now);
      expect(endOf(table, now) - now).toBe(seconds * 1000);
      now = endOf(table, now) + 1;
    }
  });

  it('counts transient failures only where another target showed whose fault they were', () => {
    const table = twoOrgs();
    const transient = verdictOf('transient', { scope: 'endpoint' });
    expect(run(table, 30, 0, transient)).toEqual([]);
    expect(run(table, 20, 0, { ...transient, counts: true })).toHaveLength(1);
    const later = twoOrgs();
    const sent = Array.from({ length: 20 }, () => send(later, 'a', 0));
    for (const reservation of sent) settle(later, reservation, transient, at(1));
    const blamed = sent.flatMap((reservation) =>
      blameEndpoint(later, reservation, transient, at(2)),
    );
    expect(blamed).toMatchObject([{ class: 'transient', scope: 'endpoint_group' }]);
  });

  it.each([
    [3, 0, false],
    [4, 0, true],
    [4, 4, true],
    [4, 5, false],
  ])(
    'with %i connections in vain and %i successes in two seconds: open is %s',
    (bad, good, open) => {
      const unreached = verdictOf('transient', {
        scope: 'endpoint',
        counts: true,
        unreached: true,
      });
      expect(run(twoOrgs(), bad, good, unreached)).toHaveLength(open ? 1 : 0);
    },
  );

  it('stays closed for connections in vain that are seconds apart', () => {
    const table = twoOrgs();
    const unreached = verdictOf('transient', { scope: 'endpoint', counts: true, unreached: true });
    for (let index = 0; index < 19; index += 1) attempt(table, 'a', unreached, index * 1000);
    expect(listCooldowns(table, at(20_000))).toEqual([]);
  });

  it('counts what nobody served once three consumers have met it, and never for fewer', () => {
    const transient = verdictOf('transient', { scope: 'endpoint' });
    const suspect = (consumers: readonly number[], failures: number, good = 0) => {
      const table = twoOrgs();
      const sent = Array.from({ length: failures }, () => send(table, 'a', 0));
      for (let index = 0; index < good; index += 1) attempt(table, 'a', SUCCESS, 0);
      return sent.flatMap((reservation, index) => {
        settle(table, reservation, transient, at(1));
        const suspectedBy = consumers[index % consumers.length] ?? 0;
        return blameEndpoint(table, reservation, transient, { ...at(2), suspectedBy });
      });
    };
    expect(suspect([7], 200)).toEqual([]);
    expect(suspect([7, 8], 200)).toEqual([]);
    expect(suspect([7, 8, 9], 19)).toEqual([]);
    expect(suspect([7, 8, 9], 20, 21)).toEqual([]);
    for (const [consumers, good] of [
      [[7, 8, 9], 20],
      [[31, 32, 63], 0],
    ] as const) {
      expect(suspect(consumers, 20, good)).toMatchObject([
        { action: 'set', class: 'transient', scopeId: 'endpoint_group:openai#gpt-5' },
      ]);
    }
  });

  it('never takes fewer than three consumers for many, however many there are beside each other', () => {
    const transient = verdictOf('transient', { scope: 'endpoint' });
    const table = twoOrgs();
    const meet = (consumer: number, now: number) => {
      const reservation = send(table, 'a', now);
      settle(table, reservation, transient, at(now));
      return blameEndpoint(table, reservation, transient, { ...at(now), suspectedBy: consumer });
    };
    // One after the other and more than ten seconds apart: no ten seconds see three of them.
    for (let index = 0; index < 60; index += 1) {
      for (let call = 0; call < 30; call += 1) expect(meet(index, index * 11_000)).toEqual([]);
    }
  });
});
