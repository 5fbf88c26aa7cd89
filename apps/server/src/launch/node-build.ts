/** Where builds of what a node runs are kept, and which one fits the sources as they are now. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

export const REPOSITORY = join(import.meta.dirname, '..', '..', '..', '..');
/** Builds, and compiled code of sources. */
export const CACHE = join(REPOSITORY, 'node_modules', '.cache', 'keywell');

/** What is built from; the packages of others stand in npm's list of what it installed. */
const FOLDERS = ['packages', 'apps/server'];
const INSTALLED = 'node_modules/.package-lock.json';
const SOURCE = /(?<!\.test)\.ts$|(?:^|[\\/])package\.json$/;

const PREFIX = 'build-';
/** Size of every file of a build by its name, in the build's folder. */
const CONTENTS = 'contents.json';

export interface NodeBuild {
  /** Names what it was made from. */
  readonly id: string;
  readonly folder: string;
  /** The script to start. */
  readonly program: string;
  /** Compiled code of this build, which goes when the build goes. */
  readonly compileCache: string;
}

/** The build for these sources and this Node, whether it is there or not. Reads every source: some 20 ms. */
export function wantedBuild(): NodeBuild {
  const hash = createHash('sha256').update(process.version);
  const sources = FOLDERS.flatMap((folder) => sourcesIn(folder)).toSorted();
  for (const path of [INSTALLED, ...sources]) {
    const content = readFileSync(join(REPOSITORY, path));
    hash.update(`\n${path} ${content.length}\n`).update(content);
  }
  const id = hash.digest('hex').slice(0, 16);
  const folder = join(CACHE, `${PREFIX}${id}`);
  return {
    id,
    folder,
    program: join(folder, 'program.mjs'),
    compileCache: join(folder, 'compiled'),
  };
}

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => SOURCE.test(path) && !path.includes('node_modules'))
    .map((path) => join(folder, path));
}

/** Whether it is there and nothing of it was lost, as by a disk that was full or a power that failed. */
export function isWhole(build: NodeBuild): boolean {
  try {
    const contents: unknown = JSON.parse(readFileSync(join(build.folder, CONTENTS), 'utf8'));
    if (typeof contents !== 'object' || contents === null) return false;
    return Object.entries(contents).every(
      ([name, bytes]) => statSync(join(build.folder, name)).size === bytes,
    );
  } catch {
    return false;
  }
}

/** The name of the list of a build's files, and its text. */
export function contentsOf(folder: string): { readonly name: string; readonly text: string } {
  const sizes = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).size]);
  return { name: CONTENTS, text: JSON.stringify(Object.fromEntries(sizes)) };
}

/** Notes that a build is in use: those that were used last are kept. */
export function noteUse(build: NodeBuild): void {
  const now = new Date();
  try {
    utimesSync(build.folder, now, now);
  } catch {
    // A folder that cannot be written is not cleaned up either.
  }
}

/** Names of the builds that are there, those used last first. */
export function buildNames(): readonly string[] {
  return readdirSync(CACHE)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => ({ name, usedAt: statSync(join(CACHE, name)).mtimeMs }))
    .toSorted((a, b) => b.usedAt - a.usedAt)
    .map(({ name }) => name);
}
