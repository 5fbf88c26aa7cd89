import type { Outbound, OutboundEvents, OutboundRequest } from '../../seam/outbound.ts';
import {
  Connection,
  type ConnectionOwner,
  type Endpoint,
  type RequestPieces,
} from './connection.ts';

/** How long a connection may wait for its next call; shorter than what servers usually allow, so that they do not close it first. */
const IDLE_MS = 30_000;
const SWEEP_MS = 5000;
const MAX_IDLE = 1024;

/**
 * The outbound half of the HTTP seam: HTTP/1.1 on bare sockets, one call at a time on each connection. What leaves here is put
 * together by us alone, so its framing cannot be anything but right; what comes back is read strictly.
 */
export class Http1Outbound implements Outbound {
  readonly #pools = new Map<string, ConnectionPool>();

  send(request: OutboundRequest, events: OutboundEvents): void {
    const key = `${request.origin} ${request.connectTimeoutMs}`;
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new ConnectionPool(endpointOf(request));
      this.#pools.set(key, pool);
    }
    pool.send(request, events);
  }

  close(): Promise<void> {
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
    return Promise.resolve();
  }
}

interface Idle {
  readonly connection: Connection;
  readonly since: number;
}

/** The connections to one origin. The one used last is used next, so that those in excess grow old and are closed. */
class ConnectionPool implements ConnectionOwner {
  readonly #endpoint: Endpoint;
  readonly #authority: string;
  readonly #idle: Idle[] = [];
  readonly #all = new Set<Connection>();
  readonly #sweep: NodeJS.Timeout;
  #session: Buffer | null = null;

  constructor(endpoint: Endpoint & { readonly authority: string }) {
    this.#endpoint = endpoint;
    this.#authority = endpoint.authority;
    this.#sweep = setInterval(() => this.#closeOld(), SWEEP_MS);
    this.#sweep.unref();
  }

  send(request: OutboundRequest, events: OutboundEvents): void {
    const bytes = encodeRequest(request, this.#authority);
    const idle = this.#idle.pop();
    let connection = idle?.connection;
    if (connection === undefined) {
      connection = new Connection(this.#endpoint, this, this.#session);
      this.#all.add(connection);
    }
    connection.send(bytes, events);
  }

  onFree(connection: Connection): void {
    if (!this.#all.has(connection)) return;
    if (this.#idle.length >= MAX_IDLE) {
      connection.destroy();
      return;
    }
    this.#idle.push({ connection, since: performance.now() });
  }

  onGone(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    const place = this.#idle.findIndex((idle) => idle.connection === connection);
    if (place !== -1) this.#idle.splice(place, 1);
  }

  onSession(session: Buffer): void {
    this.#session = session;
  }

  close(): void {
    clearInterval(this.#sweep);
    for (const connection of this.#all) connection.destroy();
    this.#all.clear();
    this.#idle.length = 0;
  }

  #closeOld(): void {
    const before = performance.now() - IDLE_MS;
    while ((this.#idle[0]?.since ?? Infinity) < before) this.#idle.shift()?.connection.destroy();
  }
}

function endpointOf(request: OutboundRequest): Endpoint & { readonly authority: string } {
  const url = new URL(request.origin);
  const secure = url.protocol === 'https:';
  return {
    secure,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    authority: url.host,
    connectTimeoutMs: request.connectTimeoutMs,
  };
}

const heads = new WeakMap<readonly string[], Map<string, Buffer>>();

/** Up to this size a body is copied behind its head, which costs less than a second piece to write. */
const ONE_PIECE_BYTES = 64 * 1024;

/** Head and body, to leave in one write. All of a head but its length is put together once for a target. */
function encodeRequest(request: OutboundRequest, authority: string): Buffer | RequestPieces {
  const head = headOf(request, authority);
  const { body } = request;
  if (body === null) return Buffer.concat([head, BLANK]);
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return encodePieces(head, body);
  const size = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  if (size > ONE_PIECE_BYTES) return encodePieces(head, [asBytes(body)]);
  const length = `content-length: ${size}\r\n\r\n`;
  const at = head.length + length.length;
  const bytes = Buffer.allocUnsafe(at + size);
  head.copy(bytes);
  bytes.write(length, head.length, 'latin1');
  if (typeof body === 'string') bytes.write(body, at, 'utf8');
  else bytes.set(body, at);
  return bytes;
}

const asBytes = (body: string | Uint8Array): Uint8Array =>
  typeof body === 'string' ? Buffer.from(body) : body;

function encodePieces(head: Buffer, body: readonly Uint8Array[]): RequestPieces {
  const bytes = body.reduce((sum, piece) => sum + piece.byteLength, 0);
  return [head, Buffer.from(`content-length: ${bytes}\r\n\r\n`), ...body];
}

const BLANK = Buffer.from('\r\n');

function headOf({ method, path, headers }: OutboundRequest, authority: string): Buffer {
  let known = heads.get(headers);
  if (known === undefined) {
    known = new Map();
    heads.set(headers, known);
  }
  const key = `${method} ${path}`;
  const head = known.get(key) ?? compileHead(key, headers, authority);
  known.set(key, head);
  return head;
}

/** Throws when anything in it could start another line: these values come from the configuration. */
function compileHead(start: string, headers: readonly string[], authority: string): Buffer {
  const lines = [`${start} HTTP/1.1`, `host: ${authority}`];
  for (let index = 0; index < headers.length; index += 2) {
    lines.push(`${headers[index]}: ${headers[index + 1]}`);
  }
  for (const line of lines) {
    if (!/^[\t\x20-\x7e\x80-\xff]+$/.test(line))
      throw new Error('a header holds a control character');
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1');
}
