/** Puts rows into a month: entries a vector at a time, their shapes where these are new, and the records themselves in blocks. */
import {
  BIGINT,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  INTEGER,
  SMALLINT,
  VARCHAR,
} from '@duckdb/node-api';
import { BLOCK_ROWS, encodeBlock } from './log-block.ts';
import type { AttachedMonth } from './log-database.ts';
import type { LogRow, LogShape } from './log-row.ts';

/** The rows of one of DuckDB's vectors. */
const VECTOR_ROWS = 2048;
const ENTRY = [BIGINT, VARCHAR, INTEGER, INTEGER, SMALLINT];
/** Shapes whose number is remembered; the others are written once more, which does no harm. */
const MAX_REMEMBERED = 16_384;

/** Runs within a transaction of the caller's; when that fails, the month has to be attached anew. */
export async function appendRows(
  writer: DuckDBConnection,
  attached: AttachedMonth,
  rows: readonly LogRow[],
): Promise<void> {
  const fresh: NumberedShape[] = [];
  const block = attached.nextBlock;
  attached.nextBlock += Math.ceil(rows.length / BLOCK_ROWS);
  await appendTo(writer, attached, 'entry', (appender) => {
    for (let start = 0; start < rows.length; start += VECTOR_ROWS) {
      const part = rows.slice(start, start + VECTOR_ROWS);
      const first = block + start / BLOCK_ROWS;
      const chunk = DuckDBDataChunk.create(ENTRY, part.length);
      const columns = [
        part.map(({ startedAt }) => BigInt(startedAt)),
        part.map(({ id }) => id),
        part.map(({ shape }) => numberOf(shape, attached, fresh)),
        part.map((_, index) => first + Math.floor(index / BLOCK_ROWS)),
        part.map((_, index) => index % BLOCK_ROWS),
      ];
      for (const [index, values] of columns.entries()) chunk.setColumnValues(index, values);
      appender.appendDataChunk(chunk);
    }
  });
  await appendTo(writer, attached, 'block', (appender) => {
    for (let start = 0; start < rows.length; start += BLOCK_ROWS) {
      appendBlock(appender, block + start / BLOCK_ROWS, rows.slice(start, start + BLOCK_ROWS));
    }
  });
  if (fresh.length === 0) return;
  await appendTo(writer, attached, 'shape', (appender) => {
    for (const shape of fresh) appendShape(appender, shape);
  });
}

interface NumberedShape {
  readonly number: number;
  readonly shape: LogShape;
}

/** The number of a shape in this month; one that has none gets the next and is added to `fresh`. */
function numberOf(shape: LogShape, attached: AttachedMonth, fresh: NumberedShape[]): number {
  const { shapes } = attached;
  let number = shapes.byObject.get(shape);
  if (number !== undefined) return number;
  const text = JSON.stringify(Object.values(shape));
  number = shapes.byText.get(text);
  if (number === undefined) {
    number = shapes.next;
    shapes.next += 1;
    fresh.push({ number, shape });
    if (shapes.byText.size >= MAX_REMEMBERED) shapes.byText.clear();
    shapes.byText.set(text, number);
  }
  shapes.byObject.set(shape, number);
  return number;
}

async function appendTo(
  writer: DuckDBConnection,
  { month }: AttachedMonth,
  table: 'block' | 'entry' | 'shape',
  append: (appender: DuckDBAppender) => void,
): Promise<void> {
  const appender = await writer.createAppender(table, 'main', month);
  append(appender);
  appender.closeSync();
}

function appendBlock(appender: DuckDBAppender, block: number, rows: readonly LogRow[]): void {
  const lastAt = rows.reduce((last, { startedAt }) => Math.max(last, startedAt), 0);
  appender.appendBigInt(BigInt(block));
  appender.appendBigInt(BigInt(lastAt));
  appender.appendBlob(encodeBlock(rows.map(({ line }) => line)));
  appender.endRow();
}

function appendShape(appender: DuckDBAppender, { number, shape }: NumberedShape): void {
  appender.appendInteger(number);
  appender.appendSmallInt(shape.status);
  for (const name of ['errorCode', 'consumer', 'model', 'provider', 'key'] as const) {
    const text = shape[name];
    if (text === null) appender.appendNull();
    else appender.appendVarchar(text);
  }
  appender.endRow();
}
