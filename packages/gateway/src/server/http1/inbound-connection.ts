import type { Socket } from 'node:net';
import { BodyReader, BROKEN, MORE } from '../../http1/body-reader.ts';
import { CR, LF, TOKEN } from '../../http1/characters.ts';
import type { Deadlined, DeadlineSweeper } from '../../pipeline/deadline-sweeper.ts';
import { guardHead, type HeadProblem } from '../head-guard.ts';
import { answerHead, reasonOf } from './answer-head.ts';
import { Http1Inbound, type Cut, type RequestHost } from './http1-inbound.ts';
import { readRequestHead, type RequestHead } from './request-head.ts';
import { SocketWriter } from './socket-writer.ts';

/** What a connection needs of the server it came in by. */
export interface ConnectionHost {
  readonly sweeper: DeadlineSweeper;
  readonly now: () => number;
  readonly headersTimeoutMs: number;
  /** How long what was sent may wait for the caller to read on. */
  readonly slowReaderTimeoutMs: number;
  /** True while the node is stopping: every answer then announces that the connection ends. */
  readonly draining: boolean;
  onRequest(inbound: Http1Inbound, problem: HeadProblem | null): void;
  /** Whether the request asks for a session, to which the connection is handed over. */
  isSession(head: RequestHead): boolean;
  onSession(head: RequestHead, socket: Socket, rest: Buffer): void;
  onGone(connection: InboundConnection): void;
}

const MAX_HEAD_BYTES = 16 * 1024;
/** How much of the requests behind the one that is served is kept; a caller who sends more is not read until that one is answered. */
const MAX_AHEAD_BYTES = 64 * 1024;
/** A little longer than callers are told, so that none is closed on while it believes that it may send. */
const KEEP_ALIVE_MS = 66_000;
/** How long a refused upload is read and thrown away, and how long last words wait to be read. */
const LINGER_MS = 2000;
const NO_BYTES = Buffer.alloc(0);

const EXPECTATION: HeadProblem = {
  code: 'expectation_failed',
  message: 'The only expectation taken is 100-continue.',
  fatal: true,
};

/**
 * Where a connection stands: between requests or in a head; with a request that is being served; with its last answer sent, while what
 * still comes is thrown away; handed over to a session.
 */
type Phase = 'head' | 'serving' | 'ending' | 'session';

/** One caller's HTTP/1.1 connection: its requests one after the other, each answered before the next is looked at. */
export class InboundConnection implements Deadlined, RequestHost {
  deadlineAt: number;
  sweepSlot = -1;
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #writer: SocketWriter;
  readonly #body = new BodyReader();
  #phase: Phase = 'head';
  #current: Http1Inbound | null = null;
  /** An unfinished head, what follows the request that is served, or an unfinished line of its body. */
  #rest: Buffer = NO_BYTES;
  #consuming = false;
  #paused = false;
  #served = 0;
  #keepAlive = true;

  constructor(socket: Socket, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    this.#writer = new SocketWriter(socket);
    this.deadlineAt = host.now() + host.headersTimeoutMs;
    socket.on('drain', () => this.#current?.onDrain());
    socket.on('end', () => this.#onEnd());
    socket.on('error', ignore);
    socket.on('timeout', () => socket.destroy());
    socket.on('close', () => this.#onClose());
    host.sweeper.add(this);
  }

  /** Whether it has served and waits for the next request: one before its first is never idle. */
  get isIdle(): boolean {
    return this.#phase === 'head' && this.#served > 0 && this.#rest.length === 0;
  }

  get isLast(): boolean {
    return !this.#keepAlive || this.#host.draining;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** What was read. The bytes lie in a buffer that is used again. */
  onBytes(read: Buffer): void {
    if (this.#phase === 'ending') {
      this.#discard(read);
      return;
    }
    if (this.#phase === 'session') {
      this.#socket.emit('data', Buffer.from(read));
      return;
    }
    if (this.#rest.length === 0) {
      this.#consume(read);
      return;
    }
    const bytes = Buffer.concat([this.#rest, read]);
    this.#rest = NO_BYTES;
    this.#consume(bytes);
  }

  onDeadline(): void {
    this.deadlineAt = Infinity;
    if (this.#phase === 'serving') this.#current?.onBodyLate();
    else if (this.#phase === 'ending' || this.#phase === 'session' || this.isIdle) this.destroy();
    else this.#refuseRaw(408);
  }

  #consume(bytes: Buffer): void {
    this.#consuming = true;
    let at = 0;
    while (at < bytes.length) {
      const next = this.#step(bytes, at);
      if (next === MORE) {
        // Copied: the buffer is used again for the next read.
        this.#rest = Buffer.from(bytes.subarray(at));
        break;
      }
      at = next;
    }
    this.#consuming = false;
  }

  #step(bytes: Buffer, at: number): number {
    if (this.#phase === 'head') return this.#readHead(bytes, at);
    if (this.#phase === 'serving') return this.#readServing(bytes, at);
    // The connection's last answer has been given: whatever follows may be a smuggled request (RFC 9112 section 9.6).
    if (this.#phase === 'ending') this.#discard(bytes.subarray(at));
    return bytes.length;
  }

  #readServing(bytes: Buffer, at: number): number {
    if (this.#body.over) {
      if (bytes.length - at > MAX_AHEAD_BYTES) this.pause();
      return MORE;
    }
    const request = this.#current;
    if (request === null) return bytes.length;
    const next = this.#body.read(bytes, at, request);
    if (next === BROKEN) {
      this.#refuseRaw(400);
      return bytes.length;
    }
    if (this.#body.over) request.onBodyWhole();
    return next;
  }

  #readHead(bytes: Buffer, from: number): number {
    let at = from;
    // RFC 9112 section 2.2: empty lines before a request are let pass.
    while (bytes[at] === CR || bytes[at] === LF) at += 1;
    if (at === bytes.length) return at;
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1');
    if (end === -1) return this.#awaitHead(bytes, at);
    if (end - at > MAX_HEAD_BYTES) return this.#refuseHead(bytes, 431);
    const head = readRequestHead(bytes.toString('latin1', at, end));
    if (head === null) return this.#refuseHead(bytes, 400);
    return this.#open(head, bytes, end + 4);
  }

  /** A head that has not come to its end: waited for where it can still become one. */
  #awaitHead(bytes: Buffer, at: number): number {
    if (bytes.length - at > MAX_HEAD_BYTES) return this.#refuseHead(bytes, 431);
    if (TOKEN[bytes[at] ?? 0] !== 1 || hasBareLineFeed(bytes, at)) {
      return this.#refuseHead(bytes, 400);
    }
    this.#startHeadClock();
    return MORE;
  }

  /** The first bytes of a later head set its time; those that follow do not renew it. */
  #startHeadClock(): void {
    const by = this.#host.now() + this.#host.headersTimeoutMs;
    this.deadlineAt = Math.min(this.deadlineAt, by);
  }

  #refuseHead(bytes: Buffer, status: number): number {
    this.#refuseRaw(status);
    return bytes.length;
  }

  #open(head: RequestHead, bytes: Buffer, from: number): number {
    this.deadlineAt = Infinity;
    if (this.#host.isSession(head)) {
      this.#phase = 'session';
      this.#socket.pause();
      this.#host.onSession(head, this.#socket, Buffer.from(bytes.subarray(from)));
      return bytes.length;
    }
    const problem = problemOf(head);
    const request = new Http1Inbound(head, this);
    this.#phase = 'serving';
    this.#current = request;
    this.#served += 1;
    this.#keepAlive = head.keepAlive && problem?.fatal !== true;
    // Of a body whose end is in doubt nothing is read.
    this.#body.begin(problem?.fatal === true ? 'none' : head.framing, head.length ?? 0);
    let next = from;
    if (!this.#body.over && from < bytes.length) {
      next = this.#readServing(bytes, from);
      if (this.#phase !== 'serving') return bytes.length;
    }
    this.#host.onRequest(request, problem);
    return next === MORE ? from : next;
  }

  send(head: string, body: Uint8Array | string): boolean {
    return this.#writer.write(head, body, '');
  }

  sendChunk(chunk: Uint8Array | string): boolean {
    const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength;
    return this.#writer.write(`${bytes.toString(16)}\r\n`, chunk, '\r\n');
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  expectBodyWithin(idleMs: number): void {
    this.deadlineAt = idleMs === Infinity ? Infinity : this.#host.now() + idleMs;
  }

  answered({ last, unread }: { readonly last: boolean; readonly unread: boolean }): void {
    const request = this.#current;
    if (this.#socket.writableLength === 0) {
      request?.onFlushed();
      this.#afterAnswer(last, unread);
      return;
    }
    // Node's own timer sees partial writes.
    this.#socket.setTimeout(this.#host.slowReaderTimeoutMs);
    this.#socket.write(NO_BYTES, () => {
      this.#socket.setTimeout(0);
      if (this.#socket.destroyed) return;
      request?.onFlushed();
      this.#afterAnswer(last, unread);
    });
  }

  #afterAnswer(last: boolean, unread: boolean): void {
    if (this.#phase !== 'serving') return;
    this.#current = null;
    if (last) {
      this.#end(unread);
      return;
    }
    this.#phase = 'head';
    this.deadlineAt = this.#host.now() + KEEP_ALIVE_MS;
    this.resume();
    if (this.#rest.length > 0 && !this.#consuming) queueMicrotask(() => this.#goOn());
  }

  /** Looks at what has come behind the request that was answered. */
  #goOn(): void {
    if (this.#phase !== 'head' || this.#rest.length === 0 || this.#consuming) return;
    const bytes = this.#rest;
    this.#rest = NO_BYTES;
    this.#consume(bytes);
  }

  /**
   * Ends the connection behind its last answer. Closing while the caller is still sending would reset it, and the caller would never see
   * why: what still arrives is thrown away for a moment, and the end is said only behind the upload where its end is known.
   */
  #end(unread: boolean): void {
    this.#phase = 'ending';
    this.#rest = NO_BYTES;
    this.deadlineAt = this.#host.now() + LINGER_MS;
    this.resume();
    if (!unread || this.#body.over) this.#socket.end();
  }

  #discard(bytes: Buffer): void {
    if (this.#body.over) return;
    const next = this.#body.read(bytes, 0, NOBODY);
    // A line that was cut need not be put together again: the deadline ends what cannot be followed.
    if (next === BROKEN || this.#body.over) this.#socket.end();
  }

  cut(how: Cut): void {
    if (how === 'reset') this.#socket.resetAndDestroy();
    else if (how === 'now' || this.#socket.writableLength === 0) this.#socket.destroy();
    else {
      // Who does not read does not hold the end up for long.
      this.#socket.setTimeout(LINGER_MS);
      this.#socket.write(NO_BYTES, () => this.#socket.destroy());
    }
  }

  /** What never became a request gets a short answer, and the connection ends. */
  #refuseRaw(status: number): void {
    const request = this.#current;
    this.#current = null;
    this.#phase = 'ending';
    this.#rest = NO_BYTES;
    this.#body.begin('none', 0);
    this.deadlineAt = this.#host.now() + LINGER_MS;
    if (request?.begun === true) this.#socket.destroy();
    else {
      const text = brokenText(status);
      this.send(answerHead(status, JSON_TYPE, text.framing), text.body);
      this.#socket.end();
    }
    request?.onGone();
  }

  #onEnd(): void {
    if (this.#phase === 'head' || this.#phase === 'serving') this.#socket.destroy();
  }

  #onClose(): void {
    this.#host.sweeper.remove(this);
    this.#host.onGone(this);
    const request = this.#current;
    this.#current = null;
    this.#phase = 'ending';
    request?.onGone();
  }
}

const NOBODY = { onBody: ignore };
const JSON_TYPE = ['content-type', 'application/json'];

function brokenText(status: number): { readonly framing: string; readonly body: string } {
  const message = reasonOf(status);
  const error = { message, type: 'invalid_request_error', param: null, code: 'bad_request' };
  const body = JSON.stringify({ error });
  return { framing: `content-length: ${body.length}\r\nconnection: close\r\n\r\n`, body };
}

function problemOf({ version, target, rawHeaders, expect }: RequestHead): HeadProblem | null {
  if (version === '1.1' && expect !== null && expect !== '100-continue') return EXPECTATION;
  return guardHead(version, target, rawHeaders);
}

/** Heads whose lines end in line feeds alone never come to an end that is looked for. */
function hasBareLineFeed(bytes: Buffer, from: number): boolean {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at - 1] !== CR) return true;
  }
  return false;
}

function ignore(): void {
  // `close` tells the rest.
}
