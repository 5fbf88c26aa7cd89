import type { LogWarning, RequestLog } from './request-log.ts';

export interface RequestLogOptions {
  /** Folder of the monthly files; created when missing. */
  readonly dir: string;
  /** Memory DuckDB may use for its buffers; 48 unless told. */
  readonly memoryLimitMb?: number;
  /** Records one writer may have on the way; 8,192 unless told. */
  readonly maxQueuedRows?: number;
  /** Records older than this are removed; 30 unless told. */
  readonly retentionDays?: number;
  readonly onWarning: (warning: LogWarning) => void;
}

/** Opens the log on DuckDB, in a thread that starts with the first record. */
export async function openRequestLog(_options: RequestLogOptions): Promise<RequestLog> {
  throw new Error('not there yet');
}
