import type { IncomingMessage } from 'node:http';
import { maskBillingText } from '@keywell/core/secret/mask-billing-text';
import { maskProviderText } from '@keywell/core/secret/mask-provider-text';
import type { ClientOptions, WebSocket } from 'ws';
import type {
  HeaderOf,
  Outbound,
  OutboundControl,
  OutboundEvents,
  OutboundRequest,
} from '../seam/outbound.ts';
import { CLOSE, closeForCaller } from './close-codes.ts';
import { binaryMessage, MAX_MESSAGE_BYTES, MOST_WAITING_BYTES } from './messages.ts';
import { readRealtimeEvent } from './realtime-events.ts';
import type { CallerEvents, UpgradeInbound } from './upgrade-inbound.ts';

/** As much of a refusal as the classifier reads. */
const MAX_REFUSAL_BYTES = 64 * 1024;
/** How long a provider may take to answer a close. */
const GOODBYE_MS = 2000;
const NOTHING = new Uint8Array(0);

/** Makes the client's side of a WebSocket; `ws` is loaded when the first session is asked for. */
export type Connect = (url: string, options: ClientOptions) => WebSocket;

export interface LinkTimes {
  /** How often both sides are asked for a sign of life. */
  readonly pingMs: number;
  /** A session in which nobody says anything for so long is ended. */
  readonly idleMs: number;
}

/** Where the attempts of a realtime call are sent: each opens a WebSocket to its provider, and the first one that speaks is kept. */
export class RealtimeLink implements Outbound {
  readonly #inbound: UpgradeInbound;
  readonly #connect: Connect;
  readonly #times: LinkTimes;
  /** Headers that the caller's dialect wants passed on. */
  readonly #extra: Readonly<Record<string, string>>;

  constructor(
    inbound: UpgradeInbound,
    of: {
      readonly connect: Connect;
      readonly times: LinkTimes;
      readonly extra: Readonly<Record<string, string>>;
    },
  ) {
    this.#inbound = inbound;
    this.#connect = of.connect;
    this.#times = of.times;
    this.#extra = of.extra;
  }

  send(request: OutboundRequest, events: OutboundEvents): void {
    const { origin, path, connectTimeoutMs } = request;
    const socket = this.#connect(`${origin.replace(/^http/, 'ws')}${path}`, {
      headers: { ...headersOf(request.headers), ...this.#extra },
      handshakeTimeout: connectTimeoutMs,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
      followRedirects: false,
    });
    new UpstreamSession(socket, this.#inbound, { events, times: this.#times }).start();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Nothing of a call with a body goes with a handshake. */
function headersOf(flat: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) {
    const name = (flat[at] ?? '').toLowerCase();
    if (name !== 'content-type' && name !== 'accept' && name !== 'accept-encoding') {
      headers[name] = flat[at + 1] ?? '';
    }
  }
  return headers;
}

class UpstreamSession implements OutboundControl, CallerEvents {
  sent = false;
  readonly #socket: WebSocket;
  readonly #inbound: UpgradeInbound;
  readonly #events: OutboundEvents;
  readonly #times: LinkTimes;
  #header: HeaderOf = () => undefined;
  #state: 'opening' | 'live' | 'ended' = 'opening';
  #timer: NodeJS.Timeout | null = null;
  #lastMessageAt = 0;

  constructor(
    socket: WebSocket,
    inbound: UpgradeInbound,
    of: { readonly events: OutboundEvents; readonly times: LinkTimes },
  ) {
    this.#socket = socket;
    this.#inbound = inbound;
    this.#events = of.events;
    this.#times = of.times;
  }

  start(): void {
    const socket = this.#socket;
    socket.on('upgrade', (response: IncomingMessage) => {
      this.#header = headerOf(response);
    });
    socket.on('open', () => {
      this.sent = true;
    });
    socket.on('unexpected-response', (_request: unknown, response: IncomingMessage) =>
      this.#refused(response),
    );
    socket.on('message', (data: Buffer, binary: boolean) => this.#onMessage(data, binary));
    socket.on('pong', () => {
      // A sign of life: the attempt waits on.
      if (this.#state === 'live') this.#events.onData(NOTHING);
    });
    socket.on('error', ignore);
    socket.on('close', (code: number, reason: Buffer) => this.#onClose(code, reason.toString()));
    this.#events.onStart(this);
  }

  abort(): void {
    if (!this.#end()) return;
    this.#socket.terminate();
    this.#events.onFail('aborted', '');
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  onMessage(message: Uint8Array, binary: boolean): void {
    const socket = this.#socket;
    if (this.#state !== 'live') return;
    this.#lastMessageAt = performance.now();
    socket.send(message, { binary }, () => {
      if (socket.bufferedAmount < MOST_WAITING_BYTES / 2) this.#inbound.resume();
    });
    if (socket.bufferedAmount > MOST_WAITING_BYTES) this.#inbound.pause();
  }

  onGoodbye(): void {
    this.#leave();
  }

  onStop(): void {
    this.#leave();
  }

  /** The session is over from our side; the provider is told, and need not agree. */
  #leave(): void {
    if (!this.#end()) return;
    this.#socket.close(CLOSE.normal);
    setTimeout(() => this.#socket.terminate(), GOODBYE_MS).unref();
    this.#events.onEnd();
  }

  #onMessage(data: Buffer, binary: boolean): void {
    if (this.#state === 'ended') return;
    this.#lastMessageAt = performance.now();
    if (this.#state === 'live') {
      this.#events.onData(binary ? binaryMessage(data) : data);
      return;
    }
    if (!binary && readRealtimeEvent(data)?.kind === 'error') {
      this.#end();
      this.#socket.terminate();
      this.#tell(200, json, data);
      return;
    }
    this.#goLive(data, binary);
  }

  #goLive(first: Buffer, binary: boolean): void {
    this.#state = 'live';
    this.#inbound.caller = this;
    this.#timer = setInterval(() => this.#lookAfter(), this.#times.pingMs).unref();
    const header = this.#header;
    this.#events.onHead(200, (name) => (name === 'content-type' ? RAW : header(name)));
    this.#events.onData(binary ? binaryMessage(first) : first);
  }

  #lookAfter(): void {
    this.#socket.ping(ignore);
    if (performance.now() - this.#lastMessageAt > this.#times.idleMs) {
      this.#inbound.endWith(CLOSE.goingAway, 'Nobody has said anything for long.');
      this.#leave();
    } else if (!this.#inbound.ping()) this.#inbound.destroy();
  }

  /** An answer to the handshake that is none: read as any refusal. */
  #refused(response: IncomingMessage): void {
    const chunks: Buffer[] = [];
    let length = 0;
    const done = (): void => {
      if (!this.#end()) return;
      this.#socket.terminate();
      this.#tell(response.statusCode ?? 0, headerOf(response), Buffer.concat(chunks, length));
    };
    response.on('data', (chunk: Buffer) => {
      const rest = chunk.subarray(0, MAX_REFUSAL_BYTES - length);
      chunks.push(rest);
      length += rest.length;
      if (length >= MAX_REFUSAL_BYTES) done();
    });
    response.on('end', done);
    response.on('error', done);
    response.on('close', done);
  }

  #tell(status: number, header: HeaderOf, body: Uint8Array): void {
    this.#events.onHead(status, header);
    this.#events.onData(body);
    this.#events.onEnd();
  }

  #onClose(code: number, reason: string): void {
    const live = this.#state === 'live';
    if (!this.#end()) return;
    const told = closeForCaller(code);
    if (!live) this.#events.onFail(this.sent ? 'truncated' : 'connect', `closed with ${code}`);
    else if (told === null) this.#events.onFail('truncated', `closed with ${code}`);
    else {
      this.#inbound.endWith(told, maskBillingText(maskProviderText(reason, [])));
      this.#events.onEnd();
    }
  }

  /** False when it had ended before. */
  #end(): boolean {
    if (this.#state === 'ended') return false;
    this.#state = 'ended';
    if (this.#timer !== null) clearInterval(this.#timer);
    return true;
  }
}

const RAW = 'application/octet-stream';
const json: HeaderOf = (name) => (name === 'content-type' ? 'application/json' : undefined);

function headerOf(response: IncomingMessage): HeaderOf {
  return (name) => {
    const value = response.headers[name];
    return typeof value === 'string' ? value : value?.[0];
  };
}

function ignore(): void {
  // `close` follows and tells the rest.
}
