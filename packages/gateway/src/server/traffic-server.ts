import { createServer, Socket, type Server } from 'node:net';
import type { DeadlineSweeper } from '../pipeline/deadline-sweeper.ts';
import { headerIn } from '../pipeline/header-in.ts';
import { UpgradeInbound } from '../realtime/upgrade-inbound.ts';
import type { Inbound } from '../seam/inbound.ts';
import { guardHead, type HeadProblem } from './head-guard.ts';
import type { Http1Inbound } from './http1/http1-inbound.ts';
import { InboundConnection, type ConnectionHost } from './http1/inbound-connection.ts';
import type { RequestHead } from './http1/request-head.ts';

export interface TrafficServerOptions {
  readonly sweeper: DeadlineSweeper;
  readonly now: () => number;
  readonly headersTimeoutMs: number;
  readonly maxConnections: number;
  /** How long an answer may wait for its caller to read on; asked for each answer. */
  readonly slowReaderTimeoutMs: () => number;
  /** Every request whose head is sound. */
  readonly onRequest: (inbound: Inbound, problem: HeadProblem | null) => void;
}

/** Reads land here, one after the other: what is kept of them is copied. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** The data plane's listener: the inbound half of the HTTP seam, HTTP/1.1 on bare sockets. */
export class TrafficServer implements ConnectionHost {
  readonly sweeper: DeadlineSweeper;
  readonly now: () => number;
  readonly headersTimeoutMs: number;
  draining = false;
  readonly #server: Server;
  readonly #options: TrafficServerOptions;
  readonly #connections = new Set<InboundConnection>();
  /** Connections that are, or are to be, WebSockets. */
  readonly #sessions = new Set<UpgradeInbound>();

  constructor(options: TrafficServerOptions) {
    this.#options = options;
    this.sweeper = options.sweeper;
    this.now = options.now;
    this.headersTimeoutMs = options.headersTimeoutMs;
    this.#server = createServer(
      { noDelay: true, pauseOnConnect: true, allowHalfOpen: true },
      (accepted) => this.#accept(accepted),
    );
    this.#server.maxConnections = options.maxConnections;
  }

  get slowReaderTimeoutMs(): number {
    return this.#options.slowReaderTimeoutMs();
  }

  get connections(): number {
    return this.#connections.size;
  }

  listen(at: { host: string; port: number; shared: boolean }): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(
        { host: at.host, port: at.port, reusePort: at.shared, backlog: 1024 },
        () => {
          this.#server.removeListener('error', reject);
          const address = this.#server.address();
          resolve(typeof address === 'object' && address !== null ? address.port : at.port);
        },
      );
    });
  }

  /** Takes no more connections. Resolves when the last one is closed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.closeIdle();
    });
  }

  closeIdle(): void {
    for (const connection of this.#connections) if (connection.isIdle) connection.destroy();
  }

  /** Ends what is no request any more and would never end by itself. */
  stopSessions(): void {
    for (const session of this.#sessions) session.stop();
  }

  destroyAll(): void {
    for (const connection of this.#connections) connection.destroy();
    for (const session of this.#sessions) session.destroy();
  }

  onRequest(inbound: Http1Inbound, problem: HeadProblem | null): void {
    this.#options.onRequest(inbound, problem);
  }

  /** Whether a request asks for a session at the one path that has them, and as RFC 6455 section 4.2.1 wants it. */
  isSession({ method, target, version, upgrade, rawHeaders, framing }: RequestHead): boolean {
    if (upgrade !== 'websocket' || method !== 'GET' || framing !== 'none') return false;
    return (
      version === '1.1' &&
      /^\/v1\/realtime(?:\?|$)/.test(target) &&
      headerIn(rawHeaders, 'sec-websocket-version') === '13' &&
      /^[A-Za-z0-9+/]{22}==$/.test(headerIn(rawHeaders, 'sec-websocket-key') ?? '')
    );
  }

  onSession(head: RequestHead, socket: Socket, rest: Buffer): void {
    const inbound = new UpgradeInbound(head, socket, rest);
    this.#sessions.add(inbound);
    socket.on('close', () => this.#sessions.delete(inbound));
    this.#options.onRequest(inbound, guardHead(head.version, head.target, head.rawHeaders));
  }

  onGone(connection: InboundConnection): void {
    this.#connections.delete(connection);
  }

  #accept(accepted: Socket): void {
    let connection: InboundConnection | null = null;
    const socket = takeOver(accepted, (bytes) => connection?.onBytes(bytes));
    connection = new InboundConnection(socket, this);
    this.#connections.add(connection);
  }
}

/**
 * The accepted connection as a socket whose reads land in READ_BUFFER. Node offers that to sockets that one makes oneself, not to those
 * that a server accepts, for which it takes 64 KB of new memory at each read (measured: that doubles what a small request costs). So its
 * handle is given to a socket of ours. The accepted one stays as what the server counts. Where there is no handle to be had, it is read as
 * Node reads.
 */
function takeOver(accepted: Socket, onBytes: (bytes: Buffer) => void): Socket {
  const handle: unknown = Reflect.get(accepted, '_handle');
  if (typeof handle !== 'object' || handle === null) {
    accepted.on('data', onBytes);
    return accepted;
  }
  Reflect.set(accepted, '_handle', null);
  const options = {
    handle,
    allowHalfOpen: true,
    onread: {
      buffer: READ_BUFFER,
      callback: (count: number, { buffer, byteOffset }: Uint8Array): boolean => {
        onBytes(Buffer.from(buffer, byteOffset, count));
        return true;
      },
    },
  };
  const socket: Socket = Reflect.construct(Socket, [options]);
  socket.on('close', () => accepted.destroy());
  return socket;
}
