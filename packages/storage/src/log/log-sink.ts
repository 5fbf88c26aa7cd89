/** Turns batches of lines into rows of the right month, one transaction a month. */
import { messageOf } from '../storage-error.ts';
import { appendRows } from './log-append.ts';
import { type LogDatabase, isDamage } from './log-database.ts';
import { type LogRow, createRowReader } from './log-row.ts';
import type { BatchOutcome } from './log-thread-protocol.ts';
import { type Month, monthOf } from './month-files.ts';
import type { LogWarning } from './request-log.ts';

export interface LinesBatch {
  readonly seq: number;
  readonly rows: number;
  readonly lines: string;
}

/** Writes what it is given and tells what became of each batch; never throws. */
export async function writeBatches(
  database: LogDatabase,
  batches: readonly LinesBatch[],
  warn: (warning: LogWarning) => void,
): Promise<readonly BatchOutcome[]> {
  const written = new Map<number, number>();
  for (const [month, rows] of byMonth(batches)) {
    if (await writeMonth(database, month, rows, warn)) {
      for (const { seq } of rows) written.set(seq, (written.get(seq) ?? 0) + 1);
    }
  }
  return batches.map(({ seq, rows }) => {
    const done = Math.min(rows, written.get(seq) ?? 0);
    return { seq, written: done, shed: rows - done };
  });
}

const readRow = createRowReader();

interface OwnedRow {
  readonly seq: number;
  readonly row: LogRow;
}

function byMonth(batches: readonly LinesBatch[]): ReadonlyMap<Month, readonly OwnedRow[]> {
  const months = new Map<Month, OwnedRow[]>();
  let month = '';
  let until = 0;
  let since = 0;
  let current: OwnedRow[] = [];
  for (const { seq, lines } of batches) {
    for (const line of lines.split('\n')) {
      const row = line === '' ? null : readRow(line);
      if (row === null) continue;
      if (row.startedAt < since || row.startedAt >= until) {
        month = monthOf(row.startedAt);
        since = Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)) - 1);
        until = Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)));
        current = months.get(month) ?? [];
        months.set(month, current);
      }
      current.push({ seq, row });
    }
  }
  return months;
}

const NO_SPACE = /no space left|disk full|file too large|quota exceeded/i;

/** False when the rows could not be written, which is warned of. */
async function writeMonth(
  database: LogDatabase,
  month: Month,
  rows: readonly OwnedRow[],
  warn: (warning: LogWarning) => void,
): Promise<boolean> {
  try {
    await append(database, month, rows);
    return true;
  } catch (error) {
    const first = messageOf(error);
    try {
      // whatever state the failure left behind is not trusted: the file is opened again
      if (isDamage(error)) await database.quarantine(month, first);
      else await database.close();
      if (!NO_SPACE.test(first)) {
        await append(database, month, await missingRows(database, month, rows));
        return true;
      }
    } catch {
      await database.close().catch(() => undefined);
    }
    warn({ code: 'write_failed', message: `${rows.length} request records were lost: ${first}` });
    return false;
  }
}

/** The rows that a failed write did not leave behind after all. */
async function missingRows(
  database: LogDatabase,
  month: Month,
  rows: readonly OwnedRow[],
): Promise<readonly OwnedRow[]> {
  const attached = await database.attach(month, true);
  if (attached === null) return rows;
  const instants = rows.map(({ row }) => row.startedAt);
  const writer = await database.writer();
  const known = await writer.runAndReadAll(
    `SELECT id FROM ${attached.alias}.entry WHERE started_at BETWEEN $1 AND $2`,
    [least(instants), -least(instants.map((at) => -at))],
  );
  const ids = new Set(known.getRows().map(([id]) => id));
  return rows.filter(({ row }) => !ids.has(row.id));
}

async function append(
  database: LogDatabase,
  month: Month,
  rows: readonly OwnedRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const attached = await database.attach(month, true);
  if (attached === null) throw new Error(`the file of ${month} cannot be used`);
  const writer = await database.writer();
  await writer.run('BEGIN');
  try {
    await appendRows(
      writer,
      attached,
      rows.map(({ row }) => row),
    );
    await writer.run('COMMIT');
  } catch (error) {
    await writer.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => (b < a ? b : a), Infinity);
}
