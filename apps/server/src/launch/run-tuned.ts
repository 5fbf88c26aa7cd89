import { spawnSync } from 'node:child_process';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { helperEnvironment, ownCompileCache, tunedEnvironment, whatRuns } from '../config.ts';
import { CACHE, isWhole, noteUse, wantedBuild, type NodeBuild } from './node-build.ts';
import { fillCache } from './fill-cache.ts';

/**
 * V8's settings can only be given when a process starts; the workers' heaps have bounds of their own. Young objects get so much room that
 * calls in flight rarely grow old: with half of it, 64 translated calls a worker made seven large collections in two seconds instead of
 * one. What a compiler's thread
 * allocated, the thread it worked for frees: the other way round, malloc keeps 20 MB that nobody uses.
 */
const V8_FLAGS = ['--max-semi-space-size=4', '--no-maglev-destroy-on-background'];

const MAKE_BUILD = join(import.meta.dirname, 'make-build.ts');
const BUILD_MAX_MS = 20_000;
const MAX_WHY = 500;

/**
 * Replaces this process by one that runs the build of these sources, or the sources where there is none, with the settings that only a
 * start can give. `start` makes the build when it is not there; every other command does without.
 */
export function runTuned(): void {
  if (whatRuns() !== null || process.execve === undefined) {
    // Where a process cannot be replaced, what can be had later is.
    enableCompileCache(ownCompileCache() ?? CACHE);
    return;
  }
  const [entry = '', command] = process.argv.slice(1);
  const flags = [...process.execArgv, ...V8_FLAGS];
  const found = findBuild(command === 'start');
  const { program, compileCache, runs } =
    'why' in found
      ? { program: entry, compileCache: CACHE, runs: `sources: ${found.why}` }
      : { ...found, runs: `build ${found.id}` };
  if ('why' in found && command === 'start') fillCache([...flags, entry]);
  process.execve(
    process.execPath,
    [process.execPath, ...flags, program, ...process.argv.slice(2)],
    tunedEnvironment(compileCache, runs),
  );
}

/** The build, or why there is none. */
function findBuild(orMake: boolean): NodeBuild | { readonly why: string } {
  try {
    const build = wantedBuild();
    if (!isWhole(build)) {
      if (!orMake) return { why: 'none is there' };
      const why = makeBuild();
      if (why !== null) return { why };
      // Sources that were written meanwhile want another one, next time.
      if (!isWhole(build)) return { why: 'the sources changed' };
    }
    noteUse(build);
    return build;
  } catch (error) {
    return { why: String(error) };
  }
}

/** In a process of its own, which takes the bundler's memory with it. Answers why it could not be done. */
function makeBuild(): string | null {
  const done = spawnSync(process.execPath, [MAKE_BUILD], {
    env: helperEnvironment(CACHE),
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: BUILD_MAX_MS,
  });
  if (done.status === 0) return null;
  const said = done.stderr.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_WHY);
  return done.error?.message ?? (said || `ended with ${done.signal ?? done.status}`);
}
