import type { ErrorCode } from '@keywell/core/errors/catalogue';

/** An error as a caller is told it; the request's id travels in the header alone. */
export interface ToldError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly param: string | null;
}
