import { describe, expect, it } from 'vitest';
import { initKeyTable, openKeyTable, type KeyTable } from './key-table.ts';
import { clearCooldowns, listCooldowns } from './recover.ts';
import { bindAtOnce, placeAgain, restoreCooldowns } from './restore-cooldowns.ts';
import type { CooldownChange } from './status.ts';
import { lockRecord, unlockRecord } from './table-journal.ts';
import {
  at,
  attempt,
  candidateOf,
  eligibleKeys,
  keyOf,
  openTable,
  planOf,
  retryAfter,
  verdictOf,
} from './table-fixture.bench.ts';

const funds = verdictOf('funds_exhausted', { scope: 'node' });

/** What an attempt of another table made of a verdict. */
function rowOf(key: string, verdict = funds, now = 0): CooldownChange {
  const [row] = attempt(openTable(planOf(keyOf('a'), keyOf('b'))), key, verdict, now);
  if (row === undefined) throw new Error('nothing was cooled');
  return row;
}

/** A table as one thread has it, and the record of one of its keys in the hands of another. */
function whileBusy(key: string): { readonly table: KeyTable; free: () => void } {
  const plan = planOf(keyOf('a'), keyOf('b'));
  const buffer = new ArrayBuffer(plan.byteLength(3));
  initKeyTable(plan, buffer);
  const table = openKeyTable(plan, buffer, { worker: 1, epoch: 1 });
  const other = openKeyTable(plan, buffer, { worker: 2, epoch: 1 });
  const record = candidateOf(table, key).locks[0] ?? 0;
  lockRecord(other, record);
  return { table, free: () => unlockRecord(other, record) };
}

const cleared = (row: CooldownChange): CooldownChange => ({
  ...row,
  action: 'cleared',
  endsAt: 0,
});

describe('cooldowns that are restored while their record is busy', () => {
  it('are put into the table once it is free, with the end that they had', () => {
    const { table, free } = whileBusy('a');
    const row = rowOf('a');
    restoreCooldowns(table, [row, rowOf('b')], at(0));
    expect(eligibleKeys(table, 1)).toEqual(['a']);
    placeAgain(table);
    expect(table.unplaced).toHaveLength(1);
    free();
    placeAgain(table);
    expect(table.unplaced).toEqual([]);
    expect(eligibleKeys(table, 500)).toEqual([]);
    expect(listCooldowns(table, at(500))).toContainEqual({ ...row, evidence: '' });
  });

  it('are put into the table that follows it', () => {
    const { table } = whileBusy('a');
    restoreCooldowns(table, [rowOf('a')], at(0));
    const next = openTable(planOf(keyOf('a'), keyOf('b')));
    placeAgain(next, table.unplaced.splice(0));
    expect(eligibleKeys(next, 1)).toEqual(['b']);
  });

  it('keep their order with what comes after them about the same scope', () => {
    const { table, free } = whileBusy('a');
    const row = rowOf('a');
    restoreCooldowns(table, [row], at(0));
    restoreCooldowns(table, [cleared(row)], at(1));
    expect(table.unplaced).toHaveLength(2);
    free();
    placeAgain(table);
    expect(eligibleKeys(table, 2)).toEqual(['a', 'b']);
  });

  it('are kept once however often they are told, with the latest end', () => {
    const { table, free } = whileBusy('a');
    for (let told = 0; told < 100; told += 1) {
      restoreCooldowns(table, [rowOf('a', retryAfter(5000 + (told % 7) * 1000))], at(0));
    }
    expect(table.unplaced).toHaveLength(1);
    free();
    placeAgain(table);
    expect(eligibleKeys(table, 10_999)).toEqual(['b']);
    expect(eligibleKeys(table, 12_000)).toEqual(['a', 'b']);
  });

  it('are not put back where somebody has cleared them by hand meanwhile', () => {
    const { table, free } = whileBusy('a');
    restoreCooldowns(table, [rowOf('a'), rowOf('a', retryAfter(5000))], at(0));
    free();
    clearCooldowns(table, { key: 'a' }, at(1));
    placeAgain(table);
    expect(table.unplaced).toEqual([]);
    expect(eligibleKeys(table, 2)).toEqual(['a', 'b']);
  });

  it('end no guess that is newer than what ended the one before', () => {
    const { table, free } = whileBusy('a');
    const row = rowOf('a');
    restoreCooldowns(table, [cleared(row)], at(10));
    free();
    attempt(table, 'a', funds, 20);
    placeAgain(table);
    expect(eligibleKeys(table, 30)).toEqual(['b']);
  });
});

describe('cooldowns that a thread binds and that another makes up for', () => {
  it('bind at once where no record is busy, and are told where one is', () => {
    const { table } = whileBusy('a');
    const rows = [rowOf('a'), rowOf('b')];
    expect(bindAtOnce(table, rows, at(0)).map(({ row }) => row)).toEqual([rowOf('a')]);
    expect(eligibleKeys(table, 1)).toEqual(['a']);
    expect(table.unplaced).toEqual([]);
  });

  it('end after they began, though the record is free by then', () => {
    const { table, free } = whileBusy('a');
    const row = rowOf('a');
    const left = [...bindAtOnce(table, [row], at(0))];
    free();
    left.push(...bindAtOnce(table, [cleared(row)], at(1)));
    placeAgain(table, left.slice(0, 1));
    expect(eligibleKeys(table, 2)).toEqual(['b']);
    placeAgain(table, left.slice(1));
    expect(eligibleKeys(table, 2)).toEqual(['a', 'b']);
  });

  it('end no guess of another table that is newer', () => {
    const { table, free } = whileBusy('a');
    const row = rowOf('a');
    free();
    const left = bindAtOnce(table, [cleared(row)], at(10));
    bindAtOnce(table, [row], at(20));
    placeAgain(table, left);
    expect(eligibleKeys(table, 30)).toEqual(['b']);
  });
});
