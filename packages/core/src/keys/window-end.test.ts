import { describe, expect, it, test } from 'vitest';
import type { KeyTable } from './key-table.ts';
import { describeLimits } from './describe-limits.ts';
import { observeLimits } from './observe-limits.ts';
import type { Reservation } from './reserve.ts';
import { keyOf, openTable, planOf, seededRandom, send } from './table-fixture.bench.ts';
import { windowEnd } from './window-end.ts';

const MINUTE = 60_000;

type Said = readonly [left: number, resetInMs: number, now: number];

function tell(table: KeyTable, attempt: Reservation, ...[left, resetInMs, now]: Said): void {
  const told = {
    dimension: 'requests_minute' as const,
    limit: 100,
    remaining: left,
    resetInMs,
    refill: 'window' as const,
    reset: 'window_end' as const,
    source: 'header' as const,
  };
  observeLimits(table, attempt, [told], { now });
}

function known(table: KeyTable, now: number): { readonly left: number; readonly endsAt: number } {
  const [limit] = describeLimits(table, now);
  if (limit === undefined) throw new Error('no limit is known');
  return { left: limit.remaining, endsAt: now + (limit.resetInMs ?? 0) };
}

describe('the end of a window', () => {
  it('is the earliest that several answers allow, however late the next is heard', () => {
    const table = openTable(planOf(keyOf('a')));
    const quick = send(table, 'a', 1000);
    const slow = send(table, 'a', 1100);
    tell(table, quick, 80, 58_950, 1100);
    expect(known(table, 1100).endsAt).toBe(60_050);
    // written at 1150, heard with the whole of a long answer
    tell(table, slow, 79, 58_850, 9000);
    expect(known(table, 9000).endsAt).toBe(60_050);
  });

  it('moves where an answer says of it what cannot be so otherwise', () => {
    const table = openTable(planOf(keyOf('a')));
    tell(table, send(table, 'a', 1000), 80, 20_000, 1100);
    tell(table, send(table, 'a', 2000), 79, 40_000, 2100);
    expect(known(table, 2100).endsAt).toBe(42_100);
  });

  it('leaves the next window alone when the news was of the one before', () => {
    const table = openTable(planOf(keyOf('a')));
    tell(table, send(table, 'a', 50_000), 40, 10_000, 50_000);
    const late = send(table, 'a', 59_000);
    send(table, 'a', 60_500);
    expect(known(table, 60_500)).toEqual({ left: 99, endsAt: 2 * MINUTE });
    tell(table, late, 3, 950, 64_000);
    expect(known(table, 64_000)).toEqual({ left: 99, endsAt: 2 * MINUTE });
  });
});

describe('attempts that are sent at once', () => {
  /** 20 sent in the millisecond in which a window of 100 opens. */
  function opened(): { readonly table: KeyTable; readonly burst: readonly Reservation[] } {
    const table = openTable(planOf(keyOf('a')));
    tell(table, send(table, 'a', 0), 50, 1000, 10);
    return { table, burst: Array.from({ length: 20 }, () => send(table, 'a', 2000)) };
  }

  it('do not raise what is left by overtaking each other', () => {
    const { table, burst } = opened();
    expect(known(table, 2000).left).toBe(80);
    for (const attempt of burst.slice(-3)) tell(table, attempt, 99, 58_980, 2400);
    expect(known(table, 2400).left).toBe(80);
  });

  it('still lower it, and a difference that they do not explain is believed', () => {
    const { table, burst } = opened();
    const [first] = burst;
    if (first === undefined) throw new Error('nothing was sent');
    tell(table, first, 60, 58_980, 2400);
    expect(known(table, 2400).left).toBe(41);
    tell(table, send(table, 'a', 2500), 75, 58_490, 2600);
    expect(known(table, 2600).left).toBe(75);
  });
});

test('a told end is the known or the latest one, and never before the earliest', () => {
  const random = seededRandom(11);
  for (let turn = 0; turn < 2000; turn += 1) {
    const earliest = Math.floor(random() * 200_000);
    const latest = earliest + Math.floor(random() * 90_000);
    const now = Math.floor(random() * 200_000);
    const held = Math.floor(random() * 300_000);
    const end = windowEnd({ known: held, spanMs: MINUTE, earliest, latest, now });
    expect([held, latest]).toContain(end.resetAt);
    expect(end.resetAt).toBeGreaterThanOrEqual(earliest);
    expect(end.isOver ? Math.min(held, held - MINUTE) : -1).toBeLessThanOrEqual(now);
    const first = windowEnd({ known: 0, spanMs: MINUTE, earliest: earliest + 1, latest, now });
    expect(first).toEqual({ resetAt: latest, isOver: false });
  }
});
