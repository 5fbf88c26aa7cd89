// The launcher, in a workspace of its own with a pretended npm: what it installs, what it passes on, what it says.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repository } from './tracked-files.ts';

const LIBRARY = { version: '1.0.0', integrity: 'sha512-aaaa' };
const CHECKER = { version: '2.0.0', integrity: 'sha512-bbbb', dev: true };
const LOCKED = {
  '': { name: 'workspace' },
  'packages/core': { version: '0.1.0' },
  'node_modules/library': LIBRARY,
  'node_modules/typescript': CHECKER,
  'node_modules/for-another-platform': { version: '1.0.0', optional: true },
};

let folder: string;

function write(path: string, content: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

/** What npm would have noted after an install. */
function noteInstalled(packages: object): void {
  write('node_modules/.package-lock.json', JSON.stringify({ packages }));
}

function npmCalls(): string[] {
  const file = join(folder, 'npm-calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

function pretendNpm(script: string): void {
  write('pretended/npm', `#!/bin/sh\necho "$@" >> '${folder}/npm-calls'\n${script}\n`);
  chmodSync(join(folder, 'pretended/npm'), 0o755);
}

function environment(): Record<string, string> {
  const bins = [join(folder, 'pretended'), '/usr/bin', '/bin'];
  return { PATH: bins.join(delimiter) };
}

function launch(...args: string[]) {
  const options = { cwd: tmpdir(), encoding: 'utf8', env: environment() } as const;
  return spawnSync(process.execPath, [join(folder, 'tools/run.mjs'), ...args], options);
}

function pretendVitest(script: string): void {
  write('node_modules/.bin/vitest', `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'node_modules/.bin/vitest'), 0o755);
}

function failLint(): void {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  manifest.scripts.lint = 'false';
  write('package.json', JSON.stringify(manifest));
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywell-run-'));
  mkdirSync(join(folder, 'tools'));
  copyFileSync(join(repository, 'tools/run.mjs'), join(folder, 'tools/run.mjs'));
  const scripts = { 'format:check': 'true', lint: 'true', typecheck: 'true', arch: 'true' };
  const manifest = { scripts: { ...scripts, dead: 'true' }, engines: { node: '>=20.0' } };
  write('package.json', JSON.stringify({ ...manifest, optionalDependencies: {} }));
  write('package-lock.json', JSON.stringify({ packages: LOCKED }));
  write('apps/server/src/main.ts', 'console.log(process.argv.slice(2).join(" "));');
  pretendNpm('exit 0');
  noteInstalled({ 'node_modules/library': LIBRARY, 'node_modules/typescript': CHECKER });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('installing', () => {
  it('does nothing when what the lock names is there, whoever installed it', () => {
    expect(launch('start').stdout).toBe('start\n');
    expect(npmCalls()).toEqual([]);
  });

  it.each([
    ['nothing is installed', null, 'start', ['ci --omit=dev']],
    ['nothing is installed', null, 'check', ['ci --include=dev']],
    ['only what runs is installed', { 'node_modules/library': LIBRARY }, 'start', []],
    [
      'only what runs is installed',
      { 'node_modules/library': LIBRARY },
      'check',
      ['ci --include=dev'],
    ],
    [
      'a package has another version',
      { 'node_modules/library': { ...LIBRARY, version: '0.9.0' } },
      'start',
      ['ci --omit=dev'],
    ],
    [
      'a package has another checksum',
      { 'node_modules/library': { ...LIBRARY, integrity: 'sha512-cccc' } },
      'start',
      ['ci --omit=dev'],
    ],
    [
      'a developer has an older tree',
      { 'node_modules/typescript': CHECKER },
      'start',
      ['ci --include=dev'],
    ],
  ])('when %s (%j), %s asks npm for %j', (_, installed, command, expected) => {
    rmSync(join(folder, 'node_modules'), { recursive: true });
    if (installed !== null) noteInstalled(installed);
    launch(command);
    const calls = npmCalls().map((each) => each.split(' ').slice(0, 2).join(' '));
    expect(calls).toEqual(expected);
  });

  it('says so and starts nothing when npm fails', () => {
    rmSync(join(folder, 'node_modules'), { recursive: true });
    pretendNpm('exit 3');
    const { status, stdout, stderr } = launch('start');
    expect(status).toBe(1);
    expect(stdout).not.toContain('start\n');
    expect(stderr).toContain('npm ci failed');
  });
});

describe('running', () => {
  it.each([0, 1])('builds before the node starts, and starts it when that ends with %i', (code) => {
    write(
      'apps/server/src/launch/make-build.ts',
      `console.log('building'); process.exit(${code});`,
    );
    const { status, stdout } = launch('start', '--port', '9000');
    expect([status, stdout]).toEqual([0, 'building\nstart --port 9000\n']);
  });

  it('passes arguments on, and the exit code back', () => {
    write('apps/server/src/main.ts', 'process.exit(process.argv.length);');
    expect(launch('start', '--port', '9000').status).toBe(5);
  });

  it('tells a shell which signal ended the program', () => {
    write('apps/server/src/main.ts', 'process.kill(process.pid, "SIGKILL");');
    expect(launch('start').status).toBe(128 + 9);
  });

  it('names its commands when it is asked for another', () => {
    const { status, stderr } = launch('toString');
    expect(status).toBe(2);
    expect(stderr).toContain(
      'start, cli, bench, bench:dialects, bench:exhaustion, bench:micro, check, test, test:long',
    );
  });

  it('passes each signal on once, although a terminal and npm both deliver it', async () => {
    write(
      'apps/server/src/main.ts',
      `const heard: string[] = [];
       for (const each of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const)
         process.on(each, () => { heard.push(each); console.log(heard.join(' ')); });
       process.on('SIGTERM', () => process.exit(7));
       setInterval(() => {}, 1000);
       console.log('up');`,
    );
    const child = spawn(process.execPath, [join(folder, 'tools/run.mjs'), 'start'], {
      env: environment(),
    });
    const said = lines(child);
    await said.until('up');
    for (const signal of ['SIGHUP', 'SIGHUP', 'SIGINT', 'SIGINT'] as const) child.kill(signal);
    await said.until('SIGHUP SIGINT', 'SIGINT SIGHUP');
    child.kill('SIGTERM');
    const code = await new Promise((resolve) => {
      child.once('exit', resolve);
    });
    expect(code).toBe(7);
    expect(said.last().split(' ').toSorted()).toEqual(['SIGHUP', 'SIGINT', 'SIGTERM']);
  });
});

describe('testing', () => {
  it('counts each check as a test, and closes with the total', () => {
    pretendVitest('echo "40 passed, 0 failed"; echo "and a late word"');
    const { status, stdout } = launch('test');
    expect({ status, last: lastLine(stdout) }).toEqual({ status: 0, last: '45 passed, 0 failed' });
  });

  it('runs every check and every test although one check fails, and fails', () => {
    failLint();
    pretendVitest('echo "40 passed, 0 failed"');
    const { status, stdout } = launch('test');
    expect({ status, last: lastLine(stdout) }).toEqual({ status: 1, last: '44 passed, 1 failed' });
    expect(stdout).toContain('failed checks: lint');
  });

  it.each([
    ['ends without a total', 'echo nothing; exit 1', '5 passed, 1 failed'],
    ['fails outside of any test', 'echo "40 passed, 0 failed"; exit 1', '45 passed, 1 failed'],
    ['has failed tests', 'echo "40 passed, 2 failed"; exit 1', '45 passed, 2 failed'],
    ['skips', 'echo "40 passed, 0 failed, 3 skipped"', '45 passed, 0 failed, 3 skipped'],
  ])('tells the truth when vitest %s', (_, script, expected) => {
    pretendVitest(script);
    const { status, stdout } = launch('test');
    expect(lastLine(stdout)).toBe(expected);
    expect(status === 0).toBe(expected.includes(' 0 failed'));
  });

  it('runs only the tests it is asked for, without the checks', () => {
    failLint();
    pretendVitest('echo "$@"; echo "2 passed, 0 failed"');
    const { status, stdout } = launch('test', 'packages/core');
    expect(status).toBe(0);
    expect(stdout).toBe('run packages/core\n2 passed, 0 failed\n');
  });
});

/** What a child prints, line by line. */
function lines(child: ChildProcess) {
  let text = '';
  child.stdout?.on('data', (data: Buffer) => (text += data.toString()));
  const last = (): string => lastLine(text);
  return {
    last,
    /** Resolves when one of these is the last line. */
    until: (...wanted: string[]): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (wanted.includes(last())) resolve();
        };
        child.stdout?.on('data', look);
        look();
      }),
  };
}
