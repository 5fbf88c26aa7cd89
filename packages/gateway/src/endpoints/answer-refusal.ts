import { AS_TOLD, ERRORS } from '@keywell/core/errors/catalogue';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Refusal } from '../pipeline/refusal.ts';
import { pushWait } from '../relay/response-headers.ts';
import { errorWriterFor } from './caller-errors.ts';

/** Renders a refusal in the caller's dialect; inside the answer where its head is out already. */
export function answerRefusal(exchange: Exchange, refusal: Refusal): void {
  const { status, title } = ERRORS[refusal.code];
  exchange.errorCode = refusal.code;
  if (exchange.callerGone || exchange.inbound.closed) {
    exchange.callerGone = true;
    exchange.status = 499;
    return;
  }
  const message = `${refusal.message ?? title} ${hintOf(refusal, exchange.begun)}`;
  const error = { code: refusal.code, message, param: refusal.param, requestId: exchange.id };
  const writer = errorWriterFor(exchange);
  if (exchange.begun) {
    exchange.inbound.abort(writer.renderStreamError(error));
    return;
  }
  exchange.status = status;
  const body = writer.renderError(error);
  exchange.responseBytes = Buffer.byteLength(body);
  const headers = [
    'content-type',
    'application/json',
    'keywell-request-id',
    exchange.id,
    ...exchange.limitHeaders,
    ...refusal.headers,
  ];
  pushWait(headers, exchange);
  if (exchange.attempts > 0) headers.push('keywell-attempts', String(exchange.attempts));
  exchange.inbound.respond(status, headers, body);
}

/** What a header would say is said in words where there is none: inside an answer, or because nobody knows. */
function hintOf({ code, headers }: Refusal, isInside: boolean): string {
  const { hint } = ERRORS[code];
  const at = headers.indexOf('retry-after');
  if (at < 0) return hint === AS_TOLD ? 'Try again later.' : hint;
  return isInside ? `Try again in ${headers[at + 1] ?? '1'} s.` : hint;
}
