import { describe, expect, it } from 'vitest';
import { isRoomCertain } from './certain-room.ts';
import { observeLimits } from './observe-limits.ts';
import { reserve, settle } from './reserve.ts';
import {
  at,
  attempt,
  candidateOf,
  keyOf,
  openTable,
  planOf,
  retryAfter,
  verdictOf,
} from './table-fixture.bench.ts';
import { SUCCESS } from './verdict.ts';

const declared = {
  dimension: 'requests_minute',
  limit: 60,
  refill: 'continuous',
  groups: [],
} as const;

describe('whether the room of a key is certain', () => {
  it('is no where nothing is known of its limits', () => {
    const table = openTable(planOf(keyOf('a')));
    expect(isRoomCertain(table, candidateOf(table, 'a'), 0)).toBe(false);
  });

  it('is yes where they are told or declared', () => {
    const table = openTable(planOf(keyOf('a'), keyOf('b', { limits: [declared] })));
    const open = reserve(table, candidateOf(table, 'a'), 0);
    if (open === null) throw new Error('a cannot be had');
    const told = { dimension: 'requests_minute', limit: 60, remaining: 50, resetInMs: 60_000 };
    observeLimits(table, open, [{ ...told, dimension: 'requests_minute', source: 'header' }], {
      now: 1,
    });
    expect(isRoomCertain(table, candidateOf(table, 'a'), 1)).toBe(true);
    expect(isRoomCertain(table, candidateOf(table, 'b'), 1)).toBe(true);
  });

  it('is yes where they were learned from refusals, as soon as they are', () => {
    const table = openTable(planOf(keyOf('a')));
    const slowDown = verdictOf('slow_down');
    for (let sent = 0; sent < 51; sent += 1) {
      attempt(table, 'a', sent < 50 ? SUCCESS : slowDown, sent * 700);
    }
    expect(isRoomCertain(table, candidateOf(table, 'a'), 36_000)).toBe(true);
  });

  it('is no for two seconds after a cooldown that a provider named the end of', () => {
    const table = openTable(planOf(keyOf('a', { limits: [declared] })));
    const candidate = candidateOf(table, 'a');
    attempt(table, 'a', retryAfter(10_000), 0);
    const endsAt = [...Array(20_000).keys()].find(
      (now) => now > 0 && reserve(table, candidate, now) !== null,
    );
    expect(endsAt).toBeGreaterThanOrEqual(10_000);
    expect(isRoomCertain(table, candidate, (endsAt ?? 0) + 1000)).toBe(false);
    expect(isRoomCertain(table, candidate, (endsAt ?? 0) + 2100)).toBe(true);
  });

  it('is yes again once something has passed, where it was only a guess', () => {
    const table = openTable(planOf(keyOf('a', { limits: [declared] })));
    const candidate = candidateOf(table, 'a');
    attempt(table, 'a', verdictOf('slow_down'), 0);
    let now = 1;
    let open = reserve(table, candidate, now);
    while (open === null) open = reserve(table, candidate, (now += 1));
    expect(isRoomCertain(table, candidate, now)).toBe(false);
    settle(table, open, SUCCESS, at(now + 50));
    expect(isRoomCertain(table, candidate, now + 51)).toBe(true);
  });
});
