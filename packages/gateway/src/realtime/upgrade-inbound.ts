import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket, WebSocketServer as Server } from 'ws';
import type { Inbound, InboundEvents } from '../seam/inbound.ts';
import { reasonOf } from '../server/http1/answer-head.ts';
import type { RequestHead } from '../server/http1/request-head.ts';
import { CLOSE, isGoodbye, shortReason } from './close-codes.ts';
import { isBinary, MOST_WAITING_BYTES } from './messages.ts';

/** What a session wants to hear of its caller. */
export interface CallerEvents {
  onMessage(message: Uint8Array, binary: boolean): void;
  /** The caller has said goodbye. */
  onGoodbye(): void;
  /** The node is stopping. */
  onStop(): void;
}

/** How long a caller may take to answer a close. */
const GOODBYE_MS = 2000;

/**
 * A caller who asks for a WebSocket, behind the inbound seam: refused with a plain HTTP answer, or taken over once a provider has begun to
 * speak. From then on what is written are its messages.
 */
export class UpgradeInbound implements Inbound {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly announcedBytes = null;
  readonly hasBody = false;
  events: InboundEvents | null = null;
  caller: CallerEvents | null = null;
  readonly #socket: Socket;
  /** What came behind the head. */
  readonly #rest: Buffer;
  #server: Server | null = null;
  #session: WebSocket | null = null;
  #closed = false;
  #ending = { code: CLOSE.normal as number, reason: '' };
  #full = false;
  #answersPings = true;

  constructor(head: RequestHead, socket: Socket, rest: Buffer) {
    this.method = head.method;
    this.target = head.target;
    this.rawHeaders = head.rawHeaders;
    this.#socket = socket;
    this.#rest = rest;
    socket.on('error', ignore);
    socket.on('close', () => {
      // From the takeover on, the session says how it ended.
      if (this.#session === null) this.#onGone(CLOSE.abnormal);
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What takes the connection over. */
  prepare(server: Server): void {
    this.#server = server;
  }

  readBody(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(0));
  }

  respond(status: number, headers: readonly string[], body: Uint8Array | string): void {
    if (this.#closed) return;
    const lines = [`HTTP/1.1 ${status} ${reasonOf(status)}`];
    for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
    lines.push('connection: close', `content-length: ${Buffer.byteLength(body)}`, '', '');
    this.#socket.write(lines.join('\r\n'));
    this.#socket.end(body);
    this.#closed = true;
    setTimeout(() => this.#socket.destroy(), GOODBYE_MS).unref();
  }

  /** Takes the connection over; the status is the one of RFC 6455. */
  begin(_status: number, headers: readonly string[]): void {
    const server = this.#server;
    if (this.#closed || server === null) return;
    server.once('headers', (lines: string[]) => {
      for (let at = 0; at < headers.length; at += 2) {
        const name = headers[at] ?? '';
        if (name.startsWith('keywell-')) lines.push(`${name}: ${headers[at + 1]}`);
      }
    });
    server.handleUpgrade(this.#asNodes(), this.#socket, this.#rest, (session) => {
      this.#session = session;
      session.on('message', (data: Buffer, binary: boolean) =>
        this.caller?.onMessage(data, binary),
      );
      session.on('pong', () => {
        this.#answersPings = true;
      });
      session.on('error', ignore);
      session.on('close', (code: number) => this.#onGone(code));
    });
    // Nothing was read since the head.
    this.#socket.resume();
  }

  /** The request as `ws` wants it. */
  #asNodes(): IncomingMessage {
    const http = process.getBuiltinModule('node:http');
    const request = new http.IncomingMessage(this.#socket);
    request.method = this.method;
    request.url = this.target;
    const { headers } = request;
    for (let at = 0; at < this.rawHeaders.length; at += 2) {
      headers[(this.rawHeaders[at] ?? '').toLowerCase()] ??= this.rawHeaders[at + 1];
    }
    return request;
  }

  write(chunk: Uint8Array | string): boolean {
    const session = this.#session;
    if (session === null || this.#closed) return true;
    const binary = typeof chunk !== 'string' && isBinary(chunk);
    session.send(chunk, { binary }, () => this.#onSent());
    this.#full = session.bufferedAmount > MOST_WAITING_BYTES;
    return !this.#full;
  }

  finish(): void {
    this.#end(this.#ending.code, this.#ending.reason);
  }

  /** The last words are an error of the dialect; it becomes an event of the session. */
  abort(lastWords?: string): void {
    if (lastWords !== undefined) this.write(errorEvent(lastWords));
    this.#end(CLOSE.failed, 'The provider broke off.');
  }

  /** How the session is to be ended by `finish`. */
  endWith(code: number, reason: string): void {
    this.#ending = { code, reason };
  }

  /** Asks for a sign of life; false when the last one was not answered. */
  ping(): boolean {
    // Who is not read cannot be heard to answer.
    if (this.#session?.isPaused === true) return true;
    if (!this.#answersPings) return false;
    this.#answersPings = false;
    this.#session?.ping();
    return true;
  }

  pause(): void {
    this.#session?.pause();
  }

  resume(): void {
    if (this.#session?.isPaused === true) this.#session.resume();
  }

  /** The node is stopping, and cannot wait for the caller any longer. */
  stop(): void {
    this.endWith(CLOSE.goingAway, 'The gateway is stopping.');
    if (this.caller === null) this.#socket.destroy();
    else this.caller.onStop();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onSent(): void {
    if (!this.#full || (this.#session?.bufferedAmount ?? 0) > MOST_WAITING_BYTES / 2) return;
    this.#full = false;
    this.events?.onDrain();
  }

  #end(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    const session = this.#session;
    if (session === null) {
      this.#socket.destroy();
      return;
    }
    session.close(code, shortReason(reason));
    setTimeout(() => session.terminate(), GOODBYE_MS).unref();
  }

  #onGone(code: number): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#session !== null && isGoodbye(code)) this.caller?.onGoodbye();
    else this.events?.onCallerLeft();
  }
}

/** `data: {"error":{…}}` as the stream of an answer would end, as an event of a session. */
function errorEvent(lastWords: string): string {
  try {
    const told: object = JSON.parse(lastWords.slice(lastWords.indexOf('{')));
    return JSON.stringify({ type: 'error', ...told });
  } catch {
    return JSON.stringify({ type: 'error', error: { type: 'server_error' } });
  }
}

function ignore(): void {
  // `close` tells the rest.
}
