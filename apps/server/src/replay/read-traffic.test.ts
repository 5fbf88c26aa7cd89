import type { RequestRecord } from '@keywell/core/log/request-record';
import { describe, expect, it } from 'vitest';
import { readTraffic, type ReadPage } from './read-traffic.ts';
import { record, START } from './replay-fixture.contract.ts';

/** Pages over records in memory, newest first, as the log gives them. */
function pagesOver(records: readonly RequestRecord[]) {
  const newest = records.toSorted((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1));
  const asked: number[] = [];
  const readPage: ReadPage = async ({ since, until, limit, before }) => {
    const [at = '', id = ''] = before?.split('/') ?? [];
    const page = newest
      .filter(({ startedAt }) => startedAt >= since && startedAt < until)
      .filter(
        (each) =>
          before === undefined ||
          each.startedAt < Number(at) ||
          (each.startedAt === Number(at) && each.id < id),
      )
      .slice(0, limit);
    asked.push(page.length);
    return page;
  };
  return { readPage, asked };
}

async function collect(readPage: ReadPage, toMs: number): Promise<readonly RequestRecord[]> {
  const found: RequestRecord[] = [];
  for await (const each of readTraffic(readPage, START, START + toMs)) found.push(each);
  return found;
}

describe('reading logged traffic', () => {
  it('gives every record once, oldest first, thin and dense times alike', async () => {
    const dense = Array.from({ length: 9000 }, (_, at) => record(3_600_000 + at, { id: `d${at}` }));
    const thin = Array.from({ length: 40 }, (_, at) => record(at * 900_000, { id: `t${at}` }));
    const { readPage } = pagesOver([...dense, ...thin]);
    const found = await collect(readPage, 40 * 900_000);
    expect(found).toHaveLength(9040);
    const times = found.map(({ startedAt }) => startedAt);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(found.map(({ id }) => id)).size).toBe(9040);
  });

  it('asks rarely where nothing is logged', async () => {
    const { readPage, asked } = pagesOver([]);
    expect(await collect(readPage, 30 * 86_400_000)).toEqual([]);
    expect(asked.length).toBeLessThan(800);
  });

  it('copes with thousands in one millisecond', async () => {
    const same = Array.from({ length: 5000 }, (_, at) => record(7, { id: `s${at}` }));
    const { readPage } = pagesOver(same);
    expect(await collect(readPage, 60_000)).toHaveLength(5000);
  });
});
