import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { startLogThread } from './log-thread-host.ts';
import { fileOf, monthOf } from './month-files.ts';
import { openRequestLog } from './open-request-log.ts';
import { describeRequestLog, requestRecord, sendRecords } from './request-log.contract.ts';
import type { LogWarning, RequestLog } from './request-log.ts';

const DAY_MS = 86_400_000;
const NOW = Date.now();
const root = mkdtempSync(join(tmpdir(), 'keywell-log-'));
let next = 0;
const freshDir = (): string => join(root, String((next += 1)));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const noWarning = (warning: LogWarning): void => {
  throw new Error(warning.message);
};

describeRequestLog('on DuckDB', () =>
  openRequestLog({ dir: freshDir(), retentionDays: 100, onWarning: noWarning }),
);

interface Opened {
  readonly log: RequestLog;
  readonly warnings: LogWarning[];
  readonly send: (...ids: readonly string[]) => void;
}

async function open(
  dir: string,
  more: { retentionDays?: number; maxQueuedRows?: number; startThread?: () => Worker } = {},
): Promise<Opened> {
  const warnings: LogWarning[] = [];
  const { startThread, ...options } = more;
  const settings = { dir, memoryLimitMb: 48, retentionDays: 30 };
  const log = await openRequestLog(
    { dir, ...options, onWarning: (warning) => warnings.push(warning) },
    startThread ?? (() => startLogThread({ ...settings, ...options })),
  );
  const connection = log.connect();
  const send = (...ids: readonly string[]): void => {
    sendRecords(
      connection,
      ids.map((id) => requestRecord({ id, startedAt: NOW })),
    );
  };
  return { log, warnings, send };
}

const listIds = async (log: RequestLog): Promise<readonly string[]> =>
  (await log.list({ limit: 500 })).map(({ id }) => id);

/** A process that is killed while it writes; returns how many records it had flushed. */
async function killedWriter(dir: string): Promise<number> {
  const script = `
    import { openRequestLog } from ${JSON.stringify(new URL('./open-request-log.ts', import.meta.url).href)};
    const log = await openRequestLog({ dir: ${JSON.stringify(dir)}, onWarning: console.error });
    const { port, gauge } = log.connect();
    const record = ${JSON.stringify(requestRecord({ id: 'x', startedAt: NOW }))};
    for (let batch = 0; ; batch += 1) {
      const lines = [0, 1, 2].map((n) => JSON.stringify({ ...record, id: 'r' + batch + '-' + n })).join('\\n');
      Atomics.add(new Int32Array(gauge), 0, 3);
      port.postMessage({ rows: 3, lines });
      await log.flush();
      process.stdout.write(batch + '\\n');
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  let said = '';
  const ended = new Promise((resolve) => child.once('exit', resolve));
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.split('\n').length > 20) break;
  }
  child.kill('SIGKILL');
  await ended;
  return said.slice(0, said.lastIndexOf('\n')).split('\n').length * 3;
}

describe('the files of the request log', () => {
  it('start no thread and no file before the first record', async () => {
    const dir = freshDir();
    const { log } = await open(dir, {
      startThread: () => {
        throw new Error('no thread is needed');
      },
    });
    expect(await log.list({ limit: 1 })).toEqual([]);
    await log.flush();
    await log.close();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('can be read by their owner only and keep what was written', async () => {
    const dir = freshDir();
    const first = await open(dir);
    first.send('a');
    await first.log.close();
    expect(readdirSync(dir)).toEqual([`request-log-${monthOf(NOW)}.duckdb`]);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(fileOf(dir, monthOf(NOW))).mode & 0o777).toBe(0o600);
    const second = await open(dir);
    second.send('b');
    expect(await listIds(second.log)).toEqual(['b', 'a']);
    await second.log.close();
  });

  it('keep every flushed record when the process is killed', async () => {
    const dir = freshDir();
    const acknowledged = await killedWriter(dir);
    const { log, warnings } = await open(dir);
    const found = await listIds(log);
    expect(found.length).toBeGreaterThanOrEqual(acknowledged);
    expect(new Set(found).size).toBe(found.length);
    expect(warnings).toEqual([]);
    await log.close();
  });

  it('are moved aside when damaged, and the log goes on', async () => {
    const dir = freshDir();
    const file = fileOf(dir, monthOf(NOW));
    for (const damage of [
      (whole: Buffer) => whole.fill(0x5a, 0, 20_000),
      (whole: Buffer) => whole.subarray(0, 5_000),
      () => Buffer.from('not a database'),
    ]) {
      const before = await open(dir);
      before.send('lost');
      await before.log.close();
      writeFileSync(file, damage(readFileSync(file)));
      const { log, warnings, send } = await open(dir);
      send('kept');
      expect(await listIds(log)).toEqual(['kept']);
      expect(warnings.map(({ code }) => code)).toEqual(['corrupt_file']);
      expect(warnings[0]?.message).toContain(file);
      expect(readdirSync(dir).filter((name) => name.includes('.corrupt-'))).toHaveLength(1);
      await log.close();
      rmSync(dir, { recursive: true });
    }
  });

  it('lose only their journal when only that is damaged', async () => {
    const dir = freshDir();
    const file = fileOf(dir, monthOf(NOW));
    const first = await open(dir);
    first.send('folded');
    await first.log.close();
    await killedWriter(dir);
    writeFileSync(`${file}.wal`, readFileSync(`${file}.wal`).fill(0x33, 30, 60));
    const { log, warnings, send } = await open(dir);
    send('new');
    expect(await listIds(log)).toEqual(['new', 'folded']);
    expect(warnings.map(({ code }) => code)).toEqual(['corrupt_file']);
    await log.close();
  });

  it('go when they are too old: whole months, and days of the month that is not over', async () => {
    const dir = freshDir();
    const { log } = await open(dir, { retentionDays: 400 });
    const days = [0, 3, 12, 40, 100];
    const connection = log.connect();
    sendRecords(
      connection,
      days.map((day) => requestRecord({ id: `d${day}`, startedAt: NOW - day * DAY_MS })),
    );
    await log.close();
    const later = await open(dir, { retentionDays: 10 });
    expect(await listIds(later.log)).toEqual(['d0', 'd3']);
    expect(existsSync(fileOf(dir, monthOf(NOW - 100 * DAY_MS)))).toBe(false);
    await later.log.close();
  });
});

describe('a request log in trouble', () => {
  it('counts what it cannot write, and goes on when it can', async () => {
    const dir = freshDir();
    writeFileSync(dir, 'a file where the folder should be');
    const { log, warnings, send } = await open(dir);
    send('a', 'b');
    await log.flush();
    expect(log.stats()).toEqual({ queued: 0, written: 0, shed: 2 });
    expect(warnings.map(({ code }) => code)).toContain('write_failed');
    rmSync(dir);
    send('c');
    await log.flush();
    expect(log.stats()).toEqual({ queued: 0, written: 1, shed: 2 });
    expect(await listIds(log)).toEqual(['c']);
    await log.close();
  });

  it('gets a new thread when its thread dies, and its writers notice nothing', async () => {
    const dir = freshDir();
    const threads: Worker[] = [];
    const { log, warnings, send } = await open(dir, {
      startThread: () => {
        const thread = startLogThread({ dir, memoryLimitMb: 48, retentionDays: 30 });
        threads.push(thread);
        return thread;
      },
    });
    send('before');
    await log.flush();
    // ended while it is idle: a thread that is ended within DuckDB's code takes the process with it
    const ended = threads[0]?.terminate();
    send('lost');
    await expect(log.list({ limit: 1 })).rejects.toThrow('thread died');
    await ended;
    send('after');
    await log.flush();
    expect(threads).toHaveLength(2);
    expect(warnings.map(({ code }) => code)).toEqual(['thread_died']);
    expect(await listIds(log)).toEqual(['before', 'after'].toSorted().toReversed());
    expect(log.stats()).toEqual({ queued: 0, written: 2, shed: 1 });
    await log.close();
  });

  it('counts as shed what comes while no thread can start', async () => {
    const dir = freshDir();
    let fail = true;
    const { log, warnings, send } = await open(dir, {
      startThread: () => {
        if (fail) throw new Error('out of file descriptors');
        return startLogThread({ dir, memoryLimitMb: 48, retentionDays: 30 });
      },
    });
    send('lost');
    await expect.poll(() => log.stats()).toEqual({ queued: 0, written: 0, shed: 1 });
    expect(warnings[0]?.message).toContain('out of file descriptors');
    fail = false;
    send('kept');
    await log.flush();
    expect(await listIds(log)).toEqual(['kept']);
    await log.close();
  });

  it('sheds a batch larger than the memory it may hold', async () => {
    const { log, send } = await open(freshDir());
    send('x'.repeat(33 * 1024 * 1024));
    await log.flush();
    expect(log.stats()).toEqual({ queued: 0, written: 0, shed: 1 });
    await log.close();
  });
});
