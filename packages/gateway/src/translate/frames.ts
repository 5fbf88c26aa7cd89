import { EventSplitter } from '@keywell/wire/sse/event-splitter';

/** Cuts a provider's stream into what its dialect calls an event. */
export interface Frames {
  push(chunk: Uint8Array): void;
  /** True while there is another whole event, which the fields then describe. */
  next(): boolean;
  /** What stands unfinished at the end, if it can be an event; false otherwise. */
  finish(): boolean;
  /** Empty where an event has none. */
  readonly name: string;
  readonly data: string;
  /** The event as it came, with everything around it. */
  raw(): Uint8Array;
  readonly broken: boolean;
}

/** A picture in base64 is one event, and so is a whole answer with its instructions and tools at the end of a Responses stream. */
export const MAX_EVENT_BYTES = 16 * 1024 * 1024;

/** Server-sent events. */
export class SseFrames implements Frames {
  readonly #splitter: EventSplitter;

  constructor() {
    this.#splitter = new EventSplitter(MAX_EVENT_BYTES, (bytes) => Buffer.allocUnsafe(bytes));
  }

  push(chunk: Uint8Array): void {
    this.#splitter.push(chunk);
  }

  next(): boolean {
    return this.#splitter.next();
  }

  finish(): boolean {
    return this.#splitter.finish();
  }

  get name(): string {
    const { bytes, nameStart, nameEnd } = this.#splitter;
    return nameEnd === nameStart ? '' : textOf(bytes, nameStart, nameEnd);
  }

  get data(): string {
    const splitter = this.#splitter;
    if (splitter.dataLines > 1) {
      const joined = splitter.data();
      return textOf(joined, 0, joined.length);
    }
    return textOf(splitter.bytes, splitter.dataStart, splitter.dataEnd);
  }

  raw(): Uint8Array {
    const { bytes, start, end } = this.#splitter;
    return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
  }

  get broken(): boolean {
    return this.#splitter.overflowed;
  }
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}
