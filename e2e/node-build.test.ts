// What a node runs is built from its sources: when it is, when it is made anew, and what happens where it cannot be made.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FreshClone } from './support/fresh-clone.ts';
import { eventually, startKeywell, type KeywellProcess } from './support/keywell-process.ts';

const MAIN = 'apps/server/src/main.ts';
const MAKE_BUILD = 'apps/server/src/launch/make-build.ts';
const BANNER = 'apps/server/src/start/banner.ts';

let clone: FreshClone;
const started: KeywellProcess[] = [];

beforeEach(() => {
  clone = new FreshClone();
});

afterEach(async () => {
  for (const each of started.splice(0)) await each.dispose();
  clone.dispose();
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<KeywellProcess> {
  const keywell = await startKeywell({
    main: clone.path(MAIN),
    config: null,
    named: false,
    env: { KEYWELL_LOG_LEVEL: 'debug', ...env },
  });
  started.push(keywell);
  return keywell;
}

/** What a process says that it runs. */
function runs(keywell: KeywellProcess): string {
  const line = keywell
    .output()
    .split('\n')
    .find((each) => each.includes('"runs"'));
  const { runs: said }: { readonly runs: string } = JSON.parse(line ?? '{"runs":"nothing"}');
  return said;
}

async function runOnce(): Promise<string> {
  const keywell = await start();
  expect(await keywell.stop()).toBe(0);
  return runs(keywell);
}

async function makeBuild(): Promise<{ readonly code: unknown; readonly out: string }> {
  const child = spawn(process.execPath, [clone.path(MAKE_BUILD)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { code, out };
}

function edit(path: string, from: string, to: string): void {
  const file = clone.path(path);
  const before = readFileSync(file, 'utf8');
  const { atime, mtime } = statSync(file);
  expect(before).toContain(from);
  writeFileSync(file, before.replace(from, to));
  // A tool that unpacks or copies may leave the time as it was.
  utimesSync(file, atime, mtime);
}

describe('what a node runs', () => {
  it('is built at the first start, and only then', async () => {
    const first = await runOnce();
    const [build = ''] = clone.builds();
    expect(first).toBe(build.replace('-', ' '));
    const folder = join(clone.cache, build);
    // Whoever may read the sources may run it.
    expect(statSync(folder).mode & 0o777).toBe(0o777 & ~process.umask());
    const program = join(folder, 'program.mjs');
    const madeAt = statSync(program).mtimeMs;
    expect(await runOnce()).toBe(first);
    expect(clone.builds()).toEqual([build]);
    expect(statSync(program).mtimeMs).toBe(madeAt);
  });

  it('is what the sources say now: a change is seen at the next start, whatever its time says', async () => {
    const first = await runOnce();
    edit(BANNER, 'Keywell is up.', 'Keywell is UP.');
    const changed = await start();
    expect(changed.output()).toContain('Keywell is UP.');
    expect(runs(changed)).toMatch(/^build /);
    expect(runs(changed)).not.toBe(first);
  });

  it('has neither comments nor languages that nobody reads, and keeps names', async () => {
    expect(await makeBuild()).toEqual({
      code: 0,
      out: 'Building what the node runs (only needed once per version) …\n',
    });
    const folder = join(clone.cache, clone.builds()[0] ?? '');
    const scripts = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
    const code = scripts.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
    expect(scripts).toEqual(
      expect.arrayContaining([
        'program.mjs',
        'worker-main.mjs',
        'duckdb-log-thread.mjs',
        'simulated-provider-worker.mjs',
      ]),
    );
    expect(code).toContain('async function startServer(options)');
    expect(code).not.toMatch(/^\s*\/\*\*/m);
    // oxlint-disable-next-line eslint/no-control-regex -- all of ASCII: a letter beyond Latin-1 doubles what its file takes
    expect(/[^\x00-\x7f]/.exec(code)).toBeNull();
    expect(code).not.toMatch(/entrada inválida|Ungültige Eingabe/i);
  });

  it('is made anew when part of it was lost', async () => {
    const first = await runOnce();
    const worker = join(clone.cache, first.replace(' ', '-'), 'worker-main.mjs');
    const { size } = statSync(worker);
    truncateSync(worker, 100);
    expect(await runOnce()).toBe(first);
    expect(statSync(worker).size).toBe(size);
  });

  it('is made once and whole when two processes make it at the same time', async () => {
    const both = await Promise.all([makeBuild(), makeBuild()]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(clone.builds()).toHaveLength(1);
    expect(await runOnce()).toMatch(/^build /);
  });

  it('is removed when three others were used since', async () => {
    for (const each of ['one', 'two', 'three', 'four']) {
      await makeBuild();
      edit(BANNER, '/**', `/** ${each}:`);
    }
    expect(clone.builds()).toHaveLength(3);
  });

  it('are the sources where a build cannot be kept', async () => {
    writeFileSync(clone.path('node_modules/.cache'), 'a file where a folder should be');
    expect(await runOnce()).toMatch(/^sources: .*(?:ENOTDIR|EEXIST)/);
  });

  it('are the sources where they cannot be built', async () => {
    edit(BANNER, 'return [', 'void import.meta.dirname;\n  return [');
    expect(await runOnce()).toMatch(/^sources: .*banner\.ts asks where it lies/);
  });
});

describe('a worker of a built node', () => {
  it('is replaced when it dies', async () => {
    const bomb = clone.path('end-worker.mjs');
    const order = clone.path('end-it');
    writeFileSync(
      bomb,
      `import { existsSync, rmSync } from 'node:fs';
       import { threadName } from 'node:worker_threads';
       if (threadName === 'gateway-1') setInterval(() => {
         if (!existsSync(${JSON.stringify(order)})) return;
         rmSync(${JSON.stringify(order)});
         process.exit(9);
       }, 20).unref();`,
    );
    const keywell = await start({ NODE_OPTIONS: `--import=${bomb}` });
    expect(runs(keywell)).toMatch(/^build /);
    writeFileSync(order, '');
    await eventually('another thread listens in its place', async () => {
      const status = await (await keywell.admin('/api/v1/status')).text();
      return status.split('"listening":true').length === 3 && !status.includes('"restarts":0');
    });
    expect(await keywell.stop()).toBe(0);
  });
});
