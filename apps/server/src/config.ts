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
