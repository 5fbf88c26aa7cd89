import type { Exchange } from '../pipeline/exchange.ts';

/**
 * A defect of our own that came when its attempt was settled already, so that no phase throws it any more: the caller is cut off, who may
 * have half an answer, and the timeline and whoever hears of defects are told.
 */
export function noteDefect(exchange: Exchange, now: number, error: unknown): void {
  exchange.lateDefect = { error };
  exchange.errorCode = 'internal_error';
  exchange.timeline.push({
    at: exchange.offset(now),
    kind: 'note',
    what: 'defect',
    detail: 'Handing over the answer failed in the gateway itself, and the connection was cut.',
  });
  exchange.inbound.abort();
}
