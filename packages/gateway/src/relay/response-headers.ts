import type { Exchange } from '../pipeline/exchange.ts';
import { droppedText } from '../translate/dropped-text.ts';
import type { HeaderOf } from '../seam/outbound.ts';

/** Headers of a provider that reach the caller; everything else (cookies, organizations, limits of a key) stays here. */
const ALLOWED = ['openai-processing-ms', 'openai-version'] as const;

/** The head of an answer that a provider gave. `contentType`: empty for one that has none. */
export function answerHeaders(
  exchange: Exchange,
  contentType: string,
  upstream: HeaderOf,
): string[] {
  const { id, provider, upstreamModel, attempts, limitHeaders } = exchange;
  const headers = contentType === '' ? [] : ['content-type', contentType];
  headers.push('keywell-request-id', id, 'keywell-provider', provider ?? '');
  if (upstreamModel !== null) headers.push('keywell-model', upstreamModel);
  headers.push('keywell-attempts', String(attempts), ...limitHeaders);
  pushWait(headers, exchange);
  if (exchange.dropped.length > 0) {
    headers.push('keywell-dropped', droppedText(exchange.dropped));
  }
  for (const name of ALLOWED) {
    const value = upstream(name);
    if (value !== undefined) headers.push(name, value);
  }
  return headers;
}

/** How long the call waited for capacity, where it did. */
export function pushWait(headers: string[], { waitMs }: Pick<Exchange, 'waitMs'>): void {
  if (waitMs > 0) headers.push('keywell-wait-ms', String(Math.round(waitMs)));
}

/** Adds what the call cost, where that is known: to whole answers alone, because a stream costs what it costs at its end. */
export function withCost(
  headers: string[],
  { costMicros }: Pick<Exchange, 'costMicros'>,
): readonly string[] {
  if (costMicros !== null) headers.push('keywell-cost', String(costMicros));
  return headers;
}

/** What an event stream's head says beside that, so that nothing between here and the caller holds events back. */
export const STREAM_HEADERS: readonly string[] = [
  'cache-control',
  'no-cache',
  'x-accel-buffering',
  'no',
];
