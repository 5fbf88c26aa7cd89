import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openKeyTable } from '@keywell/core/keys/key-table';
import { listCooldowns } from '@keywell/core/keys/recover';
import type { CooldownChange } from '@keywell/core/keys/status';
import { lockRecord, unlockRecord } from '@keywell/core/keys/table-journal';
import { aSnapshot } from '@keywell/testkit/a-snapshot';
import { CooldownNotes } from './cooldown-notes.ts';
import { createSharedState, nextSharedState, type SharedState } from './shared-state.ts';

const AT = { now: 1000, wallNow: 1_800_000_000_000 };
const DRY: CooldownChange = {
  action: 'set',
  scopeId: 'node:openai/org-a',
  scope: 'node',
  class: 'funds_exhausted',
  dimension: 'unknown',
  endsAt: AT.wallNow + 300_000,
  authoritative: true,
  strikes: 1,
  evidence: 'insufficient_quota',
};

const snapshotOf = (version: number) =>
  aSnapshot({ version, providers: [{ keys: [{ id: 'a', domain: ['org-a'], weight: version }] }] });

const cooledIn = ({ table }: SharedState): readonly string[] =>
  listCooldowns(table, AT).map(({ scopeId }) => scopeId);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What workers tell of a cooldown that they could not place: one of an older snapshot, and one that has the newest. */
const OLDER = { changes: [DRY], version: 1, unplaced: [] };
const NEWEST = { changes: [DRY], version: 2, unplaced: [{ row: DRY, ...AT, clears: 0 }] };

/** What a worker tells while another holds the record that it is about. */
function tellWhileBusy(told: typeof OLDER | typeof NEWEST) {
  const state = createSharedState(snapshotOf(2), 1);
  const other = openKeyTable(state.plan, state.published.keyCells, { worker: 1, epoch: 1 });
  const record = state.plan.scopeById.get(DRY.scopeId)?.record;
  if (record === undefined) throw new Error(`there is no ${DRY.scopeId}`);
  expect(lockRecord(other, record)).toBe(true);
  const kept: CooldownChange[] = [];
  const notes = new CooldownNotes([], (changes) => kept.push(...changes));
  notes.told(told, state, AT);
  expect(kept).toEqual([DRY]);
  expect(cooledIn(state)).toEqual([]);
  return { state, notes, free: () => unlockRecord(other, record) };
}

describe.each([
  ['a worker of an older snapshot', OLDER],
  ['one that has the newest', NEWEST],
])('a cooldown that %s told while its record was busy', (_who, told) => {
  it('binds as soon as the record is free', () => {
    const { state, free } = tellWhileBusy(told);
    vi.advanceTimersByTime(1000);
    expect(cooledIn(state)).toEqual([]);
    free();
    vi.advanceTimersByTime(100);
    expect(cooledIn(state)).toEqual([DRY.scopeId]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('binds in the table of the snapshot that comes meanwhile', () => {
    const { state, notes } = tellWhileBusy(told);
    const { state: next } = nextSharedState(snapshotOf(3), 1, state);
    notes.replaced(state, next, AT);
    expect(cooledIn(next)).toEqual([DRY.scopeId]);
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(0);
  });
});
