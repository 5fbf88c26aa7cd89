import type { MessagePort } from 'node:worker_threads';
import { LOG_GAUGE, type LogBatch } from '@keywell/core/log/log-gauge';
import { createLineEncoder } from '@keywell/core/log/record-line';
import type { RequestRecord } from '@keywell/core/log/request-record';

const FLUSH_INTERVAL_MS = 200;
const MAX_BATCH_ROWS = 512;

/** Where one worker's records go; null when the request log is off. */
export interface LogTarget {
  readonly port: MessagePort;
  readonly gauge: SharedArrayBuffer;
  /** Records that may wait for the sink before new ones are shed. */
  readonly maxQueuedRows: number;
}

/** Batches a worker's request records for the sink. Bounded: when the sink is behind, records are shed and counted, never kept. */
export class LogWriter {
  readonly #target: LogTarget;
  readonly #gauge: Int32Array;
  readonly #encode = createLineEncoder();
  #lines = '';
  #rows = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(target: LogTarget) {
    this.#target = target;
    this.#gauge = new Int32Array(target.gauge);
  }

  append(record: RequestRecord): void {
    if (Atomics.load(this.#gauge, LOG_GAUGE.queued) + this.#rows >= this.#target.maxQueuedRows) {
      Atomics.add(this.#gauge, LOG_GAUGE.shed, 1);
      return;
    }
    this.#lines += `${this.#encode(record)}\n`;
    this.#rows += 1;
    if (this.#rows >= MAX_BATCH_ROWS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_INTERVAL_MS);
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#rows === 0) return;
    const batch: LogBatch = { rows: this.#rows, lines: this.#lines };
    Atomics.add(this.#gauge, LOG_GAUGE.queued, this.#rows);
    this.#target.port.postMessage(batch);
    this.#lines = '';
    this.#rows = 0;
  }
}
