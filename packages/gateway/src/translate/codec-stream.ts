import type { TokenUsage } from '@keywell/core/log/request-record';
import type { StreamDecoder, StreamEncoder } from '@keywell/wire/canonical/codec';
import type { CanonicalUsage } from '@keywell/wire/canonical/response';
import type { StreamEvent } from '@keywell/wire/canonical/stream-event';
import type { StreamFailureKind, StreamPhase } from '@keywell/wire/openai-chat/stream-observer';
import type { StreamReader } from '../relay/stream-reader.ts';
import { droppedText, lostInAnswer } from './dropped-text.ts';
import type { Frames } from './frames.ts';
import { tokenUsageOf } from './token-usage.ts';

const NO_NAMES: readonly string[] = Object.freeze([]);
const NOTHING: readonly Uint8Array[] = Object.freeze([]);
const MAX_FAILURE = 64 * 1024;
/** So much without any content that is known is taken for content that is not known. */
const MAX_HELD = 64 * 1024;

export interface CodecStreamParts {
  readonly frames: Frames;
  readonly decoder: StreamDecoder;
  /** Null where the caller speaks the provider's dialect: then events go on as they came. */
  readonly encoder: StreamEncoder | null;
  /** Whether events that go on as they came become elements of one growing JSON array. */
  readonly asArray: boolean;
  /** Whether the caller's clients skip comments: what was lost is then told in one before the end. */
  readonly comments: boolean;
}

/**
 * A stream of any dialect, understood event by event: told on as it came, or in the caller's own. Until the first content nothing is
 * given out, so that an error there still fails over.
 */
export class CodecStream implements StreamReader {
  phase: StreamPhase = 'holding';
  failure: Uint8Array | null = null;
  failureKind: StreamFailureKind | null = null;
  contentBytes = 0;
  readonly #frames: Frames;
  readonly #decoder: StreamDecoder;
  readonly #encoder: StreamEncoder | null;
  readonly #tell = (event: StreamEvent): void => this.#take(event);
  #usage: CanonicalUsage | null = null;
  #content = false;
  readonly #asArray: boolean;
  readonly #comments: boolean;
  /** Whether the array has an element. */
  #begun = false;
  #ended = false;
  #closed = false;
  /** Written events that may go out, or are held. */
  #text = '';
  /** Events as they came, likewise. */
  #raw: Uint8Array[] = [];
  #held = 0;

  constructor({ frames, decoder, encoder, asArray, comments }: CodecStreamParts) {
    this.#comments = comments;
    this.#asArray = asArray;
    this.#frames = frames;
    this.#decoder = decoder;
    this.#encoder = encoder;
  }

  get usage(): TokenUsage | null {
    // Some dialects tell it in every event, and their decoder only at the end: of a stream that was cut as well.
    if (this.#usage === null && !this.#closed) this.#close(this.#noteUsage);
    return this.#usage === null ? null : tokenUsageOf(this.#usage);
  }

  get lost(): readonly string[] {
    return this.#encoder === null ? NO_NAMES : lostInAnswer(this.#encoder.dropped);
  }

  readonly #noteUsage = (event: StreamEvent): void => {
    if (event.kind === 'usage') this.#usage = event.usage;
  };

  #close(tell: (event: StreamEvent) => void): boolean {
    this.#closed = true;
    return this.#decoder.end(tell);
  }

  push(chunk: Uint8Array): readonly Uint8Array[] {
    if (this.#over()) return NOTHING;
    const frames = this.#frames;
    frames.push(chunk);
    while (!this.#over() && frames.next()) this.#read();
    if (frames.broken && !this.#over()) this.#fail('too_large', '');
    return this.#release();
  }

  end(): { readonly ready: readonly Uint8Array[]; readonly clean: boolean } {
    if (!this.#over() && this.#frames.finish()) this.#read();
    if (!this.#over()) {
      const clean = this.#close(this.#tell);
      if (clean && this.failure === null) {
        this.phase = 'done';
        if (this.#asArray) this.#text += this.#begun ? ']' : '[]';
      }
    }
    return { ready: this.#release(), clean: this.phase === 'done' };
  }

  #over(): boolean {
    return this.phase === 'done' || this.failure !== null;
  }

  /** Judges the event that has been cut off. */
  #read(): void {
    const { name, data } = this.#frames;
    if (data === '' && name === '') {
      if (this.#encoder === null) this.#keepOwn(data);
      return;
    }
    if (!this.#decoder.push(name, data, this.#tell) && this.failure === null) {
      this.#fail('invalid', data);
      return;
    }
    // A provider's error may name its account and its key: the caller is told of it in our words.
    if (this.failure !== null) return;
    if (this.#encoder === null) this.#keepOwn(data);
    if (this.#ended) this.phase = 'done';
    else if (this.phase === 'holding' && (this.#content || this.#held > MAX_HELD)) {
      this.phase = 'flowing';
    }
  }

  #take(event: StreamEvent): void {
    switch (event.kind) {
      case 'text':
        this.contentBytes += event.text.length;
        if (event.text !== '') this.#content = true;
        break;
      case 'open':
        if (event.of.kind === 'tool_call' || event.of.kind === 'foreign') this.#content = true;
        break;
      case 'stop':
      case 'signature':
        this.#content = true;
        break;
      case 'usage':
        this.#usage = event.usage;
        break;
      case 'error':
        this.#fail('error_event', event.data);
        return;
      case 'end':
        this.#ended = true;
        if (this.#encoder !== null) this.#text += this.#ending(this.#encoder.encode(event));
        return;
      default:
        break;
    }
    if (this.#encoder !== null) this.#text += this.#encoder.encode(event);
  }

  /** The last events, and before them what the stream could not say: its head had left before anybody knew. */
  #ending(events: string): string {
    if (!this.#comments) return events;
    const { lost } = this;
    return lost.length === 0 ? events : `: keywell-dropped ${droppedText(lost)}\n\n${events}`;
  }

  /** An event for a caller of the same dialect. */
  #keepOwn(data: string): void {
    if (!this.#asArray) this.#keep(this.#frames.raw());
    else if (data !== '') {
      this.#held += data.length;
      this.#text += `${this.#begun ? ',' : '['}${data}\n`;
      this.#begun = true;
    }
  }

  #keep(raw: Uint8Array): void {
    this.#held += raw.byteLength;
    this.#raw.push(raw);
  }

  #release(): readonly Uint8Array[] {
    if (this.phase === 'holding') return NOTHING;
    const raw = this.#raw;
    if (raw.length > 0) {
      this.#raw = [];
      return raw;
    }
    if (this.#text === '') return NOTHING;
    const text = this.#text;
    this.#text = '';
    return [Buffer.from(text)];
  }

  #fail(kind: StreamFailureKind, data: string): void {
    this.failureKind = kind;
    this.failure = Buffer.from(data.slice(0, MAX_FAILURE));
    if (this.phase !== 'holding') return;
    this.#raw = [];
    this.#text = '';
  }
}
