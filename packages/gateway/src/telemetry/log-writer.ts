import type { MessagePort } from 'node:worker_threads';
import { LOG_GAUGE, type LogBatch } from '@keywell/core/log/log-gauge';
import { createLineEncoder } from '@keywell/core/log/record-line';
import type { RequestRecord } from '@keywell/core/log/request-record';

const FLUSH_INTERVAL_MS = 200;
const MAX_BATCH_ROWS = 512;
const BATCH_BYTES = 256 * 1024;
/** UTF-8 takes no more for each unit of a text. */
const MOST_BYTES_A_UNIT = 3;
const LINE_END = 0x0a;

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
  /** Lines wait here and not as texts, which a collection would move about until they are sent. */
  readonly #bytes = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #length = 0;
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
    const line = this.#encode(record);
    const most = line.length * MOST_BYTES_A_UNIT + 1;
    if (this.#length + most > BATCH_BYTES) this.flush();
    if (most > BATCH_BYTES) {
      this.#send(1, `${line}\n`);
      return;
    }
    this.#length += this.#bytes.write(line, this.#length, 'utf8');
    this.#bytes[this.#length] = LINE_END;
    this.#length += 1;
    this.#rows += 1;
    if (this.#rows >= MAX_BATCH_ROWS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_INTERVAL_MS);
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#rows === 0) return;
    this.#send(this.#rows, this.#bytes.toString('utf8', 0, this.#length));
    this.#length = 0;
    this.#rows = 0;
  }

  #send(rows: number, lines: string): void {
    const batch: LogBatch = { rows, lines };
    Atomics.add(this.#gauge, LOG_GAUGE.queued, rows);
    this.#target.port.postMessage(batch);
  }
}
