/**
 * The writers' side of the log: their ports end on the main thread, which passes each batch on. So a writer never notices that the
 * log's own thread was replaced, and every record is accounted for wherever it is lost. Passing on costs well under a microsecond a record.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { LOG_GAUGE, type LogBatch } from '@keywell/core/log/log-gauge';
import type { BatchOutcome } from './log-thread-protocol.ts';
import type { LogConnection, RequestLogStats } from './request-log.ts';

interface Writer {
  readonly port: MessagePort;
  readonly gauge: Int32Array;
  /** Records that have arrived and whose outcome is not known yet. */
  open: number;
  /** The gauge's count of shed records when it was last added up; it wraps around. */
  seenShed: number;
  gone: boolean;
}

/** A batch that arrived, named for its outcome. */
export interface ArrivedBatch {
  readonly seq: number;
  readonly rows: number;
  readonly lines: string;
}

/** Takes batches from any number of writers and keeps the books. */
export class LogIntake {
  readonly #maxQueuedRows: number;
  readonly #maxQueuedChars: number;
  readonly #deliver: (batch: ArrivedBatch) => void;
  readonly #writers = new Set<Writer>();
  readonly #underway = new Map<number, { writer: Writer; rows: number; chars: number }>();
  #chars = 0;
  #nextSeq = 0;
  #written = 0;
  #shed = 0;

  constructor(
    limits: { readonly maxQueuedRows: number; readonly maxQueuedChars: number },
    deliver: (batch: ArrivedBatch) => void,
  ) {
    this.#maxQueuedRows = limits.maxQueuedRows;
    this.#maxQueuedChars = limits.maxQueuedChars;
    this.#deliver = deliver;
  }

  connect(): LogConnection {
    const { port1, port2 } = new MessageChannel();
    const buffer = new SharedArrayBuffer(LOG_GAUGE.cells * Int32Array.BYTES_PER_ELEMENT);
    const gauge = new Int32Array(buffer);
    const writer: Writer = { port: port1, gauge, open: 0, seenShed: 0, gone: false };
    this.#writers.add(writer);
    port1.on('message', (message: unknown) => {
      this.#arrive(writer, message);
    });
    port1.on('close', () => {
      this.#leave(writer);
    });
    port1.unref();
    return { port: port2, gauge: buffer, maxQueuedRows: this.#maxQueuedRows };
  }

  /** Takes what writers have sent and the event loop has not delivered yet. */
  drain(): void {
    for (const writer of this.#writers) {
      let waiting = receiveMessageOnPort(writer.port);
      while (waiting !== undefined) {
        this.#arrive(writer, waiting.message);
        waiting = receiveMessageOnPort(writer.port);
      }
    }
  }

  get idle(): boolean {
    return this.#underway.size === 0;
  }

  settle(outcomes: readonly BatchOutcome[]): void {
    for (const { seq, written, shed } of outcomes) {
      const batch = this.#underway.get(seq);
      if (batch === undefined) continue;
      this.#underway.delete(seq);
      this.#chars -= batch.chars;
      batch.writer.open -= batch.rows;
      this.#count(batch.writer, batch.rows, written, shed);
      if (batch.writer.gone && batch.writer.open === 0) this.#forget(batch.writer);
    }
  }

  /** Gives up on everything that is under way with a `seq` up to this one; returns how many records that were. */
  shedAll(): number {
    let rows = 0;
    for (const [seq, batch] of this.#underway) {
      rows += batch.rows;
      this.settle([{ seq, written: 0, shed: batch.rows }]);
    }
    return rows;
  }

  stats(): RequestLogStats {
    let queued = 0;
    for (const writer of this.#writers) {
      this.#addUpShed(writer);
      queued += writer.gone ? writer.open : Atomics.load(writer.gauge, LOG_GAUGE.queued);
    }
    return { queued, written: this.#written, shed: this.#shed };
  }

  close(): void {
    for (const writer of this.#writers) writer.port.close();
  }

  #arrive(writer: Writer, message: unknown): void {
    if (!isBatch(message)) return;
    const { rows, lines } = message;
    if (this.#chars + lines.length > this.#maxQueuedChars) {
      this.#count(writer, rows, 0, rows);
      return;
    }
    this.#nextSeq += 1;
    const seq = this.#nextSeq;
    this.#underway.set(seq, { writer, rows, chars: lines.length });
    this.#chars += lines.length;
    writer.open += rows;
    this.#deliver({ seq, rows, lines });
  }

  /** A writer's end: what it announced and never sent is lost. */
  #leave(writer: Writer): void {
    const announced = Atomics.load(writer.gauge, LOG_GAUGE.queued);
    const lost = Math.max(0, announced - writer.open);
    if (lost > 0) this.#count(writer, lost, 0, lost);
    writer.gone = true;
    if (writer.open === 0) this.#forget(writer);
  }

  #forget(writer: Writer): void {
    this.#addUpShed(writer);
    this.#writers.delete(writer);
  }

  #count(writer: Writer, rows: number, written: number, shed: number): void {
    Atomics.sub(writer.gauge, LOG_GAUGE.queued, rows);
    Atomics.add(writer.gauge, LOG_GAUGE.written, written);
    Atomics.add(writer.gauge, LOG_GAUGE.shed, shed);
    this.#written += written;
  }

  #addUpShed(writer: Writer): void {
    const seen = Atomics.load(writer.gauge, LOG_GAUGE.shed);
    this.#shed += (seen - writer.seenShed) >>> 0;
    writer.seenShed = seen;
  }
}

function isBatch(message: unknown): message is LogBatch {
  return (
    typeof message === 'object' &&
    message !== null &&
    'rows' in message &&
    Number.isSafeInteger(message.rows) &&
    'lines' in message &&
    typeof message.lines === 'string'
  );
}
