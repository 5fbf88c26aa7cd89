import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Gives what a start has left behind back to the system, before calls arrive: this thread's heap hardly grows from then on, so V8 would
 * keep it. Measured: 8 MB, for 50 ms.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}
