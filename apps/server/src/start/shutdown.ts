import type { Logger } from 'pino';
import type { GatewayNode } from '@keywell/gateway/node/gateway-node';
import { EXIT } from '../commands/exit-codes.ts';

/** What is left after the grace may take this long to close; then the process ends as it is. */
const CLOSE_WITHIN_MS = 10_000;

/**
 * SIGTERM and SIGINT drain and end; the second one ends at once; SIGHUP reloads the configuration. Standard output may be closed by
 * whoever reads it: that ends nothing.
 */
export function endOnSignals(options: {
  readonly graceMs: () => number;
  readonly reload: () => void;
  readonly end: () => Promise<void>;
  readonly node: Pick<GatewayNode, 'drain'>;
  readonly log: Logger;
}): void {
  let ending = false;
  const end = (signal: string): void => {
    if (ending) process.exit(EXIT.failed);
    ending = true;
    const graceMs = options.graceMs();
    options.log.info({ signal, graceMs }, 'draining; the same signal again ends at once');
    void drainAndEnd(options, graceMs);
  };
  process.on('SIGTERM', () => end('SIGTERM'));
  process.on('SIGINT', () => end('SIGINT'));
  process.on('SIGHUP', options.reload);
  process.stdout.on('error', ignore);
  process.stderr.on('error', ignore);
}

async function drainAndEnd(
  options: Parameters<typeof endOnSignals>[0],
  graceMs: number,
): Promise<void> {
  const late = setTimeout(() => process.exit(EXIT.failed), graceMs + CLOSE_WITHIN_MS);
  late.unref();
  const cut = await options.node.drain(graceMs);
  if (cut > 0) options.log.warn({ cut }, 'requests were cut at the end of the grace');
  await options.end();
  process.exit(EXIT.ok);
}

function ignore(): void {
  // The reader of our output is gone; there is nobody left to tell.
}
