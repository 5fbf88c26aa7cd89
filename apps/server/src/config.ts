/** The only reader of the environment in this app. */
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

/** Set in the process that runs tuned, so that it is not started over again. */
const TUNED = 'KEYWELL_TUNED';

/** V8's settings can only be given when a process starts; the workers' heaps have bounds of their own. */
const V8_FLAGS = ['--max-semi-space-size=2'];

/** Compiled code is kept here: a faster start, and no thread has to load the TypeScript stripper, which takes 16 MB each. */
const COMPILE_CACHE = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'node_modules',
  '.cache',
  'keywell',
);

/**
 * Replaces this process by itself with the settings that only a start can give: V8's, two malloc arenas instead of one a thread (half
 * the memory under load), and enough libuv threads that a slow query never holds up a DNS look-up. What the operator set, stays.
 */
export function runTuned(): void {
  if (process.env[TUNED] === undefined && process.execve !== undefined) {
    process.execve(
      process.execPath,
      [process.execPath, ...process.execArgv, ...V8_FLAGS, ...process.argv.slice(1)],
      {
        MALLOC_ARENA_MAX: '2',
        UV_THREADPOOL_SIZE: '8',
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        ...process.env,
        [TUNED]: '1',
      },
    );
  }
  // Where a process cannot be replaced, what can be had later is.
  enableCompileCache(process.env['NODE_COMPILE_CACHE'] ?? COMPILE_CACHE);
}
