import { ERRORS, type ErrorCode } from '@keywell/core/errors/catalogue';
import { errorWriterFor } from '../endpoints/caller-errors.ts';
import type { Exchange } from '../pipeline/exchange.ts';

/** Ends a stream that the caller has begun to read: an error in the stream's own format, and then no clean end. */
export function breakOff(exchange: Exchange, code: ErrorCode, message: string): void {
  exchange.errorCode = code;
  // Nobody knows what is passed through: words of ours would be taken for a part of it.
  if (exchange.operation === 'passthrough') {
    exchange.inbound.abort();
    return;
  }
  const text = errorWriterFor(exchange).renderStreamError({
    code,
    message: `${message} ${ERRORS[code].hint}`,
    param: null,
    requestId: exchange.id,
  });
  exchange.inbound.abort(text);
}

/** What a caller is told whose stream the provider broke off. */
export const BROKEN_OFF = 'The provider broke the stream off.';
