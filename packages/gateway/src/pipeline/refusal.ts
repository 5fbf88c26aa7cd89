import type { ErrorCode } from '@keywell/core/errors/catalogue';

/** A phase's answer instead of going on: an error of the catalogue, rendered in the caller's dialect. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly code: ErrorCode;
  readonly message: string | null;
  readonly param: string | null;
  /** Flat names and values beside those every answer carries. */
  readonly headers: readonly string[];
}

export function refuse(
  code: ErrorCode,
  message: string | null = null,
  extra: { readonly param?: string | null; readonly headers?: readonly string[] } = {},
): Refusal {
  return {
    kind: 'refusal',
    code,
    message,
    param: extra.param ?? null,
    headers: extra.headers ?? [],
  };
}

/** `retry-after` in whole seconds, never 0; beyond a minute SDKs are told not to sleep on it. */
export function retryAfterHeaders(waitMs: number): string[] {
  const headers = ['retry-after', String(Math.max(1, Math.ceil(waitMs / 1000)))];
  if (waitMs > 60_000) headers.push('x-should-retry', 'false');
  return headers;
}
