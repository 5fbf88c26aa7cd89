/** The only reader of the environment in this app. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/** One variable, for `env:` references of the configuration. */
export function readEnvironment(name: string): string | undefined {
  return process.env[name];
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LEVELS)[number];

/** `KEYWELL_LOG_LEVEL`, by default `info`; anything else than pino's levels counts as not set. */
export function logLevel(): LogLevel {
  const wanted = process.env['KEYWELL_LOG_LEVEL'];
  return LEVELS.find((level) => level === wanted) ?? 'info';
}

/** Set in the process that runs tuned, so that it is not started over again; `warm-up` in the one that only fills the cache. */
const TUNED = 'KEYWELL_TUNED';
const WARM_UP = 'warm-up';

/**
 * V8's settings can only be given when a process starts; the workers' heaps have bounds of their own. What a compiler's thread
 * allocated, the thread it worked for frees: the other way round, malloc keeps 20 MB that nobody uses.
 */
const V8_FLAGS = ['--max-semi-space-size=2', '--no-maglev-destroy-on-background'];

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');
/** Compiled code is kept here: a faster start, and no thread has to load the TypeScript stripper, which takes 16 MB each. */
const COMPILE_CACHE = join(REPOSITORY, 'node_modules', '.cache', 'keywell');
/** Tells for which sources the cache was filled. */
const WARM_MARK = join(COMPILE_CACHE, 'warm');
const WARM_UP_MAX_MS = 20_000;

/** Whether this process is only to fill the cache. */
export function isWarmUp(): boolean {
  return process.env[TUNED] === WARM_UP;
}

/**
 * Replaces this process by itself with the settings that only a start can give: V8's, malloc's, and enough libuv threads that a slow
 * query never holds up a DNS look-up. What the operator set, stays.
 */
export function runTuned(): void {
  if (process.env[TUNED] === undefined && process.execve !== undefined) {
    const environment = {
      // One a thread takes twice the memory under load.
      MALLOC_ARENA_MAX: '2',
      // Larger pieces, which is what compilers work in, go back to the system when they are freed, and do not leave holes.
      MALLOC_MMAP_THRESHOLD_: '32768',
      MALLOC_TRIM_THRESHOLD_: '32768',
      MALLOC_TOP_PAD_: '0',
      UV_THREADPOOL_SIZE: '8',
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      ...process.env,
    };
    const [entry = '', command] = process.argv.slice(1);
    const flags = [...process.execArgv, ...V8_FLAGS, entry];
    if (command === 'start') fillCache(flags, environment);
    process.execve(process.execPath, [process.execPath, ...flags, ...process.argv.slice(2)], {
      ...environment,
      [TUNED]: '1',
    });
  }
  // Where a process cannot be replaced, what can be had later is.
  enableCompileCache(process.env['NODE_COMPILE_CACHE'] ?? COMPILE_CACHE);
}

/**
 * At the first start of a version: a process that loads everything and ends. Else the threads of that first start would each hold the
 * stripper for as long as they live. Where it cannot be done, the start goes on without.
 */
function fillCache(flags: readonly string[], environment: NodeJS.ProcessEnv): void {
  const state = `${process.version} ${newestSource()}`;
  try {
    if (existsSync(WARM_MARK) && readFileSync(WARM_MARK, 'utf8') === state) return;
    const done = spawnSync(process.execPath, flags, {
      env: { ...environment, [TUNED]: WARM_UP },
      stdio: 'ignore',
      timeout: WARM_UP_MAX_MS,
    });
    if (done.status === 0) writeFileSync(WARM_MARK, state);
  } catch {
    // A folder that cannot be written costs memory, not the start.
  }
}

/** When a source file was last changed, and how many there are. */
function newestSource(): string {
  let newest = 0;
  let files = 0;
  for (const folder of ['packages', 'apps']) {
    const within = join(REPOSITORY, folder);
    for (const each of readdirSync(within, { recursive: true, encoding: 'utf8' })) {
      if (!each.endsWith('.ts') || each.includes('node_modules')) continue;
      newest = Math.max(newest, statSync(join(within, each)).mtimeMs);
      files += 1;
    }
  }
  return `${files} ${newest}`;
}
