import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { helperEnvironment } from '../config.ts';
import { CACHE, wantedBuild } from './node-build.ts';

/** Tells for which sources the cache was filled. */
const WARM_MARK = join(CACHE, 'warm');
const WARM_UP_MAX_MS = 20_000;

/**
 * At the first start of a version without a build: a process that loads everything and ends. Else each thread of that first start would
 * hold Node's TypeScript stripper, 16 MB, for as long as it lives. Where it cannot be done, the start goes on without.
 */
export function fillCache(argv: readonly string[]): void {
  try {
    const state = wantedBuild().id;
    if (existsSync(WARM_MARK) && readFileSync(WARM_MARK, 'utf8') === state) return;
    const done = spawnSync(process.execPath, argv, {
      env: helperEnvironment(CACHE),
      stdio: 'ignore',
      timeout: WARM_UP_MAX_MS,
    });
    if (done.status === 0) writeFileSync(WARM_MARK, state);
  } catch {
    // A folder that cannot be written costs memory, not the start.
  }
}
