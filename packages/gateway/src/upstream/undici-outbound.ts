import { Pool, type Dispatcher } from 'undici';
import type { Failure } from '@keywell/core/keys/outcome';
import type {
  Outbound,
  OutboundControl,
  OutboundEvents,
  OutboundHeaders,
  OutboundRequest,
} from '../seam/outbound.ts';

/** A provider's response head may not be larger than this. */
const MAX_RESPONSE_HEAD_BYTES = 32 * 1024;
const KEEP_ALIVE_MS = 30_000;

/** undici's connections behind the outbound seam: one pool of keep-alive connections for each origin. */
export class UndiciOutbound implements Outbound {
  readonly #pools = new Map<string, Pool>();

  send(request: OutboundRequest, events: OutboundEvents): void {
    const pool = this.#poolOf(request.origin, request.connectTimeoutMs);
    pool.dispatch(
      {
        path: request.path,
        method: request.method,
        headers: request.headers,
        body: request.body as Uint8Array<ArrayBuffer> | null,
        // Our own timers decide: undici's would cut a slow model that is allowed to be slow.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      new DispatchHandler(events),
    );
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  #poolOf(origin: string, connectTimeoutMs: number): Pool {
    const key = `${origin} ${connectTimeoutMs}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const pool = new Pool(origin, {
      connections: null,
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: MAX_RESPONSE_HEAD_BYTES,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS * 4,
      connect: { timeout: connectTimeoutMs },
    });
    this.#pools.set(key, pool);
    return pool;
  }
}

/** Translates undici's calls into ours, and its errors into the failures the classifier knows. */
class DispatchHandler implements Dispatcher.DispatchHandler {
  readonly #events: OutboundEvents;
  #sent = false;
  #head = false;
  #aborted = false;
  #ended = false;

  constructor(events: OutboundEvents) {
    this.#events = events;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const control: OutboundControl = {
      abort: () => {
        this.#aborted = true;
        controller.abort(ABORTED);
      },
      pause: () => controller.pause(),
      resume: () => controller.resume(),
    };
    this.#events.onStart(control);
  }

  onRequestSent(): void {
    this.#sent = true;
    this.#events.onSent();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: OutboundHeaders,
  ): void {
    // Informational heads (100, 103) are not the answer.
    if (status < 200) return;
    this.#head = true;
    this.#events.onHead(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#events.onData(chunk);
  }

  onResponseEnd(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#aborted) this.#events.onFail('aborted', 'aborted');
    else this.#events.onFail(this.#failureOf(error), codeOf(error));
  }

  #failureOf(error: Error): Failure {
    if (this.#head) return 'truncated';
    const code = codeOf(error);
    if (isMalformed(code)) return 'invalid';
    if (!this.#sent) return CONNECT_CODES.has(code) ? 'connect' : 'reset_sending';
    return servedBefore(error) ? 'reset_reused' : 'reset_after_sent';
  }
}

const ABORTED = new Error('aborted');

const CONNECT_CODES = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'EMFILE',
  'EADDRNOTAVAIL',
]);

/** The head was no HTTP, or too large. undici knows no code for every parser error: then its name is all there is. */
function isMalformed(code: string): boolean {
  return (
    code.startsWith('HPE_') || code === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW'
  );
}

function codeOf(error: Error): string {
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : error.name;
}

/** undici hangs what it knows of the socket on its errors; a connection that had read bytes before had served somebody. */
function servedBefore(error: Error): boolean {
  const socket: unknown = Reflect.get(error, 'socket');
  if (typeof socket !== 'object' || socket === null) return false;
  const bytesRead: unknown = Reflect.get(socket, 'bytesRead');
  return typeof bytesRead === 'number' && bytesRead > 0;
}
