import type { ErrorCode } from '@keywell/core/errors/catalogue';
import type { Failure } from '@keywell/core/keys/outcome';
import type { Candidate } from '@keywell/core/keys/plan';
import type { Continuation } from '../continuation/continuation.ts';
import { noteStream } from '../ownership/note-answer.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import type { HeaderOf, OutboundControl } from '../seam/outbound.ts';
import { BROKEN_OFF, breakOff } from './break-off.ts';
import { openReader } from '../translate/open-reader.ts';
import { estimateUsage } from './estimate-usage.ts';
import { answerHeaders, STREAM_HEADERS } from './response-headers.ts';
import { isRawStream, mayBeRaw } from './raw-reader.ts';
import type { StreamReader } from './stream-reader.ts';
import type { TargetFace } from './upstream-target.ts';

/** How a stream that had reached the caller ended. */
export type StreamEnd =
  | { readonly kind: 'whole' }
  /** Cut by us or by the caller's slowness: says nothing about the provider. */
  | { readonly kind: 'cut' }
  /** `goesOn`: nothing was said to the caller, the stream is to be gone on with elsewhere. */
  | {
      readonly kind: 'broken';
      readonly failure: Failure | null;
      readonly body: Uint8Array;
      readonly goesOn: boolean;
    };

export interface StreamRelayPlan {
  /** What the caller's answer has. */
  readonly status: number;
  readonly upstreamHeader: HeaderOf;
  readonly control: OutboundControl | null;
  /** In which dialect the provider speaks; null where it is none of a conversation. */
  readonly face: TargetFace | null;
  readonly hideUsage: boolean;
  readonly idleTimeoutMs: number;
  /** Monotonic instant at which any stream ends. */
  readonly endsBy: number;
  /** Told before the first content reaches the caller. */
  readonly onContent: () => void;
  /** What may be gone on with elsewhere, and where it comes from; null where it may not. */
  readonly continuation: Continuation | null;
  readonly candidate: Candidate;
  /** The stream failed before its first content: nothing has reached the caller, another key may serve. */
  readonly onRefused: (failure: Failure | null, body: Uint8Array) => void;
  readonly onEnded: (how: StreamEnd) => void;
}

/** How long a provider may take to end a response whose stream is complete. */
const AFTER_DONE_MS = 2000;
const EMPTY = new Uint8Array(0);

/**
 * Hands a provider's event stream to the caller, event by event. Holds back what comes before the first content, so that an error
 * there can still fail over; pauses the provider while the caller does not read; and never lets a stream that broke off look whole.
 */
export class StreamRelay {
  readonly #exchange: Exchange;
  readonly #plane: Plane;
  readonly #plan: StreamRelayPlan;
  readonly #observer: StreamReader;
  #begun = false;
  #paused = false;
  #received = 0;

  constructor(exchange: Exchange, plane: Plane, plan: StreamRelayPlan) {
    this.#exchange = exchange;
    this.#plane = plane;
    this.#plan = plan;
    this.#observer = openReader(exchange, plan);
    plane.meter.add('streams');
  }

  /** Returns the monotonic instant by which something has to happen next. */
  push(chunk: Uint8Array, now: number): number {
    this.#received += chunk.byteLength;
    const ready = this.#observer.push(chunk);
    if (ready.length > 0) this.#forward(ready, now);
    if (this.#failed()) return now;
    if (this.#received > this.#mostBytes()) {
      this.#cut('upstream_invalid', 'The answer is larger than this gateway relays.');
    }
    return Math.min(this.#plan.endsBy, now + this.#patience());
  }

  /** A session has messages that are bounded each, and no end of its own. */
  #mostBytes(): number {
    const { operation, live } = this.#exchange;
    return operation === 'realtime' ? Infinity : live.head.traffic.maxResponseBytes;
  }

  end(): void {
    const { ready, clean } = this.#observer.end();
    // The last event may lack its blank line and be an error all the same.
    if (this.#failed()) return;
    if (!clean) {
      this.#broken('truncated', EMPTY);
      return;
    }
    this.#forward(ready, this.#plane.clock.now());
    this.#finish();
  }

  /** The provider's connection broke; what had said that it was complete is complete. */
  broken(failure: Failure): void {
    if (this.#observer.phase === 'done') this.#finish();
    else this.#broken(failure, EMPTY);
  }

  timedOut(now: number): void {
    if (this.#observer.phase === 'done') {
      this.#finish();
      this.#plan.control?.abort();
    } else if (this.#paused && now < this.#plan.endsBy) {
      this.#exchange.callerGone = true;
      this.#exchange.inbound.abort();
      this.#end({ kind: 'cut' });
    } else if (now >= this.#plan.endsBy) {
      this.#cut('upstream_timeout', 'The stream reached its longest duration.');
    } else this.broken('truncated');
  }

  callerLeft(): void {
    this.#noteUsage();
    this.#noteLost();
    this.#plane.meter.add('streams', -1);
  }

  /** Another attempt answers in this one's place. */
  drop(): void {
    this.#plane.meter.add('streams', -1);
  }

  callerReads(now: number): number {
    if (this.#paused) {
      this.#paused = false;
      this.#plan.control?.resume();
    }
    return Math.min(this.#plan.endsBy, now + this.#patience());
  }

  /** Whether an event ended the stream; then it has been dealt with. */
  #failed(): boolean {
    const { failure, failureKind } = this.#observer;
    if (failure === null) return false;
    this.#broken(failureKind === 'error_event' ? null : 'invalid', failure);
    return true;
  }

  #forward(ready: readonly Uint8Array[], now: number): void {
    const { inbound } = this.#exchange;
    const { continuation } = this.#plan;
    const first = !this.#begun;
    if (this.#exchange.operation === 'responses') {
      noteStream(this.#exchange, this.#plane, this.#plan, { events: ready, first });
    }
    if (first) this.#begin(now);
    for (const bytes of continuation === null ? ready : continuation.pass(ready)) {
      this.#exchange.responseBytes += bytes.byteLength;
      if (!inbound.write(bytes) && !this.#paused) {
        this.#paused = true;
        this.#plan.control?.pause();
      }
    }
  }

  #finish(): void {
    this.#exchange.inbound.finish();
    this.#end({ kind: 'whole' });
  }

  #begin(now: number): void {
    this.#begun = true;
    this.#plan.onContent();
    if (this.#plan.continuation?.begun === true) return;
    this.#exchange.status = this.#plan.status;
    this.#exchange.firstByteAt = now;
    // What is handed on as it is was asked for in words that nobody reads here: the answer says whether it is streamed.
    if (isRawStream(this.#exchange.operation, this.#plan.upstreamHeader)) {
      this.#exchange.streamed = true;
    }
    // A call that waited for long has its head and some comments already.
    if (this.#exchange.begun) return;
    const headers = answerHeaders(this.#exchange, this.#contentType(), this.#plan.upstreamHeader);
    this.#exchange.begin([...headers, ...STREAM_HEADERS], this.#plan.status);
  }

  #contentType(): string {
    if (this.#exchange.asArray) return 'application/json';
    if (!mayBeRaw(this.#exchange.operation)) return 'text/event-stream; charset=utf-8';
    return this.#plan.upstreamHeader('content-type') ?? 'application/octet-stream';
  }

  #patience(): number {
    if (this.#observer.phase === 'done') return AFTER_DONE_MS;
    return this.#paused
      ? this.#exchange.live.head.traffic.slowReaderTimeoutMs
      : this.#plan.idleTimeoutMs;
  }

  #broken(failure: Failure | null, body: Uint8Array): void {
    if (!this.#begun) {
      this.#plane.meter.add('streams', -1);
      this.#plan.onRefused(failure, body);
      return;
    }
    const goesOn = this.#plan.continuation?.mayContinue(this.#plan.candidate) === true;
    if (!goesOn) breakOff(this.#exchange, 'upstream_error', BROKEN_OFF);
    this.#end({ kind: 'broken', failure, body, goesOn });
  }

  #cut(code: ErrorCode, message: string): void {
    if (!this.#begun) {
      this.#broken('invalid', EMPTY);
      return;
    }
    breakOff(this.#exchange, code, message);
    this.#end({ kind: 'cut' });
  }

  #end(how: StreamEnd): void {
    this.#noteUsage();
    this.#noteLost();
    this.#plane.meter.add('streams', -1);
    this.#plan.onEnded(how);
  }

  /** For the log: the head with its `keywell-dropped` has left. */
  #noteLost(): void {
    const lost = this.#observer.lost ?? [];
    if (lost.length > 0) this.#exchange.dropped = [...this.#exchange.dropped, ...lost];
  }

  #noteUsage(): void {
    // What sound and pictures cost in tokens does not follow from their size.
    if (mayBeRaw(this.#exchange.operation)) return;
    this.#exchange.usage =
      this.#observer.usage ?? estimateUsage(this.#exchange, this.#observer.contentBytes);
  }
}
