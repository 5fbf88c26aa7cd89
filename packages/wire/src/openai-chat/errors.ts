import { ERRORS, type ErrorCode } from '@keywell/core/errors/catalogue';

/** An error as a caller of the OpenAI dialect sees it; the request's id travels in the header alone. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly param: string | null;
}

/** The JSON body of an error, without a newline at its end. The status comes from the catalogue. */
export function renderError({ code, message, param }: ErrorBody): string {
  const type = ERRORS[code].openaiType;
  return JSON.stringify({ error: { message, type, param, code } });
}

/** A provider's own words on what is wrong with a request, which no code of ours stands for. */
export function renderForeignError(message: string): string {
  return JSON.stringify({
    error: { message, type: 'invalid_request_error', param: null, code: null },
  });
}

/** The event that ends a broken stream: official SDKs throw on it. The connection must be destroyed after it, never ended. */
export function renderStreamError(error: ErrorBody): string {
  return `data: ${renderError(error)}\n\n`;
}
