import { pino, type Logger } from 'pino';
import { logLevel } from '../config.ts';

/**
 * The process's own log: JSON lines on standard error. What is logged are facts of ours, never a caller's headers or bodies; a Secret
 * prints as a mask wherever it turns up.
 */
export function createLogger(): Logger {
  return pino(
    {
      level: logLevel(),
      base: null,
      timestamp: () => `,"at":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: false }),
  );
}
