import type { IncomingMessage, Server, ServerResponse as Response } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { DeadlineSweeper } from '../pipeline/deadline-sweeper.ts';
import type { Inbound } from '../seam/inbound.ts';
import { UpgradeInbound } from '../realtime/upgrade-inbound.ts';
import { createServer, ServerResponse, STATUS_CODES } from './node-http.ts';
import { NodeInbound, type InboundHost } from './node-inbound.ts';
import { guardHead, type HeadProblem } from './head-guard.ts';

/** Node checks its slow-client limits only this often; its default of 30 s would let a dripping client live that long. */
const CHECK_INTERVAL_MS = 500;
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 16 * 1024;

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

/** The data plane's listener on `node:http`: the inbound half of the HTTP seam, with the limits plain Node leaves open. */
export class TrafficServer implements InboundHost {
  readonly sweeper: DeadlineSweeper;
  readonly now: () => number;
  draining = false;
  readonly #server: Server;
  readonly #options: TrafficServerOptions;
  /** Connections whose last answer is on its way. */
  readonly #ending = new WeakSet<Socket>();
  /** Connections that are, or are to be, WebSockets. */
  readonly #sessions = new Set<UpgradeInbound>();
  #connections = 0;

  constructor(options: TrafficServerOptions) {
    this.#options = options;
    this.sweeper = options.sweeper;
    this.now = options.now;
    this.#server = createServer({
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      headersTimeout: options.headersTimeoutMs,
      // Slow bodies are cut by the phase that reads them; a slow answer is no request timeout.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      requireHostHeader: true,
      noDelay: true,
      insecureHTTPParser: false,
      // Any other wish for another protocol is not granted, and the request answered as it is.
      shouldUpgradeCallback: isSession,
    });
    // Node drops what is over this count in silence; the guard counts and refuses instead.
    this.#server.maxHeadersCount = 0;
    this.#server.maxConnections = options.maxConnections;
    this.#server.on('request', (request, response) => this.#accept(request, response, false));
    this.#server.on('checkContinue', (request: IncomingMessage, response: Response) =>
      this.#accept(request, response, true),
    );
    this.#server.on('checkExpectation', (request: IncomingMessage, response: Response) =>
      this.#accept(request, response, false, {
        code: 'expectation_failed',
        message: 'The only expectation taken is 100-continue.',
        fatal: true,
      }),
    );
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
    this.#server.on('clientError', answerBrokenRequest);
    this.#server.on('connect', (_request: IncomingMessage, socket: Duplex) =>
      answerRaw(socket, 405),
    );
    this.#server.on('connection', (socket) => {
      this.#connections += 1;
      socket.on('close', () => {
        this.#connections -= 1;
      });
    });
  }

  endAfter(request: IncomingMessage): void {
    this.#ending.add(request.socket);
  }

  get slowReaderTimeoutMs(): number {
    return this.#options.slowReaderTimeoutMs();
  }

  get connections(): number {
    return this.#connections;
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
      this.#server.closeIdleConnections();
    });
  }

  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  /** Ends what is no request any more and would never end by itself. */
  stopSessions(): void {
    for (const session of this.#sessions) session.stop();
  }

  destroyAll(): void {
    this.#server.closeAllConnections();
    for (const session of this.#sessions) session.destroy();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const inbound = new UpgradeInbound(request, socket, head);
    this.#sessions.add(inbound);
    socket.on('close', () => this.#sessions.delete(inbound));
    const found = guardHead(request.httpVersion, request.url ?? '', request.rawHeaders);
    this.#options.onRequest(inbound, found);
  }

  #accept(
    request: IncomingMessage,
    response: Response,
    expectsContinue: boolean,
    problem: HeadProblem | null = null,
  ): void {
    // What was sent behind the request that ends the connection may be a smuggled one; it gets no answer and does nothing.
    if (this.#ending.has(request.socket)) return;
    const found = problem ?? guardHead(request.httpVersion, request.url ?? '', request.rawHeaders);
    const inbound = new NodeInbound(request, response, this, expectsContinue);
    if (found?.fatal === true) {
      response.shouldKeepAlive = false;
      this.endAfter(request);
    }
    this.#options.onRequest(inbound, found);
  }
}

/** Whether a request asks for a session at the one path that has them, and as RFC 6455 section 4.2.1 wants it. */
function isSession({ method, url = '', headers, httpVersion }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    httpVersion === '1.1' &&
    /^\/v1\/realtime(?:\?|$)/.test(url) &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-version'] === '13' &&
    /^[A-Za-z0-9+/]{22}==$/.test(headers['sec-websocket-key'] ?? '')
  );
}

/** What the parser refused never becomes a request; it gets a short answer on the bare socket, and the connection ends. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  if (isAnswering(socket)) {
    // Words of ours would land in the middle of that answer.
    socket.end(() => socket.destroy());
    return;
  }
  if (error.code === 'HPE_HEADER_OVERFLOW') answerRaw(socket, 431);
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') answerRaw(socket, 408);
  else if (error.code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') answerRaw(socket, 413);
  else answerRaw(socket, 400);
}

/** Whether an answer has begun on the socket; Node's own handler of broken requests asks the same of it. */
function isAnswering(socket: Duplex): boolean {
  const current: unknown = Reflect.get(socket, '_httpMessage');
  return current instanceof ServerResponse && current.headersSent;
}

function answerRaw(socket: Duplex, status: number): void {
  const title = STATUS_CODES[status] ?? 'Bad Request';
  const body = JSON.stringify({
    error: { message: title, type: 'invalid_request_error', param: null, code: 'bad_request' },
  });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
