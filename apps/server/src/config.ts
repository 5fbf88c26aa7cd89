/** The only reader of the environment in this app. */

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

/**
 * Set in the process that runs tuned, so that it is not started over again, to what it runs: a build, or the sources and why; `warm-up`
 * in a process that only fills the cache of compiled code.
 */
const TUNED = 'KEYWELL_TUNED';
const WARM_UP = 'warm-up';

/** Whether this process is only to fill the cache. */
export function isWarmUp(): boolean {
  return process.env[TUNED] === WARM_UP;
}

/** What this process runs; null before that is settled. */
export function whatRuns(): string | null {
  return process.env[TUNED] ?? null;
}

/** Where Node keeps compiled code, if the operator says so. */
export function ownCompileCache(): string | undefined {
  return process.env['NODE_COMPILE_CACHE'];
}

/** The environment of a process that does nothing but make a build, or fill the cache. */
export function helperEnvironment(compileCache: string): NodeJS.ProcessEnv {
  return { NODE_COMPILE_CACHE: compileCache, ...process.env, [TUNED]: WARM_UP };
}

/**
 * The environment of the process that runs: settings that only a start can give, malloc's, and enough libuv threads that a slow query
 * never holds up a DNS look-up. What the operator set, stays.
 */
export function tunedEnvironment(compileCache: string, runs: string): NodeJS.ProcessEnv {
  return {
    // One a thread takes twice the memory under load.
    MALLOC_ARENA_MAX: '2',
    // Larger pieces, which is what compilers work in, go back to the system when they are freed, and do not leave holes.
    MALLOC_MMAP_THRESHOLD_: '32768',
    MALLOC_TRIM_THRESHOLD_: '32768',
    MALLOC_TOP_PAD_: '0',
    UV_THREADPOOL_SIZE: '8',
    NODE_COMPILE_CACHE: compileCache,
    ...process.env,
    [TUNED]: runs,
  };
}
