import type { Clock } from '../pipeline/clock.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import { pauseFor } from './pause-for.ts';

/** A provider may ask for a longer pause than a caller should be kept waiting in silence for. */
const MAX_BACK_OFF_MS = 5000;

/** Waits before the same endpoint is asked again. False where there is no time left for it, or the caller left. */
export async function backOff(
  exchange: Exchange,
  clock: Clock,
  waitMs: number,
  deadlineAt: number,
): Promise<boolean> {
  const startedAt = clock.now();
  if (waitMs > MAX_BACK_OFF_MS || startedAt + waitMs >= deadlineAt) return false;
  await pauseFor(exchange, waitMs);
  const now = clock.now();
  const waitedMs = now - startedAt;
  exchange.waitMs += waitedMs;
  exchange.timeline.push({
    at: exchange.offset(now),
    kind: 'wait',
    waitMs: Math.round(waitedMs * 10) / 10,
    why: 'back-off before the same endpoint is asked again',
  });
  return !exchange.callerGone;
}
