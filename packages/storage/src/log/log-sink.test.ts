import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogDatabase } from './log-database.ts';
import { listRecords } from './log-search.ts';
import { type LinesBatch, writeBatches } from './log-sink.ts';
import { monthOf } from './month-files.ts';
import { requestRecord } from './request-log.contract.ts';
import type { LogWarning } from './request-log.ts';

const NOW = Date.now();

function batch(seq: number, ...ids: readonly string[]): LinesBatch {
  const lines = ids.map((id) => JSON.stringify(requestRecord({ id, startedAt: NOW })));
  return { seq, rows: ids.length, lines: lines.join('\n') };
}

describe('writing batches', () => {
  let dir: string;
  let database: LogDatabase;
  const warnings: LogWarning[] = [];
  const warn = (warning: LogWarning): void => {
    warnings.push(warning);
  };
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'keywell-log-sink-'));
    database = new LogDatabase({ dir, memoryLimitMb: 48, retentionDays: 30 }, warn);
    warnings.length = 0;
  });
  afterEach(async () => {
    await database.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const stored = async (): Promise<readonly unknown[]> => {
    const lines = await listRecords(
      { database, exclusively: (step) => step(), deadline: performance.now() + 5_000 },
      { limit: 500 },
    );
    return lines.map((line) => requestRecord({ id: '', ...JSON.parse(line) }).id);
  };
  /** Makes the next COMMIT fail, before or after it took effect. */
  const failCommit = async (when: 'before' | 'after', message: string): Promise<void> => {
    const real = await database.writer();
    database.writer = async () =>
      new Proxy(real, {
        get: (target, name) => {
          if (name !== 'run') {
            const value: unknown = Reflect.get(target, name);
            return typeof value === 'function' ? value.bind(target) : value;
          }
          return async (sql: string, ...rest: never[]) => {
            if (sql !== 'COMMIT') return target.run(sql, ...rest);
            Reflect.deleteProperty(database, 'writer');
            if (when === 'after') await target.run(sql);
            throw new Error(message);
          };
        },
      });
  };

  it('writes a batch again that failed, and no record twice', async () => {
    for (const when of ['before', 'after'] as const) {
      await database.attach(monthOf(NOW), true);
      await failCommit(when, 'the connection broke');
      const outcomes = await writeBatches(database, [batch(1, `${when}-1`, `${when}-2`)], warn);
      expect(outcomes).toEqual([{ seq: 1, written: 2, shed: 0 }]);
    }
    expect(await stored()).toEqual(['before-2', 'before-1', 'after-2', 'after-1']);
    expect(warnings).toEqual([]);
  });

  it('gives up on a batch at once when the disk is full', async () => {
    await database.attach(monthOf(NOW), true);
    await failCommit('before', 'IO Error: No space left on device');
    const outcomes = await writeBatches(database, [batch(1, 'a'), batch(2, 'b', 'c')], warn);
    expect(outcomes).toEqual([
      { seq: 1, written: 0, shed: 1 },
      { seq: 2, written: 0, shed: 2 },
    ]);
    expect(warnings.map(({ code }) => code)).toEqual(['write_failed']);
    expect(await writeBatches(database, [batch(3, 'd')], warn)).toEqual([
      { seq: 3, written: 1, shed: 0 },
    ]);
    expect(await stored()).toEqual(['d']);
  });

  it('does not wait for a query that runs beside it, and the query ends at its deadline', async () => {
    await writeBatches(database, [batch(1, 'a')], warn);
    const endless =
      'SELECT count(*) FROM range(100000000) a, range(100000) b WHERE a.range > b.range';
    const query = database.read(monthOf(NOW), { sql: endless, values: [] }, 400);
    const ended = query.catch((error: unknown) => error);
    const start = performance.now();
    await writeBatches(database, [batch(2, 'b')], warn);
    expect(performance.now() - start).toBeLessThan(350);
    expect(String(await ended)).toContain('INTERRUPT');
    expect(await stored()).toEqual(['b', 'a']);
  });
});
