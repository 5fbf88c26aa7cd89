import type { Exchange } from '../pipeline/exchange.ts';

/** Waits, but no longer than the caller does. */
export function pauseFor(exchange: Exchange, waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      exchange.running = null;
      resolve();
    };
    const timer = setTimeout(end, waitMs);
    exchange.running = { callerLeft: end, callerReads: () => undefined };
  });
}
