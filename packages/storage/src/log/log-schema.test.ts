import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeBlock } from './log-block.ts';
import { LogDatabase } from './log-database.ts';
import { findRecord, listRecords, type LogSearch } from './log-search.ts';
import { writeBatches } from './log-sink.ts';
import { fileOf, monthOf } from './month-files.ts';
import { requestRecord } from './request-log.contract.ts';
import type { RequestLogQuery } from './request-log.ts';

const NOW = Date.now();
const OLD = [
  requestRecord({ id: 'a', startedAt: NOW }),
  requestRecord({ id: 'b', startedAt: NOW + 1, status: 429, errorCode: 'rate_limited' }),
  requestRecord({ id: 'c', startedAt: NOW + 2, consumer: null, model: null }),
  requestRecord({ id: 'd', startedAt: NOW + 3 }),
];

/** A month with one wide table, as the log's first version wrote it. */
async function writeFirstLayout(file: string): Promise<void> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run(`CREATE TABLE request (
    started_at BIGINT NOT NULL, id VARCHAR NOT NULL, status SMALLINT NOT NULL, error_code VARCHAR,
    consumer VARCHAR, model VARCHAR, provider VARCHAR, key VARCHAR,
    block BIGINT NOT NULL, line SMALLINT NOT NULL)`);
  await connection.run(
    'CREATE TABLE block (block BIGINT NOT NULL, last_at BIGINT NOT NULL, data BLOB NOT NULL)',
  );
  for (const [line, record] of OLD.entries()) {
    const { startedAt, id, status, errorCode, consumer, model, provider, key } = record;
    await connection.run('INSERT INTO request VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)', [
      startedAt,
      id,
      status,
      errorCode,
      consumer,
      model,
      provider,
      key,
      line,
    ]);
  }
  const blocks = await connection.createAppender('block');
  blocks.appendBigInt(0n);
  blocks.appendBigInt(BigInt(NOW + 3));
  blocks.appendBlob(encodeBlock(OLD.map((record) => JSON.stringify(record))));
  blocks.endRow();
  blocks.closeSync();
  connection.closeSync();
  instance.closeSync();
}

describe('a month of the first layout', () => {
  let dir: string;
  let database: LogDatabase;
  const open = (): LogDatabase =>
    new LogDatabase({ dir, memoryLimitMb: 48, retentionDays: 30 }, ({ message }) => {
      throw new Error(message);
    });
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'keywell-log-schema-'));
    await writeFirstLayout(fileOf(dir, monthOf(NOW)));
    database = open();
  });
  afterEach(async () => {
    await database.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const search = (): LogSearch => ({
    database,
    exclusively: (step) => step(),
    deadline: performance.now() + 5_000,
  });
  const find = async (query: Partial<RequestLogQuery>): Promise<readonly unknown[]> =>
    (await listRecords(search(), { limit: 10, ...query })).map((line) => JSON.parse(line));

  it('is read as before, and goes on in the layout of today', async () => {
    expect(await find({})).toEqual(OLD.toReversed());
    const fresh = requestRecord({ id: 'e', startedAt: NOW + 4 });
    const lines = JSON.stringify(fresh);
    await writeBatches(database, [{ seq: 1, rows: 1, lines }], () => undefined);
    await database.close();
    database = open();
    expect(await find({})).toEqual([fresh, ...OLD.toReversed()]);
    expect(await find({ status: 'error' })).toEqual([OLD[1]]);
    expect(await find({ consumer: 'web', status: 200 })).toEqual([fresh, OLD[3], OLD[0]]);
    expect(await findRecord(search(), 'c')).toEqual([JSON.stringify(OLD[2])]);
  });
});
