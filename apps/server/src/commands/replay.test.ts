import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLineEncoder } from '@keywell/core/log/record-line';
import { LOG_GAUGE, type LogBatch } from '@keywell/core/log/log-gauge';
import type { RequestRecord } from '@keywell/core/log/request-record';
import { sqlForecastStore } from '@keywell/storage/forecast/sql-forecast-store';
import { openRequestLog } from '@keywell/storage/log/open-request-log';
import { dataPaths, openDataFolder } from '@keywell/storage/paths';
import { openDatabase } from '@keywell/storage/sqlite/database';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { record, START } from '../replay/replay-fixture.contract.ts';
import { replay } from './replay.ts';

const CONFIG = `version: 1
providers: [{ id: openai, kind: openai, keys: [{ id: a, value: "env:NOT_SET_ANYWHERE", domain: org-1 }] }]
pools: [{ id: chat, tiers: [{ targets: [{ provider: openai, model: gpt-5 }] }] }]
models: [{ alias: smart, pool: chat }]
`;

let dir: string;
let out: string[];
let err: string[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keywell-replay-'));
  [out, err] = [[], []];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
  writeFileSync(join(dir, 'other.yaml'), CONFIG);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

const data = (): string => join(dir, 'data');
const run = (over: Partial<Parameters<typeof replay>[0]> = {}): Promise<number> =>
  replay({
    from: '2026-11-25T10:00/2026-11-25T11:00',
    configFile: join(dir, 'other.yaml'),
    dataDir: data(),
    adminUrl: 'http://127.0.0.1:9',
    seed: 1,
    json: true,
    ...over,
  });

async function writeLog(records: readonly RequestRecord[]): Promise<void> {
  mkdirSync(data(), { mode: 0o700 });
  const log = await openRequestLog({
    dir: dataPaths(data()).requestLog,
    retentionDays: 36_500,
    onWarning: ({ message }) => err.push(message),
  });
  const { port, gauge } = log.connect();
  const encode = createLineEncoder();
  const batch: LogBatch = {
    rows: records.length,
    lines: records.map((each) => `${encode(each)}\n`).join(''),
  };
  Atomics.add(new Int32Array(gauge), LOG_GAUGE.queued, batch.rows);
  port.postMessage(batch);
  await log.flush();
  await log.close();
  port.close();
}

describe('keywell replay', () => {
  it('replays the log of a folder against a file whose keys are nowhere, by the limits that were learned', async () => {
    await writeLog(Array.from({ length: 30 }, (_, at) => record(at * 100)));
    const database = await openDatabase({ file: dataPaths(data()).database });
    await sqlForecastStore(database.db).saveLimits([
      {
        provider: 'openai',
        path: 'openai/org-1',
        group: 'gpt-5',
        dimension: 'requests_minute',
        limit: 20,
        remaining: 0,
        resetInMs: null,
        refill: 'window',
        source: 'header',
        seenAt: START,
      },
    ]);
    await database.close();
    expect(await run()).toBe(0);
    expect(JSON.parse(out.join(''))).toMatchObject({
      replayed: 30,
      limits: { declared: 0, known: 1, unlimited: 0 },
      happened: { answered: 30 },
      replay: { answered: 20, refused_dry: 10, cost_micros: 12_500 },
    });
    expect(await run({ from: '2026-11-24/2026-11-25' })).toBe(1);
    expect(err.join('')).toContain('holds no request');
  });

  it('says what is wrong with its options', async () => {
    expect(await run({ from: 'yesterday' })).toBe(2);
    expect(err.join('')).toContain('--from takes');
    expect(await run()).toBe(1);
    expect(err.join('')).toContain('There is no request log');
    expect(await run({ configFile: join(dir, 'none.yaml') })).toBe(4);
    expect(err.join('')).toContain('The file does not exist.');
  });

  it('asks the gateway where one runs on the folder, and says when it does not answer', async () => {
    await writeLog([record(0)]);
    const opened = openDataFolder(data(), 0);
    if (!opened.ok) throw new Error(opened.message);
    opened.folder.adminToken();
    expect(await run({ adminUrl: 'http://gateway.example:8081' })).toBe(1);
    expect(err.join('')).toContain('unencrypted');
    expect(await run()).toBe(1);
    expect(err.join('')).toMatch(/fetch failed/);
    opened.folder.release();
  });
});
