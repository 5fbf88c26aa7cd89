/**
 * Errors as callers of the Messages API see them: `{"type": "error", "error": {"type", "message"}, "request_id"}`.
 * Source: https://platform.claude.com/docs/en/api/errors; `ErrorObject` and `ErrorType` of the official SDK.
 */
import { ERRORS, type ErrorCode } from '@keywell/core/errors/catalogue';

export interface MessagesError {
  readonly code: ErrorCode;
  readonly message: string;
  /** Also told in the `request-id` header; null where there is none. */
  readonly requestId: string | null;
}

const TYPE_OF_STATUS: ReadonlyMap<number, string> = new Map([
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [408, 'timeout_error'],
  [409, 'conflict_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [503, 'overloaded_error'],
  [504, 'timeout_error'],
]);

/** `error.type` for a code of ours. */
function messagesErrorType(code: ErrorCode): string {
  return typeOfStatus(ERRORS[code].status);
}

function typeOfStatus(status: number): string {
  return TYPE_OF_STATUS.get(status) ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
}

/** The JSON body of an error. Our code stands where the dialect has its own finer codes, in `details.error_code`. */
export function renderError({ code, message, requestId }: MessagesError): string {
  return JSON.stringify({
    type: 'error',
    error: { type: messagesErrorType(code), message, details: { error_code: code } },
    request_id: requestId,
  });
}

/** A provider's own words on what is wrong with a request, which no code of ours stands for. */
export function renderForeignError(message: string, status: number): string {
  return JSON.stringify({
    type: 'error',
    error: { type: typeOfStatus(status), message },
    request_id: null,
  });
}

/** The event that ends a broken stream: official SDKs throw on it. The connection must be destroyed after it, never ended. */
export function renderStreamError(error: MessagesError): string {
  return `event: error\ndata: ${renderError(error)}\n\n`;
}
