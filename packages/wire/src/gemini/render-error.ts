/**
 * Errors as Google's APIs send them (google.rpc.Status as JSON). Source: https://google.aip.dev/193, google/rpc/code.proto,
 * https://ai.google.dev/gemini-api/docs/troubleshooting.
 */
import { ERRORS, type ErrorCode } from '@keywell/core/errors/catalogue';

export interface GeminiError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly param: string | null;
  /** HTTP status, where it is not the catalogue's. */
  readonly status?: number;
  /** After which a caller may come again, where that is known. */
  readonly retryAfterMs?: number | null;
}

const STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  402: 'RESOURCE_EXHAUSTED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  412: 'FAILED_PRECONDITION',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
  508: 'FAILED_PRECONDITION',
};

/** Name of the google.rpc.Code that stands for an HTTP status. */
function statusName(status: number): string {
  return STATUS[status] ?? (status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT');
}

/** The JSON body of an error. Our own code is the `reason` of its ErrorInfo; a wait stands in RetryInfo, as Google's own clients read it. */
export function renderError({ code, message, param, status, retryAfterMs }: GeminiError): string {
  const httpStatus = status ?? ERRORS[code].status;
  const details: object[] = [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: code.toUpperCase(),
      domain: 'keywell',
      ...(param === null ? {} : { metadata: { param } }),
    },
  ];
  if (param !== null) {
    details.push({
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ field: param, description: message }],
    });
  }
  if (typeof retryAfterMs === 'number' && retryAfterMs >= 0) {
    const retryDelay = `${Math.ceil(retryAfterMs) / 1000}s`;
    details.push({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay });
  }
  return JSON.stringify({
    error: { code: httpStatus, message, status: statusName(httpStatus), details },
  });
}

/** A provider's own words on what is wrong with a request, which no code of ours stands for. */
export function renderForeignError(message: string, status: number): string {
  return JSON.stringify({ error: { code: status, message, status: statusName(status) } });
}

/**
 * The event that ends a broken stream: the official SDK throws an ApiError on an object with an `error` whose code is a number from 400
 * to 599 (`throwIfStreamErrorChunk`). The connection must be destroyed after it, never ended.
 */
export function renderStreamError(error: GeminiError): string {
  return `data: ${renderError(error)}\n\n`;
}
