/** A program: makes the build of what a node runs, when it is not there yet. `npm start` and the benches run it before a node starts. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildNames,
  CACHE,
  contentsOf,
  isWhole,
  type NodeBuild,
  wantedBuild,
} from './node-build.ts';

/** A node that runs an older build may still load from it. */
const KEPT_BUILDS = 3;
const PREFIX = 'making-';
/** What is this old and not done was given up. */
const GIVEN_UP_MS = 3_600_000;

/** Made under another name and then renamed: whoever looks finds a whole build or none, also when two are made at once. */
async function makeBuild(build: NodeBuild): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, PREFIX));
  try {
    // Loaded late: where nothing can be written, it is not needed.
    const { bundleSources } = await import('./bundle-sources.ts');
    await bundleSources(folder);
    const { name, text } = contentsOf(folder);
    writeFileSync(join(folder, name), text);
    // A temporary folder is its maker's alone; the node may run as somebody else.
    chmodSync(folder, 0o777 & ~process.umask());
    putInPlace(folder, build);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function putInPlace(folder: string, build: NodeBuild): void {
  if (!isWhole(build)) rmSync(build.folder, { recursive: true, force: true });
  try {
    renameSync(folder, build.folder);
  } catch (error) {
    // Somebody else was faster.
    if (!isWhole(build)) throw error;
  }
}

function removeOld(now: number): void {
  try {
    const old = buildNames().slice(KEPT_BUILDS);
    const givenUp = readdirSync(CACHE).filter(
      (name) => name.startsWith(PREFIX) && statSync(join(CACHE, name)).mtimeMs < now - GIVEN_UP_MS,
    );
    for (const name of [...old, ...givenUp]) {
      rmSync(join(CACHE, name), { recursive: true, force: true });
    }
  } catch {
    // Somebody else was removing the same; what is left over, the next build removes.
  }
}

try {
  const build = wantedBuild();
  if (!isWhole(build)) {
    process.stdout.write('Building what the node runs (only needed once per version) …\n');
    await makeBuild(build);
    removeOld(Date.now());
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
