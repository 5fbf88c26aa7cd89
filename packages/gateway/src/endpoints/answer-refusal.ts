import { ERRORS } from '@keywell/core/errors/catalogue';
import { renderError } from '@keywell/wire/openai-chat/errors';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Refusal } from '../pipeline/refusal.ts';

/** Renders a refusal in the caller's dialect. */
export function answerRefusal(exchange: Exchange, refusal: Refusal): void {
  const { status, title, hint } = ERRORS[refusal.code];
  exchange.errorCode = refusal.code;
  if (exchange.callerGone || exchange.inbound.closed) {
    exchange.callerGone = true;
    exchange.status = 499;
    return;
  }
  exchange.status = status;
  const message = `${refusal.message ?? title} ${hint}`;
  const body = renderError({ code: refusal.code, message, param: refusal.param });
  exchange.responseBytes = Buffer.byteLength(body);
  const headers = [
    'content-type',
    'application/json',
    'keywell-request-id',
    exchange.id,
    ...exchange.limitHeaders,
    ...refusal.headers,
  ];
  if (exchange.attempts > 0) headers.push('keywell-attempts', String(exchange.attempts));
  exchange.inbound.respond(status, headers, body);
}
