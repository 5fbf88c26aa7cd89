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

/**
 * Keeps compiled code on disk, here and in every thread started from here (they read the variable). Beside the faster start it saves
 * each thread the memory of the TypeScript stripper, which it then never loads.
 */
export function keepCompiledCode(): void {
  const folder = join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'keywell');
  process.env['NODE_COMPILE_CACHE'] ??= folder;
  enableCompileCache(process.env['NODE_COMPILE_CACHE']);
}
