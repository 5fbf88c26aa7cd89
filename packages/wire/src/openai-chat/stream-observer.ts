/**
 * Watches a provider's event stream and says what may reach the caller. Until the first content nothing may, so that an error there
 * still fails over; after it every event goes on as it came. Events are never rebuilt.
 */
import type { TokenUsage } from '@keywell/core/log/request-record';
import type { Allocate } from '../edit/splice.ts';
import { LF, SPACE } from '../json/bytes.ts';
import { asciiBytes, bytesAt } from '../json/field-set.ts';
import { EventSplitter } from '../sse/event-splitter.ts';
import { ChoiceTracker } from './choice-tracker.ts';
import { ChunkReader } from './chunk-reader.ts';
import { readUsage } from './usage.ts';

export interface StreamObserverOptions {
  /** Drop the chunk that carries nothing but usage: the gateway asked for it, the caller did not. */
  readonly hideUsage: boolean;
  readonly operation: 'chat.completions' | 'completions';
  /** Longest event that is read; default 1 MiB. */
  readonly maxEventBytes?: number;
  /** Memory for events that span chunks; default: of their own. */
  readonly allocate?: Allocate;
}

/**
 * `holding`: nothing has been given out. `flowing`: content has come. `done`: the stream said so by `[DONE]`, or ended cleanly with
 * every choice finished. A failure shows in `failure` and leaves the phase as it is, so that it tells which side of the first
 * content the failure fell on.
 */
export type StreamPhase = 'holding' | 'flowing' | 'done';

/** `error_event`: the provider said so. `invalid`: not a stream of JSON objects, seen before any content. `too_large`: an event beyond the cap. */
export type StreamFailureKind = 'error_event' | 'invalid' | 'too_large';

const NOTHING: readonly Uint8Array[] = Object.freeze([]);
const DONE = asciiBytes('[DONE]');
const ERROR_NAME = asciiBytes('error');
const BLANK_LINE = Uint8Array.of(LF, LF);
/** Comments are for keeping a connection alive: what is held of them while waiting is bounded. */
const MAX_HELD_COMMENTS = 4096;
/** So much without any content that is known is taken for content that is not known. */
const MAX_HELD = 64 * 1024;
const MAX_FAILURE = 64 * 1024;

export class StreamObserver {
  phase: StreamPhase = 'holding';
  /** The data of the event that ended the stream, at most 64 KiB of it; null as long as there was none. */
  failure: Uint8Array | null = null;
  failureKind: StreamFailureKind | null = null;
  /** Bytes of text, reasoning, refusals and tool arguments so far: to estimate tokens where no usage comes. */
  contentBytes = 0;

  readonly #hideUsage: boolean;
  readonly #splitter: EventSplitter;
  readonly #tracker = new ChoiceTracker();
  readonly #reader: ChunkReader;
  /** What may go out, or is held: whole pieces, then a run of `#runBytes` that may still grow. */
  #pieces: Uint8Array[] = [];
  #runBytes: Uint8Array | null = null;
  #runStart = 0;
  #runEnd = 0;
  #held = 0;
  #usageBytes: Uint8Array | null = null;
  #usage: TokenUsage | null = null;

  constructor(options: StreamObserverOptions) {
    this.#hideUsage = options.hideUsage;
    this.#reader = new ChunkReader(this.#tracker, options.operation === 'completions');
    this.#splitter = new EventSplitter(options.maxEventBytes, options.allocate);
  }

  /** What the last chunk that carried usage said; null where none did. */
  get usage(): TokenUsage | null {
    const bytes = this.#usageBytes;
    if (bytes !== null) {
      this.#usageBytes = null;
      this.#usage = readUsage(bytes, 0, bytes.length) ?? this.#usage;
    }
    return this.#usage;
  }

  /** Whether every choice that was seen has said why it finished. */
  get finished(): boolean {
    return this.#tracker.complete;
  }

  /**
   * Takes the next chunk, whose bytes must not change any more, and returns what may go to the caller now: whole events, as parts of
   * the chunk where they lie in it. Nothing follows a failure or `[DONE]`.
   */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    if (this.phase === 'done' || this.failure !== null) return NOTHING;
    const splitter = this.#splitter;
    splitter.push(chunk);
    while (splitter.next()) {
      this.#take();
      if (this.#over()) return this.#release();
    }
    if (splitter.overflowed) this.#fail('too_large', splitter.bytes, splitter.start, chunk.length);
    return this.#release();
  }

  /**
   * Says that the response ended cleanly as HTTP. `clean` tells a whole stream from one that broke off: it had `[DONE]`, or finished
   * every choice. An event that only lacks its blank line is given out with one.
   */
  end(): { readonly ready: readonly Uint8Array[]; readonly clean: boolean } {
    if (this.phase !== 'done' && this.failure === null && this.#splitter.finish()) this.#takeRest();
    if (this.failure === null && this.#tracker.complete) this.phase = 'done';
    return { ready: this.#release(), clean: this.phase === 'done' };
  }

  #over(): boolean {
    return this.phase === 'done' || this.failure !== null;
  }

  /** Judges the splitter's event. */
  #take(): void {
    const splitter = this.#splitter;
    let { bytes, dataStart: start, dataEnd: end } = splitter;
    if (splitter.dataLines > 1) {
      bytes = splitter.data();
      start = 0;
      end = bytes.length;
    }
    while (end > start && bytes[end - 1] === SPACE) end--;
    if (end === start) this.#hold(true);
    else if (end - start === DONE.length && bytesAt(bytes, start, DONE)) {
      this.#forward();
      this.phase = 'done';
    } else if (this.#isNamedError()) this.#fail('error_event', bytes, start, end);
    else this.#takeChunk(bytes, start, end);
  }

  #takeChunk(bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader;
    const whole = reader.read(bytes, start, end);
    if (reader.error) {
      this.#fail('error_event', bytes, start, end);
      return;
    }
    if (!whole && this.phase === 'holding') {
      this.#fail('invalid', bytes, start, end);
      return;
    }
    this.contentBytes += reader.contentBytes;
    if (reader.usageStart >= 0) {
      this.#usageBytes = copyOf(bytes, reader.usageStart, reader.usageEnd);
      if (this.#hideUsage && reader.choices === 0) return;
    }
    if (this.phase !== 'holding') this.#forward();
    else if (reader.content) {
      this.phase = 'flowing';
      this.#forward();
    } else this.#hold(false);
  }

  /** The end of a stream that no blank line ended: an event if it is whole, nothing if it was cut. */
  #takeRest(): void {
    const splitter = this.#splitter;
    if (splitter.dataLines === 0) {
      const isHalfOfCrLf = splitter.end - splitter.start === 1 && splitter.bytes[0] === LF;
      if (isHalfOfCrLf) this.#forward();
      return;
    }
    const data = splitter.data();
    const isDone = data.length === DONE.length && bytesAt(data, 0, DONE);
    if (!isDone && !isWholeChunk(data)) return;
    this.#closeRun();
    this.#take();
    const forwarded = this.#runBytes !== null;
    this.#closeRun();
    if (forwarded) this.#pieces.push(BLANK_LINE);
  }

  #isNamedError(): boolean {
    const { bytes, nameStart, nameEnd } = this.#splitter;
    return nameEnd - nameStart === ERROR_NAME.length && bytesAt(bytes, nameStart, ERROR_NAME);
  }

  #hold(isComment: boolean): void {
    if (this.phase === 'holding') {
      const size = this.#splitter.end - this.#splitter.start;
      if (isComment && this.#held + size > MAX_HELD_COMMENTS) return;
      this.#held += size;
      if (this.#held > MAX_HELD) this.phase = 'flowing';
    }
    this.#forward();
  }

  /** Adds the splitter's event to what goes out, or is held. */
  #forward(): void {
    const { bytes, start, end } = this.#splitter;
    if (bytes === this.#runBytes && start === this.#runEnd) {
      this.#runEnd = end;
      return;
    }
    this.#closeRun();
    this.#runBytes = bytes;
    this.#runStart = start;
    this.#runEnd = end;
  }

  #closeRun(): void {
    if (this.#runBytes !== null) this.#pieces.push(this.#takeRun(this.#runBytes));
  }

  #takeRun(bytes: Uint8Array): Uint8Array {
    this.#runBytes = null;
    const whole = this.#runStart === 0 && this.#runEnd === bytes.length;
    return whole ? bytes : bytes.subarray(this.#runStart, this.#runEnd);
  }

  #release(): readonly Uint8Array[] {
    const run = this.#runBytes;
    if (this.phase === 'holding') {
      this.#closeRun();
      return NOTHING;
    }
    if (this.#pieces.length === 0) return run === null ? NOTHING : [this.#takeRun(run)];
    this.#closeRun();
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  #fail(kind: StreamFailureKind, bytes: Uint8Array, start: number, end: number): void {
    this.failureKind = kind;
    this.failure = copyOf(bytes, start, Math.min(end, start + MAX_FAILURE));
    if (this.phase !== 'holding') return;
    this.#pieces = [];
    this.#runBytes = null;
  }
}

/** Reads apart from the stream's own reader, so that half a chunk leaves no trace. */
function isWholeChunk(data: Uint8Array): boolean {
  return new ChunkReader(new ChoiceTracker(), false).read(data, 0, data.length);
}

/** A copy, so that a few bytes do not keep a whole chunk; `slice` is none on the subclass that Node's sockets give out. */
function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}
