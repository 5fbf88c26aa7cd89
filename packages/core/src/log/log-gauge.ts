/**
 * The three counters that a writer of the request log and its sink share (Int32 cells of one shared buffer), so that the queue
 * between them is bounded without a round trip. A batch on the port is one string of lines, one record a line (record-line.ts).
 */
export const LOG_GAUGE = Object.freeze({
  /** Records sent and not yet written. */
  queued: 0,
  /** Records written since the start. */
  written: 1,
  /** Records thrown away because the queue was full or the sink refused them. */
  shed: 2,
  cells: 4,
});

/** What travels from a worker to the sink. */
export interface LogBatch {
  readonly rows: number;
  readonly lines: string;
}
