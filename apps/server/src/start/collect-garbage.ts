import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Gives what a start has left behind back to the system, before calls arrive: this thread's heap hardly grows from then on, so V8 would
 * keep it. Measured: 14 MB, for 50 ms.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  // Of V8's kinds the only one that also closes half empty pages.
  if (typeof collect === 'function') collect({ type: 'major', flavor: 'last-resort' });
}
