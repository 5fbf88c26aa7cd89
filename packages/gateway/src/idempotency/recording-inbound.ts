import type { Exchange, Recording } from '../pipeline/exchange.ts';
import type { BodyFailure, Inbound, InboundEvents } from '../seam/inbound.ts';
import type { ClaimDesk } from './claim-desk.ts';
import { mayBeExecuted } from './executed.ts';
import type { ClaimEnd } from './messages.ts';

/** Headers that belong to one call and not to its answer. */
const OWN = /^(?:keywell-request-id|keywell-cost|x-ratelimit-.*|connection|date|keep-alive)$/;

/** The claim that a call holds while it is carried out. */
export interface HeldClaim {
  readonly desk: ClaimDesk;
  readonly key: string;
  readonly claim: number;
  readonly maxAnswerBytes: number;
}

/**
 * A caller's connection that writes down what passes, so that it can be given again. When the caller leaves, the call goes on to its
 * end: the caller that comes back with the same key finds the answer instead of paying for it twice.
 */
export class RecordingInbound implements Inbound, InboundEvents, Recording {
  events: InboundEvents | null;
  readonly #inner: Inbound;
  readonly #held: HeldClaim;
  #status = 0;
  #headers: readonly string[] = [];
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #overflowed = false;
  #whole = false;
  #left = false;
  #ended = false;

  constructor(inner: Inbound, held: HeldClaim) {
    this.#inner = inner;
    this.#held = held;
    this.events = inner.events;
    inner.events = this;
  }

  get method(): string {
    return this.#inner.method;
  }

  get target(): string {
    return this.#inner.target;
  }

  get rawHeaders(): readonly string[] {
    return this.#inner.rawHeaders;
  }

  get announcedBytes(): number | null {
    return this.#inner.announcedBytes;
  }

  get hasBody(): boolean {
    return this.#inner.hasBody;
  }

  /** The connection may be gone and the call go on. */
  get closed(): boolean {
    return this.#left ? this.#whole : this.#inner.closed;
  }

  readBody(limits: { maxBytes: number; idleTimeoutMs: number }): Promise<Uint8Array | BodyFailure> {
    return this.#inner.readBody(limits);
  }

  respond(status: number, headers: readonly string[], body: Uint8Array | string): void {
    this.#head(status, headers);
    this.#take(body);
    this.#whole = true;
    this.#inner.respond(status, headers, body);
  }

  begin(status: number, headers: readonly string[]): void {
    this.#head(status, headers);
    this.#inner.begin(status, headers);
  }

  write(chunk: Uint8Array | string): boolean {
    this.#take(chunk);
    return this.#left || this.#inner.write(chunk);
  }

  finish(): void {
    this.#whole = true;
    this.#inner.finish();
  }

  abort(lastWords?: string): void {
    this.#inner.abort(lastWords);
  }

  onCallerLeft(): void {
    // What is too large to be given again is not worth going on for.
    if (this.#overflowed) {
      this.events?.onCallerLeft();
      return;
    }
    this.#left = true;
    // Nobody is slow any more.
    this.events?.onDrain();
  }

  onDrain(): void {
    this.events?.onDrain();
  }

  /** At the request's end, once: tells the ledger what became of it. */
  end(exchange: Exchange): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#left) exchange.callerGone = true;
    const { desk, key, claim } = this.#held;
    desk.end(key, claim, this.#outcome(exchange));
  }

  #outcome(exchange: Exchange): ClaimEnd {
    const { errorCode, timeline } = exchange;
    const well = this.#whole && errorCode === null && this.#status >= 200 && this.#status < 300;
    if (!well) return { kind: mayBeExecuted(timeline) ? 'unknown' : 'released' };
    if (this.#overflowed) return { kind: 'unknown' };
    const answer = {
      status: this.#status,
      headers: this.#headers,
      body: this.#body(),
      requestId: exchange.id,
    };
    return { kind: 'answer', answer };
  }

  #head(status: number, headers: readonly string[]): void {
    this.#status = status;
    const kept: string[] = [];
    for (let at = 0; at + 1 < headers.length; at += 2) {
      const name = headers[at] ?? '';
      if (!OWN.test(name)) kept.push(name, headers[at + 1] ?? '');
    }
    this.#headers = kept;
  }

  #take(chunk: Uint8Array | string): void {
    if (this.#overflowed) return;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    this.#bytes += bytes.byteLength;
    if (this.#bytes > this.#held.maxAnswerBytes) {
      this.#overflowed = true;
      this.#pieces = [];
      // Nobody reads it and nobody can be given it again: not within the write that brought it here.
      if (this.#left) queueMicrotask(() => this.events?.onCallerLeft());
    } else this.#pieces.push(bytes);
  }

  #body(): SharedArrayBuffer {
    const shared = new SharedArrayBuffer(this.#bytes);
    const target = new Uint8Array(shared);
    let offset = 0;
    for (const piece of this.#pieces) {
      target.set(piece, offset);
      offset += piece.byteLength;
    }
    this.#pieces = [];
    return shared;
  }
}
