import { setTimeout as pause } from 'node:timers/promises';
import type { CounterTable } from '@keywell/core/limits/counter-table';
import type { ConsumerRecord } from '@keywell/core/snapshot/snapshot';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse, retryAfterHeaders } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import { limitHeaders } from '../waiting/call-share.ts';

/** How soon a caller may come again when the counters were locked for longer than a crash explains. */
const BUSY_RETRY_MS = 1000;
/** A thread that was put aside while it held the counters is soon back; until then a call waits, a few milliseconds at a time. */
const BUSY_PAUSE_MS = 2;
const BUSY_TRIES = 100;

/** What the gate needs to know of a call, and of the worker. */
export type GatedCall = Pick<Exchange, 'consumer' | 'limitHeaders' | 'ownLimit' | 'callerGone'>;
type GatePlane = Pick<Plane, 'counters' | 'clock' | 'meter'>;

type Taken = Exclude<ReturnType<CounterTable['takeRequest']>, 'busy'>;

/** The consumer's own rate limit, before a byte of the body is read. May answer 429, and 503 when the counters stay locked. */
export function gate(exchange: GatedCall, plane: GatePlane): PhaseResult | Promise<PhaseResult> {
  const consumer = exchange.consumer?.record;
  const limit = consumer?.requestsPerMinute ?? null;
  if (consumer === undefined || limit === null) return null;
  const taken = take(consumer, limit, plane);
  return taken === 'busy'
    ? takePatiently(exchange, plane, consumer, limit)
    : judge(exchange, plane, limit, taken);
}

function take(consumer: ConsumerRecord, limit: number, plane: GatePlane): Taken | 'busy' {
  return plane.counters.takeRequest(consumer.slot, consumer.generation, limit, plane.clock.now());
}

async function takePatiently(
  exchange: GatedCall,
  plane: GatePlane,
  consumer: ConsumerRecord,
  limit: number,
): Promise<PhaseResult> {
  for (let turn = 0; turn < BUSY_TRIES && !exchange.callerGone; turn += 1) {
    await pause(BUSY_PAUSE_MS);
    const taken = take(consumer, limit, plane);
    if (taken !== 'busy') return judge(exchange, plane, limit, taken);
  }
  return refuse('overloaded', null, { headers: retryAfterHeaders(BUSY_RETRY_MS) });
}

function judge(exchange: GatedCall, plane: GatePlane, limit: number, taken: Taken): PhaseResult {
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
