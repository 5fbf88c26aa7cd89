import { BodyBuffer } from './body-buffer.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyFailure, Inbound, InboundEvents } from '../seam/inbound.ts';
import type { Deadlined, DeadlineSweeper } from '../pipeline/deadline-sweeper.ts';

/** Below this size head and body leave in one piece. */
const ONE_PIECE_BYTES = 16 * 1024;
/** How long a refused upload is read and thrown away, and how long last words wait to be read. */
const LINGER_MS = 2000;
const EMPTY = new Uint8Array(0);

/** What a request needs of the server it came in by. */
export interface InboundHost {
  readonly sweeper: DeadlineSweeper;
  readonly now: () => number;
  /** How long what was sent may wait for the caller to read on. */
  readonly slowReaderTimeoutMs: number;
  /** True while the node is stopping: every answer then announces that the connection ends. */
  readonly draining: boolean;
  /** The answer being sent says `connection: close`: whatever else comes on this connection is not served (RFC 9112 section 9.6). */
  readonly endAfter: (request: IncomingMessage) => void;
}

/** One request on `node:http`, behind the inbound seam. */
export class NodeInbound implements Inbound, Deadlined {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly announcedBytes: number | null;
  readonly hasBody: boolean;
  events: InboundEvents | null = null;
  deadlineAt = Infinity;
  sweepSlot = -1;

  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #host: InboundHost;
  readonly #expectsContinue: boolean;
  #finishBody: ((body: Uint8Array | BodyFailure) => void) | null = null;
  #lingering: (() => void) | null = null;
  #closed = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    host: InboundHost,
    expectsContinue: boolean,
  ) {
    this.method = request.method ?? '';
    this.target = request.url ?? '';
    this.rawHeaders = request.rawHeaders;
    this.#request = request;
    this.#response = response;
    this.#host = host;
    this.#expectsContinue = expectsContinue;
    const { length, chunked } = readFraming(request.rawHeaders);
    this.announcedBytes = length;
    this.hasBody = chunked || (length ?? 0) > 0;
    response.on('close', () => this.#onClose());
    response.on('error', ignore);
  }

  get closed(): boolean {
    return this.#closed;
  }

  readBody(limits: { maxBytes: number; idleTimeoutMs: number }): Promise<Uint8Array | BodyFailure> {
    if (!this.hasBody) return Promise.resolve(EMPTY);
    if ((this.announcedBytes ?? 0) > limits.maxBytes) return Promise.resolve('payload_too_large');
    if (this.#closed) return Promise.resolve('caller_left');
    return new Promise((resolve) => {
      this.#collectBody(limits, resolve);
    });
  }

  #collectBody(
    limits: { maxBytes: number; idleTimeoutMs: number },
    resolve: (body: Uint8Array | BodyFailure) => void,
  ): void {
    const request = this.#request;
    const { sweeper, now } = this.#host;
    const body = new BodyBuffer(this.announcedBytes);
    const onData = (chunk: Buffer): void => {
      if (body.bytes + chunk.length > limits.maxBytes) {
        body.clear();
        request.pause();
        this.#finishBody?.('payload_too_large');
        return;
      }
      body.push(chunk);
      this.deadlineAt = now() + limits.idleTimeoutMs;
    };
    // A name of its own first: a function that is written straight into a property is put among the long-lived objects, and keeps the
    // whole request there until the next full collection (lint: keywell/no-function-into-property).
    const finish = (outcome: Uint8Array | BodyFailure): void => {
      this.#finishBody = null;
      // What comes after a refusal is thrown away; it must not pause the request again.
      request.off('data', onData);
      this.deadlineAt = Infinity;
      sweeper.remove(this);
      resolve(outcome);
    };
    this.#finishBody = finish;
    request.on('data', onData);
    request.on('end', () => this.#finishBody?.(body.take()));
    request.on('error', () => this.#finishBody?.('caller_left'));
    this.deadlineAt = now() + limits.idleTimeoutMs;
    sweeper.add(this);
    if (this.#expectsContinue) this.#response.writeContinue();
  }

  onDeadline(): void {
    this.#finishBody?.('request_timeout');
    this.#lingering?.();
  }

  respond(status: number, headers: readonly string[], body: Uint8Array | string): void {
    if (this.#closed) return;
    const response = this.#response;
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
    // RFC 9110 section 8.6: what has no content by its status announces no length.
    const head = status === 204 ? [...headers] : [...headers, 'content-length', String(length)];
    const unread = this.hasBody && !this.#request.complete;
    if (unread || this.#host.draining) {
      head.push('connection', 'close');
      this.#host.endAfter(this.#request);
    }
    response.writeHead(status, head);
    if (unread) this.#linger(body);
    else if (this.method === 'HEAD') response.end();
    else if (typeof body === 'string') response.end(body);
    else if (length <= ONE_PIECE_BYTES) response.end(asLatin1(body), 'latin1');
    else response.end(body);
    this.#cutUnread(this.#host.slowReaderTimeoutMs);
  }

  /** Cuts the connection when nothing of what still waits is read for so long: Node's own timer, which sees partial writes. */
  #cutUnread(afterMs: number): void {
    if (this.#response.writableLength > 0) this.#response.setTimeout(afterMs);
  }

  /**
   * Answers while the caller is still sending. Closing at once would reset the connection and the caller would never see why, so
   * what still arrives is thrown away for a moment before the connection ends.
   */
  #linger(body: Uint8Array | string): void {
    const end = (): void => {
      this.#lingering = null;
      this.#host.sweeper.remove(this);
      this.#response.end();
    };
    this.#lingering = end;
    if (this.method !== 'HEAD') this.#response.write(body);
    this.#request.on('end', () => this.#lingering?.());
    this.#request.on('error', ignore);
    this.deadlineAt = this.#host.now() + LINGER_MS;
    this.#host.sweeper.add(this);
    this.#request.resume();
  }

  begin(status: number, headers: readonly string[]): void {
    if (this.#closed) return;
    const head = [...headers];
    if (this.#host.draining) {
      head.push('connection', 'close');
      this.#host.endAfter(this.#request);
    }
    this.#response.writeHead(status, head);
    this.#response.on('drain', () => this.events?.onDrain());
  }

  write(chunk: Uint8Array | string): boolean {
    return this.#closed || this.#response.write(chunk);
  }

  finish(): void {
    if (this.#closed) return;
    this.#response.end();
    this.#cutUnread(this.#host.slowReaderTimeoutMs);
  }

  abort(lastWords?: string): void {
    const response = this.#response;
    if (lastWords === undefined || this.#closed) {
      response.destroy();
      return;
    }
    // No clean end may follow: the chunk is flushed, the terminating one never comes. Who does not read does not hold it up for long.
    response.write(lastWords, () => response.destroy());
    this.#cutUnread(LINGER_MS);
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#finishBody?.('caller_left');
    this.#lingering?.();
    if (!this.#response.writableFinished) this.events?.onCallerLeft();
  }
}

function ignore(): void {
  // A caller that leaves while it is being answered is no fault; `close` tells the rest.
}

/** One string write takes head and body together; latin1 keeps every byte as it is. */
function asLatin1(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
}

function readFraming(rawHeaders: readonly string[]): { length: number | null; chunked: boolean } {
  let length: number | null = null;
  let chunked = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      length = Number(rawHeaders[index + 1]);
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      chunked = true;
    }
  }
  return { length, chunked };
}
