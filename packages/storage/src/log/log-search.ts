/** Finds records, newest month first. */
import { DuckDBBlobValue, type DuckDBValue } from '@duckdb/node-api';
import { messageOf } from '../storage-error.ts';
import { decodeBlock } from './log-block.ts';
import { type AttachedMonth, type LogDatabase, isDamage } from './log-database.ts';
import { type Month, listMonths, spanOf } from './month-files.ts';
import { type RequestLogQuery, boundedLogLimit, parseCursor } from './request-log.ts';

/** What a search works with: `exclusively` runs a step that no write may overlap. */
export interface LogSearch {
  readonly database: LogDatabase;
  readonly exclusively: <T>(step: () => Promise<T>) => Promise<T>;
  /** Instant of `performance.now` at which the search gives up. */
  readonly deadline: number;
}

/** The records that match, as JSON lines, newest first. */
export async function listRecords(
  search: LogSearch,
  query: RequestLogQuery,
): Promise<readonly string[]> {
  const limit = boundedLogLimit(query.limit);
  const { where, values, newest } = toConditions(query);
  const lines: string[] = [];
  for (const month of listMonths(search.database.dir)) {
    const { start, end } = spanOf(month);
    if (start > newest || end <= (query.since ?? -Infinity)) continue;
    const found = await inMonth(search, month, ({ alias }) => ({
      sql: `SELECT block, line FROM ${alias}.entry ${where(alias)} ORDER BY started_at DESC, id DESC LIMIT ${limit - lines.length}`,
      values,
    }));
    lines.push(...found);
    if (lines.length >= limit) break;
  }
  return lines;
}

/** One record as a JSON line; empty when there is none. */
export async function findRecord(search: LogSearch, id: string): Promise<readonly string[]> {
  for (const month of listMonths(search.database.dir)) {
    const found = await inMonth(search, month, ({ alias }) => ({
      sql: `SELECT block, line FROM ${alias}.entry WHERE id = $1 LIMIT 1`,
      values: [id],
    }));
    if (found.length > 0) return found;
  }
  return [];
}

interface Question {
  readonly sql: string;
  readonly values: readonly DuckDBValue[];
}

async function inMonth(
  search: LogSearch,
  month: Month,
  question: (attached: AttachedMonth) => Question,
): Promise<readonly string[]> {
  const { database } = search;
  const attached = await search.exclusively(() => database.attach(month, false));
  if (attached === null) return [];
  try {
    const places = await database.read(month, question(attached), timeLeft(search));
    return await readLines(search, attached, places.map(toPlace));
  } catch (error) {
    if (!isDamage(error)) throw error;
    await search.exclusively(() => database.quarantine(month, messageOf(error)));
    return [];
  }
}

interface Place {
  readonly block: number;
  readonly line: number;
}

function toPlace([block, line]: readonly unknown[]): Place {
  return { block: Number(block), line: Number(line) };
}

/** Blocks read at once: bounds the memory of a search whose hits are far apart. */
const BLOCKS_AT_ONCE = 16;

async function readLines(
  search: LogSearch,
  attached: AttachedMonth,
  places: readonly Place[],
): Promise<readonly string[]> {
  const wanted = new Map<number, { readonly line: number; readonly position: number }[]>();
  for (const [position, { block, line }] of places.entries()) {
    const inBlock = wanted.get(block) ?? [];
    inBlock.push({ line, position });
    wanted.set(block, inBlock);
  }
  const lines: (string | undefined)[] = places.map(() => undefined);
  const blocks = [...wanted.keys()];
  for (let start = 0; start < blocks.length; start += BLOCKS_AT_ONCE) {
    const part = blocks.slice(start, start + BLOCKS_AT_ONCE).join(', ');
    const sql = `SELECT block, data FROM ${attached.alias}.block WHERE block IN (${part})`;
    const rows = await search.database.read(attached.month, { sql, values: [] }, timeLeft(search));
    for (const [block, data] of rows) {
      if (!(data instanceof DuckDBBlobValue)) continue;
      const content = decodeBlock(data.bytes);
      for (const { line, position } of wanted.get(Number(block)) ?? []) {
        lines[position] = content[line];
      }
    }
  }
  return lines.filter((line) => line !== undefined);
}

function timeLeft(search: LogSearch): number {
  const left = search.deadline - performance.now();
  if (left <= 0) throw new Error('the search took too long; ask for a shorter time span');
  return left;
}

interface Conditions {
  readonly where: (alias: string) => string;
  readonly values: readonly DuckDBValue[];
  /** No record that matches is newer. */
  readonly newest: number;
}

function toConditions(query: RequestLogQuery): Conditions {
  const ofShape: string[] = [];
  const ofEntry: string[] = [];
  const values: DuckDBValue[] = [];
  const add = (parts: string[], sql: string, ...given: readonly DuckDBValue[]): void => {
    let next = values.length;
    parts.push(sql.replaceAll('?', () => `$${(next += 1)}`));
    values.push(...given);
  };
  for (const name of ['consumer', 'model', 'provider', 'key'] as const) {
    const wanted = query[name];
    if (wanted !== undefined) add(ofShape, `${name} = ?`, wanted);
  }
  if (query.status === 'error') add(ofShape, '(status >= 400 OR error_code IS NOT NULL)');
  else if (query.status !== undefined) add(ofShape, 'status = ?', query.status);
  if (query.since !== undefined) add(ofEntry, 'started_at >= ?', Math.ceil(query.since));
  if (query.until !== undefined) add(ofEntry, 'started_at < ?', Math.ceil(query.until));
  const before = query.before === undefined ? null : parseCursor(query.before);
  if (query.before !== undefined && before === null)
    throw new Error('the cursor is not one of ours');
  if (before !== null) {
    add(
      ofEntry,
      '(started_at < ? OR (started_at = ? AND id < ?))',
      before.startedAt,
      before.startedAt,
      before.id,
    );
  }
  return {
    where: (alias) => {
      const shapes = `shape IN (SELECT shape FROM ${alias}.shape WHERE ${ofShape.join(' AND ')})`;
      const parts = ofShape.length === 0 ? ofEntry : [...ofEntry, shapes];
      return parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`;
    },
    values,
    newest: Math.min(query.until ?? Infinity, before?.startedAt ?? Infinity),
  };
}
