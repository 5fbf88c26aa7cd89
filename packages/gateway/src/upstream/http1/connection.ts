import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Failure } from '@keywell/core/keys/outcome';
import type { OutboundControl, OutboundEvents } from '../../seam/outbound.ts';
import type { ResponseHead } from './response-head.ts';
import { ResponseReader, type ResponseEvents } from './response-reader.ts';

/** Where a connection goes. */
export interface Endpoint {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
}

/** What a connection tells its pool. */
export interface ConnectionOwner {
  /** It may serve another call. */
  onFree(connection: Connection): void;
  onGone(connection: Connection): void;
  /** The TLS session, to resume with the next time. */
  onSession(session: Buffer): void;
}

/** A request in pieces that follow each other. */
export type RequestPieces = readonly Uint8Array[];

/** Reads land here, one after the other: what is kept of them is copied. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** One HTTP/1.1 connection to a provider, serving one call at a time. */
export class Connection implements ResponseEvents {
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #reader = new ResponseReader();
  #call: OutboundEvents | null = null;
  #connected = false;
  #served = 0;
  #headRead = false;
  #keepAlive = false;
  #aborted = false;
  #connectTimer: NodeJS.Timeout | null;
  #pending: Buffer | RequestPieces | null = null;

  constructor(endpoint: Endpoint, owner: ConnectionOwner, session: Buffer | null) {
    this.#owner = owner;
    this.#socket = open(endpoint, session, (bytes) => this.#onBytes(bytes));
    this.#connectTimer = setTimeout(
      () => this.#socket.destroy(codedError('ETIMEDOUT')),
      endpoint.connectTimeoutMs,
    );
    this.#socket.on(endpoint.secure ? 'secureConnect' : 'connect', () => this.#onConnect());
    if (endpoint.secure) this.#socket.on('session', (bytes: Buffer) => owner.onSession(bytes));
    this.#socket.on('end', () => this.#onEnd());
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#onGone(error));
    this.#socket.on('close', () => this.#onGone(null));
  }

  /** Whether everything of the request has left this process. */
  get sent(): boolean {
    return this.#connected && this.#pending === null && this.#socket.writableLength === 0;
  }

  /** Starts a call on this free connection. */
  send(request: Buffer | RequestPieces, call: OutboundEvents): void {
    this.#call = call;
    this.#headRead = false;
    this.#aborted = false;
    this.#reader.expect(this);
    call.onStart(new CallControl(this, call));
    if (this.#aborted) return;
    if (this.#connected) this.#write(request);
    else this.#pending = request;
  }

  #write(request: Buffer | RequestPieces): void {
    if (Buffer.isBuffer(request)) {
      this.#socket.write(request);
      return;
    }
    // Gathered by the kernel, not by us.
    this.#socket.cork();
    for (const piece of request) this.#socket.write(piece);
    this.#socket.uncork();
  }

  /** Whether this call is still the one that is served. */
  serves(call: OutboundEvents): boolean {
    return this.#call === call;
  }

  abort(): void {
    this.#aborted = true;
    this.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends the connection; from here on no pool hands it out. */
  destroy(): void {
    this.#owner.onGone(this);
    this.#socket.destroy();
  }

  onHead(head: ResponseHead): void {
    this.#headRead = true;
    this.#keepAlive = head.keepAlive;
    this.#call?.onHead(head.status, head.header);
  }

  onBody(bytes: Uint8Array): void {
    this.#call?.onData(Buffer.from(bytes));
  }

  onWhole(surplus: boolean): void {
    const call = this.#call;
    this.#call = null;
    this.#served += 1;
    // Bytes nobody asked for would be taken for the next call's answer.
    if (surplus || !this.#keepAlive || this.#aborted) this.destroy();
    else {
      // The caller may have fallen behind in the very bytes that end the answer; the next call would never be read.
      this.#socket.resume();
      this.#owner.onFree(this);
    }
    call?.onEnd();
  }

  onBroken(): void {
    this.#fail('invalid', 'malformed response');
    this.destroy();
  }

  #onConnect(): void {
    this.#connected = true;
    this.#clearTimer();
    const request = this.#pending;
    this.#pending = null;
    if (request !== null) this.#write(request);
  }

  #onBytes(bytes: Buffer): void {
    if (this.#reader.busy) this.#reader.push(bytes);
    else this.destroy();
  }

  #onEnd(): void {
    if (!this.#reader.finish()) this.destroy();
  }

  #onGone(error: NodeJS.ErrnoException | null): void {
    this.#clearTimer();
    this.#owner.onGone(this);
    const detail = error?.code ?? error?.message ?? 'closed';
    this.#fail(this.#failure(), detail);
  }

  #failure(): Failure {
    if (this.#headRead) return 'truncated';
    if (!this.#connected) return 'connect';
    if (this.#served > 0) return 'reset_reused';
    return this.#socket.writableLength > 0 ? 'reset_sending' : 'reset_after_sent';
  }

  #fail(failure: Failure, detail: string): void {
    const call = this.#call;
    this.#call = null;
    call?.onFail(this.#aborted ? 'aborted' : failure, detail);
  }

  #clearTimer(): void {
    if (this.#connectTimer !== null) clearTimeout(this.#connectTimer);
    this.#connectTimer = null;
  }
}

/** One call's hold on its connection; it holds nothing any more once the call is over. */
class CallControl implements OutboundControl {
  readonly #connection: Connection;
  readonly #call: OutboundEvents;

  constructor(connection: Connection, call: OutboundEvents) {
    this.#connection = connection;
    this.#call = call;
  }

  get sent(): boolean {
    return this.#connection.sent;
  }

  abort(): void {
    if (this.#connection.serves(this.#call)) this.#connection.abort();
  }

  pause(): void {
    if (this.#connection.serves(this.#call)) this.#connection.pause();
  }

  resume(): void {
    if (this.#connection.serves(this.#call)) this.#connection.resume();
  }
}

function open(
  endpoint: Endpoint,
  session: Buffer | null,
  onBytes: (bytes: Buffer) => void,
): Socket {
  const { host, port } = endpoint;
  if (endpoint.secure) {
    const socket = connectTls({
      host,
      port,
      servername: isAddress(host) ? '' : host,
      ALPNProtocols: ['http/1.1'],
      ...(session === null ? {} : { session }),
    });
    socket.on('data', onBytes);
    socket.setNoDelay(true);
    return socket;
  }
  return connectTcp({
    host,
    port,
    noDelay: true,
    onread: {
      buffer: READ_BUFFER,
      callback: (count, buffer) => {
        onBytes(Buffer.from(buffer.buffer, buffer.byteOffset, count));
        return true;
      },
    },
  });
}

/** TLS names a host, never an address. */
function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}

function codedError(code: string): Error {
  return Object.assign(new Error('connect timeout'), { code });
}
