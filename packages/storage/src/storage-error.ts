/** Why a store could not be opened or used; `file` names the file to look at. */
export type StorageErrorCode =
  | 'corrupt'
  | 'newer_schema'
  | 'not_private'
  | 'key_missing'
  | 'key_mismatch'
  | 'in_use'
  | 'io';

/** Ends the start of a node: nothing sensible can be served from a store that is damaged, foreign or from the future. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;
  readonly file: string;

  constructor(code: StorageErrorCode, file: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.file = file;
  }
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
