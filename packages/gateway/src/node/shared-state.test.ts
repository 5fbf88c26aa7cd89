import { aSnapshot, type SnapshotSketch } from '@keywell/testkit/a-snapshot';
import { inFlightOf, openKeyTable, type KeyTable } from '@keywell/core/keys/key-table';
import { listCooldowns } from '@keywell/core/keys/recover';
import { reserve, settle, type Reservation } from '@keywell/core/keys/reserve';
import { heldRecords, lockRecord, unlockRecord } from '@keywell/core/keys/table-journal';
import type { Verdict } from '@keywell/core/keys/verdict';
import { describe, expect, it } from 'vitest';
import {
  createSharedState,
  nextSharedState,
  recoverSharedState,
  returnLeftovers,
  type SharedState,
} from './shared-state.ts';

const AT = { now: 0, wallNow: 1e12, random: () => 0 };
const WORKERS = 2;

/** Keys `a` and `b` of one organization. */
function snapshotOf(a: { fingerprint?: string; weight?: number }, more: SnapshotSketch = {}) {
  const keys = [
    { id: 'a', domain: ['org', 'project-a'], ...a },
    { id: 'b', domain: ['org', 'project-b'] },
  ];
  return aSnapshot({ providers: [{ keys }], ...more });
}

const next = (before: SharedState, weight: number): SharedState =>
  nextSharedState(snapshotOf({ weight }, { version: weight }), WORKERS, before).state;

/** The table as worker 1 has it. */
const inWorker = ({ plan, published }: SharedState): KeyTable =>
  openKeyTable(plan, published.keyCells, { worker: 1, epoch: 1 });

function hold(table: KeyTable): Reservation {
  const [candidate] = table.plan.candidates;
  const held = candidate === undefined ? null : reserve(table, candidate, 0);
  if (held === null) throw new Error('nothing could be reserved');
  return held;
}

const verdict = (over: Pick<Verdict, 'class' | 'scope'> & Partial<Verdict>): Verdict => ({
  dimension: 'unknown',
  authoritative: false,
  evidence: '',
  ...over,
});

describe('the state for a snapshot in which a key was replaced', () => {
  it('forgets what was learned about that key alone, and says so', () => {
    const before = createSharedState(snapshotOf({ fingerprint: 'old' }), WORKERS);
    const table = inWorker(before);
    const [dead, organization] = [hold(table), hold(table)];
    settle(table, dead, verdict({ class: 'credential_dead', scope: 'key' }), AT);
    const funds = { class: 'funds_exhausted', scope: 'node', level: 'organization' } as const;
    settle(table, organization, verdict(funds), AT);
    expect(listCooldowns(before.table, AT).map(({ scopeId }) => scopeId)).toEqual([
      'key:openai/a',
      'node:openai/org',
    ]);

    const after = nextSharedState(snapshotOf({ fingerprint: 'new' }), WORKERS, before);
    expect(after.cleared).toMatchObject([{ action: 'cleared', scopeId: 'key:openai/a' }]);
    expect(listCooldowns(after.state.table, AT).map(({ scopeId }) => scopeId)).toEqual([
      'node:openai/org',
    ]);
  });

  it('keeps the tables when only consumers change', () => {
    const before = createSharedState(snapshotOf({}), WORKERS);
    const consumers = [{ id: 'other' }];
    const { state, cleared } = nextSharedState(snapshotOf({}, { consumers }), WORKERS, before);
    expect(state.published.keyCells).toBe(before.published.keyCells);
    expect(state.published.counterCells).toBe(before.published.counterCells);
    expect([cleared, state.former]).toEqual([[], []]);
  });
});

describe('what a dead worker had open', () => {
  it('is recovered in every table in which something of it may be left', () => {
    const oldest = createSharedState(snapshotOf({ weight: 1 }), WORKERS);
    hold(inWorker(oldest));
    const older = next(oldest, 2);
    const now = next(next(older, 3), 4);
    const table = inWorker(oldest);
    lockRecord(table, 1);
    hold(inWorker(now));
    recoverSharedState(now, 1);
    expect(heldRecords(oldest.table)).toEqual([]);
    for (const { table: of } of [oldest, now]) expect(inFlightOf(of, 0)).toBe(0);
  });

  it('is given back later where its record is busy', () => {
    const first = createSharedState(snapshotOf({ weight: 1 }), WORKERS);
    hold(inWorker(first));
    const now = next(first, 2);
    hold(inWorker(now));
    const other = openKeyTable(first.plan, first.published.keyCells, { worker: 2, epoch: 1 });
    lockRecord(other, 1);
    expect(recoverSharedState(now, 1)).toBe(false);
    expect([inFlightOf(first.table, 0), inFlightOf(now.table, 0)]).toEqual([1, 0]);
    expect(returnLeftovers(now)).toBe(false);
    unlockRecord(other, 1);
    expect(returnLeftovers(now)).toBe(true);
    expect(inFlightOf(first.table, 0)).toBe(0);
  });

  it('is not looked for in tables in which nothing runs, nor in too many', () => {
    let state = createSharedState(snapshotOf({ weight: 1 }), WORKERS);
    for (let weight = 2; weight < 5; weight += 1) state = next(state, weight);
    expect(state.former.map(({ table }) => table.plan.candidates[0]?.weight)).toHaveLength(1);
    for (let weight = 5; weight < 40; weight += 1) {
      hold(inWorker(state));
      state = next(state, weight);
    }
    expect(state.former).toHaveLength(16);
  });
});
