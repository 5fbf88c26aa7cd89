/** What the main thread and the log's own thread say to each other. */
import type { LogWarning, RequestLogQuery } from './request-log.ts';

/** Handed to the thread when it starts. */
export interface LogThreadSettings {
  readonly dir: string;
  readonly memoryLimitMb: number;
  readonly retentionDays: number;
}

/** What can be asked of the thread; each is answered once. */
export type LogQuestion =
  | { readonly ask: 'flush' }
  | { readonly ask: 'list'; readonly query: RequestLogQuery; readonly deadlineMs: number }
  | { readonly ask: 'get'; readonly id: string; readonly deadlineMs: number }
  | { readonly ask: 'retain' }
  | { readonly ask: 'close' };

export type ToLogThread =
  | { readonly kind: 'batch'; readonly seq: number; readonly rows: number; readonly lines: string }
  | { readonly kind: 'question'; readonly call: number; readonly question: LogQuestion };

/** What became of one batch. */
export interface BatchOutcome {
  readonly seq: number;
  readonly written: number;
  readonly shed: number;
}

export type FromLogThread =
  | { readonly kind: 'outcomes'; readonly outcomes: readonly BatchOutcome[] }
  | { readonly kind: 'warning'; readonly warning: LogWarning }
  /** `lines` are whole records as JSON. */
  | { readonly kind: 'answer'; readonly call: number; readonly lines: readonly string[] }
  | { readonly kind: 'failure'; readonly call: number; readonly message: string };
