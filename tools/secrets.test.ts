// What must never be in the repository: the traces of one machine, credentials, and packages that nobody can check.
import { describe, expect, it } from 'vitest';
import { readTracked, trackedFiles } from './tracked-files.ts';

/** None of these may match its own line: a pattern never contains a thing it looks for. */
const forbidden: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'a path of one machine', pattern: /(^|[\s"'`(=:])\/(?:work|root|home)\//m },
  { what: 'a scratch folder of one machine', pattern: /\/tmp\/[\w.-]*jobs/ },
  { what: 'a package registry', pattern: /\bregistry\.[\w-]+\.(org|com|net|dev)/ },
  { what: 'a private key', pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----\n/ },
  { what: 'an OpenAI key', pattern: /\bsk-(proj-)?[\w-]{20}T3BlbkFJ/ },
  { what: 'an Anthropic key', pattern: /\bsk-ant-(api|admin)\d\d-[\w-]{80}/ },
  { what: 'a Google key', pattern: /\bAIza[\w-]{35}\b/ },
  { what: 'an AWS key', pattern: /\bAKIA[A-Z0-9]{16}\b/ },
  { what: 'a GitHub key', pattern: /\bgh[opsu]_[A-Za-z0-9]{36}\b/ },
];

const planted = [
  ['/wo', 'rk/main/x'],
  ['cd /ro', 'ot/x'],
  ['/tmp/bash_', 'jobs.0/1'],
  ['https://regis', 'try.example.org/x'],
  ['-----BEGIN RSA PRI', 'VATE KEY-----\nMII'],
  ['sk-proj-aaaaaaaaaaaaaaaaaaaaT3Blbk', 'FJaaaaaaaaaaaaaaaaaaaa'],
  [`sk-ant-api`, `03-${'a'.repeat(95)}`],
  ['AI', `za${'a'.repeat(35)}`],
  ['AK', 'IAABCDEFGHIJKLMNOP'],
  ['gh', `p_${'a'.repeat(36)}`],
].map((pieces) => pieces.join(''));

/**
 * Not published with the pinned version, so nobody can lock them: on these platforms there is no engine for the request log. An entry
 * that the lock does hold, or that nothing asks for, fails the test too.
 */
const unpublished = ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-arm64-musl']
  .concat(['win32-arm64', 'win32-x64'])
  .map((platform) => `node_modules/@duckdb/node-bindings → @duckdb/node-bindings-${platform}`);

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

type Lock = Record<string, LockedPackage>;

function readLock(path: string): Lock {
  const { packages }: { packages: Lock } = JSON.parse(readTracked(path));
  return packages;
}

/** Packages that an installed one asks for and the lock does not hold anywhere Node would look: the lock is torn. */
function unlocked(lock: Lock): string[] {
  return Object.entries(lock).flatMap(([path, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
      .filter((name) => !foldersAbove(path).some((each) => `${each}node_modules/${name}` in lock))
      .map((name) => `${path} → ${name}`),
  );
}

/** `node_modules/a/node_modules/b` → that, `node_modules/a`, and the root, each with a slash at the end. */
function foldersAbove(path: string): string[] {
  const folders = ['', `${path}/`];
  for (let at = path.indexOf('/node_modules/'); at !== -1;) {
    folders.push(`${path.slice(0, at)}/`);
    at = path.indexOf('/node_modules/', at + 1);
  }
  return folders;
}

const files = trackedFiles();

describe('tracked files', () => {
  it.each(forbidden)('never hold $what', ({ pattern }) => {
    const guilty = files.filter((path) => pattern.test(readTracked(path)));
    expect(guilty).toEqual([]);
  });

  it('would be caught: every pattern matches the thing it is for', () => {
    const missed = planted.filter((text) => !forbidden.some((each) => each.pattern.test(text)));
    const idle = forbidden.filter((each) => !planted.some((text) => each.pattern.test(text)));
    expect({ missed, idle }).toEqual({ missed: [], idle: [] });
  });

  it('are not data folders, logs or results of a build', () => {
    const guilty = files.filter((path) =>
      /(^|\/)(node_modules|\.keywell|dist|coverage)\/|\.(log|sqlite|duckdb|tsbuildinfo)$/.test(
        path,
      ),
    );
    expect(guilty).toEqual([]);
  });
});

describe.each(files.filter((path) => path.endsWith('package-lock.json')))('%s', (path) => {
  const lock = readLock(path);
  const installed = Object.entries(lock).filter(
    ([each, entry]) => each.includes('node_modules/') && entry.link !== true,
  );

  it('holds the checksum of every package', () => {
    expect(installed.length).toBeGreaterThan(10);
    const bare = installed.filter(([, entry]) => entry.integrity?.startsWith('sha512-') !== true);
    expect(bare.map(([each]) => each)).toEqual([]);
  });

  it('takes packages from whatever registry npm is set to, not from a host of its own', () => {
    const foreign = installed.filter(([, entry]) => entry.resolved !== undefined);
    expect(foreign.map(([each]) => each)).toEqual([]);
  });

  it('is whole: what a package asks for is locked too, for every platform', () => {
    expect(unlocked(lock)).toEqual(path === 'package-lock.json' ? unpublished : []);
  });
});

describe('package.json files', () => {
  const manifests = files.filter((path) => /(^|\/)package\.json$/.test(path));

  it.each(manifests)('%s pins exact versions', (path) => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readTracked(path));
    const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
    const loose = all.filter(
      ([name, version]) => !name.startsWith('@keywell/') && !/^\d+\.\d+\.\d+/.test(String(version)),
    );
    expect(loose).toEqual([]);
  });
});
