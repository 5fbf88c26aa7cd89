/**
 * Headers of a frame: each the length of its name in one byte, the name, the type of its value in one byte, and the value, whose length
 * the type gives or stands before it in two bytes. https://smithy.io/2.0/aws/amazon-eventstream.html
 */
import { bytesAt } from '../json/field-set.ts';

const BYTES = 6;
const STRING = 7;
/** Length of the values by their type: true, false, byte, short, integer, long, bytes, string, timestamp, UUID. */
const LENGTHS: readonly number[] = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16];

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const MESSAGE_TYPE = encoder.encode(':message-type');
const EVENT_TYPE = encoder.encode(':event-type');
const EXCEPTION_TYPE = encoder.encode(':exception-type');
const ERROR_CODE = encoder.encode(':error-code');

/** Values that streams repeat in every frame, so that they are not decoded anew. */
class LastText {
  #bytes: Uint8Array = new Uint8Array(0);
  #text = '';

  of(bytes: Uint8Array, start: number, end: number): string {
    const known = this.#bytes;
    if (known.length !== end - start || !bytesAt(bytes, start, known)) {
      this.#bytes = bytes.slice(start, end);
      this.#text = decoder.decode(this.#bytes);
    }
    return this.#text;
  }
}

/** What the headers of one frame say that is needed to name its event; empty where they do not say it. */
export class FrameHeaders {
  messageType = '';
  eventType = '';
  exceptionType = '';
  errorCode = '';
  readonly #lastMessageType = new LastText();
  readonly #lastEventType = new LastText();

  /** Reads the headers that stand from `start` up to `end`; false when they are malformed. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.messageType = '';
    this.eventType = '';
    this.exceptionType = '';
    this.errorCode = '';
    let at = start;
    while (at < end) {
      const name = at + 1;
      const type = name + (bytes[at] ?? 0);
      const kind = bytes[type] ?? 0;
      let length = LENGTHS[kind];
      let value = type + 1;
      if (type >= end || length === undefined) return false;
      if (kind === STRING || kind === BYTES) {
        length = ((bytes[value] ?? 0) << 8) | (bytes[value + 1] ?? 0);
        value += 2;
      }
      at = value + length;
      if (at > end) return false;
      if (kind === STRING) this.#take(bytes, { name, type, value, at });
    }
    return true;
  }

  #take(
    bytes: Uint8Array,
    { name, type, value, at }: { name: number; type: number; value: number; at: number },
  ): void {
    const is = (wanted: Uint8Array): boolean =>
      type - name === wanted.length && bytesAt(bytes, name, wanted);
    if (is(MESSAGE_TYPE)) this.messageType = this.#lastMessageType.of(bytes, value, at);
    else if (is(EVENT_TYPE)) this.eventType = this.#lastEventType.of(bytes, value, at);
    else if (is(EXCEPTION_TYPE)) this.exceptionType = decoder.decode(bytes.slice(value, at));
    else if (is(ERROR_CODE)) this.errorCode = decoder.decode(bytes.slice(value, at));
  }
}

/** One header with a text as its value. */
export function encodeHeader(name: string, value: string): readonly number[] {
  const text = encoder.encode(value);
  return [
    name.length,
    ...encoder.encode(name),
    STRING,
    text.length >> 8,
    text.length & 0xff,
    ...text,
  ];
}
