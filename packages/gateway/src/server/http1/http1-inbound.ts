import type { BodyFailure, Inbound, InboundEvents } from '../../seam/inbound.ts';
import { BodyBuffer } from '../body-buffer.ts';
import { answerHead, isBodiless } from './answer-head.ts';
import type { RequestHead } from './request-head.ts';

const EMPTY = new Uint8Array(0);
/** How much of a body is taken before anybody has asked for it. */
const UNASKED_BYTES = 64 * 1024;

const KEEP = 'connection: keep-alive\r\nkeep-alive: timeout=65\r\n';
const CLOSE = 'connection: close\r\n';
const CHUNKED = 'transfer-encoding: chunked\r\n';
const LAST_CHUNK = '0\r\n\r\n';

/** What a request needs of its connection. */
export interface RequestHost {
  /** Whether the answer is the connection's last. */
  readonly isLast: boolean;
  /** Sends in one piece where that is small. False asks to stop until drained. */
  send(head: string, body: Uint8Array | string): boolean;
  /** Sends one chunk of a chunked answer. */
  sendChunk(chunk: Uint8Array | string): boolean;
  pause(): void;
  resume(): void;
  /** Has the request told when nothing more of its body has come for so long; `Infinity` for never. */
  expectBodyWithin(idleMs: number): void;
  /** The answer is complete. `unread` where the caller is still sending. */
  answered(how: { readonly last: boolean; readonly unread: boolean }): void;
  cut(how: Cut): void;
}

/** How a connection is ended before its answer is complete: at once, behind what was sent as far as that is read, or so that it cannot be taken for an end. */
export type Cut = 'now' | 'sent' | 'reset';

/** One request on a connection of our own, behind the inbound seam. */
export class Http1Inbound implements Inbound {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly announcedBytes: number | null;
  readonly hasBody: boolean;
  events: InboundEvents | null = null;
  readonly #host: RequestHost;
  readonly #isOld: boolean;
  readonly #body: BodyBuffer | null;
  #expectsContinue: boolean;
  #bodyWhole: boolean;
  #maxBytes = UNASKED_BYTES;
  #idleMs = 0;
  #finishBody: ((body: Uint8Array | BodyFailure) => void) | null = null;
  #begun = false;
  #chunked = false;
  #last = false;
  #closed = false;

  constructor(head: RequestHead, host: RequestHost) {
    this.method = head.method;
    this.target = head.target;
    this.rawHeaders = head.rawHeaders;
    this.announcedBytes = head.length;
    this.hasBody = head.framing !== 'none';
    this.#isOld = head.version === '1.0';
    this.#host = host;
    this.#expectsContinue = head.expect === '100-continue' && !this.#isOld;
    this.#body = this.hasBody ? new BodyBuffer(head.length) : null;
    this.#bodyWhole = !this.hasBody;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether the head of an answer in pieces is out. */
  get begun(): boolean {
    return this.#begun;
  }

  readBody(limits: { maxBytes: number; idleTimeoutMs: number }): Promise<Uint8Array | BodyFailure> {
    const body = this.#body;
    if (body === null) return Promise.resolve(EMPTY);
    if (this.#closed) return Promise.resolve('caller_left');
    if (Math.max(this.announcedBytes ?? 0, body.bytes) > limits.maxBytes) {
      return Promise.resolve('payload_too_large');
    }
    if (this.#bodyWhole) return Promise.resolve(body.take());
    this.#maxBytes = limits.maxBytes;
    this.#idleMs = limits.idleTimeoutMs;
    return new Promise((resolve) => {
      // A name of its own first: a function that is written straight into a property is put among the long-lived objects, and keeps the
      // whole request there until the next full collection (lint: keywell/no-function-into-property).
      const finish = (outcome: Uint8Array | BodyFailure): void => {
        this.#finishBody = null;
        this.#host.expectBodyWithin(Infinity);
        resolve(outcome);
      };
      this.#finishBody = finish;
      this.#host.expectBodyWithin(limits.idleTimeoutMs);
      if (this.#expectsContinue) this.#host.send('HTTP/1.1 100 Continue\r\n\r\n', EMPTY);
      this.#host.resume();
    });
  }

  /** Bytes of the body, which lie in a buffer that is used again. */
  onBody(bytes: Buffer): void {
    const body = this.#body;
    if (body === null) return;
    this.#expectsContinue = false;
    const asked = this.#finishBody !== null;
    if (asked && body.bytes + bytes.length > this.#maxBytes) {
      body.clear();
      this.#host.pause();
      this.#finishBody?.('payload_too_large');
      return;
    }
    body.push(bytes);
    if (asked) this.#host.expectBodyWithin(this.#idleMs);
    else if (body.bytes >= UNASKED_BYTES) this.#host.pause();
  }

  onBodyWhole(): void {
    this.#bodyWhole = true;
    const body = this.#body;
    if (body !== null) this.#finishBody?.(body.take());
  }

  onBodyLate(): void {
    this.#finishBody?.('request_timeout');
  }

  /** The connection is gone, or the caller has broken the rules of it. */
  onGone(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#finishBody?.('caller_left');
    this.events?.onCallerLeft();
  }

  onDrain(): void {
    if (!this.#closed) this.events?.onDrain();
  }

  /** Everything of the answer has left this process. */
  onFlushed(): void {
    this.#closed = true;
  }

  respond(status: number, headers: readonly string[], body: Uint8Array | string): void {
    if (this.#closed) return;
    const unread = !this.#bodyWhole;
    const last = unread || this.#host.isLast;
    const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
    const length = isBodiless(status) ? '' : `content-length: ${bytes}\r\n`;
    const head = answerHead(status, headers, `${length}${last ? CLOSE : KEEP}\r\n`);
    const bodiless = this.method === 'HEAD' || isBodiless(status);
    this.#host.send(head, bodiless ? EMPTY : body);
    this.#host.answered({ last, unread });
  }

  begin(status: number, headers: readonly string[]): void {
    if (this.#closed) return;
    this.#begun = true;
    this.#chunked = !this.#isOld && this.method !== 'HEAD' && !isBodiless(status);
    // Who does not know chunks sees the end of the answer in that of the connection.
    this.#last = this.#host.isLast || this.#isOld || !this.#bodyWhole;
    const framing = `${this.#chunked ? CHUNKED : ''}${this.#last ? CLOSE : KEEP}\r\n`;
    this.#host.send(answerHead(status, headers, framing), EMPTY);
  }

  write(chunk: Uint8Array | string): boolean {
    // An empty chunk would be the last one.
    if (this.#closed || chunk.length === 0) return true;
    if (this.#chunked) return this.#host.sendChunk(chunk);
    return this.method === 'HEAD' || this.#host.send('', chunk);
  }

  finish(): void {
    if (this.#closed) return;
    if (this.#chunked) this.#host.send(LAST_CHUNK, EMPTY);
    this.#host.answered({ last: this.#last, unread: !this.#bodyWhole });
  }

  abort(lastWords?: string): void {
    // An answer that is complete cannot be broken off: the connection is the next request's by now.
    if (this.#closed) return;
    if (this.#begun && !this.#chunked) {
      // Here the connection's end would be the answer's.
      this.#host.cut('reset');
      return;
    }
    if (lastWords === undefined) {
      this.#host.cut('now');
      return;
    }
    // No clean end may follow: the chunk is flushed, the terminating one never comes.
    this.write(lastWords);
    this.#host.cut('sent');
  }
}
