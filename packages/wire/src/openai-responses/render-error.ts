import { ERRORS } from '@keywell/core/errors/catalogue';
import { renderError, renderForeignError, type ErrorBody } from '../openai-chat/errors.ts';

/** This dialect answers errors in the error body of all of OpenAI's endpoints. */
export { renderError, renderForeignError };

/**
 * The event that ends a broken stream. Its members stand twice: at the top as `ResponseErrorEvent` of the official SDK has them, and in
 * `error`, where OpenAI sends them and the SDKs for JavaScript and Python look first before they throw. The connection is to be
 * destroyed after it, never ended; no `response.failed` follows, as the SDKs are gone by then.
 */
export function renderStreamError(error: ErrorBody, sequenceNumber = 0): string {
  const { code, message, param } = error;
  const data = {
    type: 'error',
    sequence_number: sequenceNumber,
    code,
    message,
    param,
    error: { type: ERRORS[code].openaiType, code, message, param },
  };
  return `event: error\ndata: ${JSON.stringify(data)}\n\n`;
}
