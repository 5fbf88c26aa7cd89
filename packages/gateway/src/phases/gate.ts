import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse, retryAfterHeaders } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import { limitHeaders } from '../waiting/call-share.ts';

/** How soon a caller may come again when the counters were locked for longer than a crash explains. */
const BUSY_RETRY_MS = 1000;

/** The consumer's own rate limit, before a byte of the body is read. May answer 429, and 503 when the counters are locked. */
export function gate(exchange: Exchange, plane: Plane): PhaseResult {
  const consumer = exchange.consumer?.record;
  const limit = consumer?.requestsPerMinute ?? null;
  if (consumer === undefined || limit === null) return null;
  const taken = plane.counters.takeRequest(
    consumer.slot,
    consumer.generation,
    limit,
    plane.clock.now(),
  );
  if (taken === 'busy')
    return refuse('overloaded', null, { headers: retryAfterHeaders(BUSY_RETRY_MS) });
  exchange.ownLimit = { limit, remaining: taken.remaining, resetMs: taken.resetMs };
  exchange.limitHeaders = limitHeaders('requests', exchange.ownLimit);
  if (taken.admitted) return null;
  plane.meter.add('rateLimited');
  return refuse(
    'rate_limit_exceeded',
    `This consumer may make ${limit} requests a minute and has made them.`,
    { headers: retryAfterHeaders(taken.retryAfterMs) },
  );
}
