/**
 * Amazon's event stream encoding (`application/vnd.amazon.eventstream`): frames of a prelude (total length, length of the headers, CRC
 * of both), headers, a payload, and a CRC of all of it; numbers big-endian.
 * https://smithy.io/2.0/aws/amazon-eventstream.html, https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html
 */
import { crc32OfBytes } from '@keywell/core/access/crc32';
import { partOf, put } from '../edit/part.ts';
import { encodeHeader, FrameHeaders } from './event-stream-headers.ts';

const NONE = new Uint8Array(0);
const PRELUDE = 12;
const CRC = 4;
/** A frame with neither headers nor payload. */
const LEAST = PRELUDE + CRC;
/** Headers of one frame, as the encoding bounds them. */
const MAX_HEADERS = 1 << 17;
/** What stands before the name of an exception, so that no event can be taken for one. */
const EXCEPTION = 'exception:';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * Push a chunk, then call `next` until it is false; after each true `name` and `data` are those of one event. Like `EventSplitter`: a
 * frame that lies within one chunk is not copied, time is linear in what is pushed, what is kept is at most one frame.
 */
export class FrameSplitter {
  /** The `:event-type`, or `exception:` and the `:exception-type` (or `:error-code`) where the frame tells of a failure. */
  name = '';
  /** A frame was longer than allowed: nothing more is read. */
  overflowed = false;
  /** What came is no event stream, or was damaged on the way: nothing more is read. */
  broken = false;

  readonly #maxFrameBytes: number;
  readonly #headers = new FrameHeaders();
  #chunk: Uint8Array = NONE;
  /** How far the chunk has been read. */
  #position = 0;
  readonly #prelude = new Uint8Array(PRELUDE);
  /** Bytes of a frame's beginning that came in earlier chunks. */
  #kept = 0;
  /** The whole frame, once its prelude is there; null while it is not, or where the frame lies in the chunk. */
  #frame: Uint8Array | null = null;
  #bytes: Uint8Array = NONE;
  #dataStart = 0;
  #dataEnd = 0;

  constructor(maxFrameBytes = 1 << 20) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Takes the next chunk, after `next` was false for the one before. Its bytes must not change any more. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#position = 0;
  }

  /** Goes to the next whole event; false when the rest of the chunk holds none: that is kept until the next chunk comes. */
  next(): boolean {
    if (this.overflowed || this.broken) return false;
    return this.#kept === 0 ? this.#nextInChunk() : this.#nextAcross();
  }

  /** Once the stream has ended: true when it ended between two frames and was whole, false when it was cut. */
  finish(): boolean {
    return !this.overflowed && !this.broken && this.#kept === 0;
  }

  /** The event's payload. */
  data(): Uint8Array {
    return partOf(this.#bytes, this.#dataStart, this.#dataEnd);
  }

  /** The event's payload as text; bytes that are no UTF-8 are replaced. */
  text(): string {
    return decoder.decode(this.data());
  }

  #nextInChunk(): boolean {
    const chunk = this.#chunk;
    const start = this.#position;
    const left = chunk.length - start;
    if (left < PRELUDE) {
      this.#keepPrelude(left);
      return false;
    }
    const length = this.#lengthOf(chunk, start);
    if (length === 0) return false;
    if (left < length) {
      this.#frame = new Uint8Array(length);
      this.#keep(this.#frame, left);
      return false;
    }
    this.#position = start + length;
    return this.#read(chunk, start, length);
  }

  #nextAcross(): boolean {
    if (this.#frame === null) {
      this.#keepPrelude(Math.min(PRELUDE - this.#kept, this.#left()));
      if (this.#kept < PRELUDE) return false;
      const length = this.#lengthOf(this.#prelude, 0);
      if (length === 0) return false;
      this.#frame = new Uint8Array(length);
      put(this.#frame, 0, this.#prelude);
    }
    const frame = this.#frame;
    this.#keep(frame, Math.min(frame.length - this.#kept, this.#left()));
    if (this.#kept < frame.length) return false;
    this.#frame = null;
    this.#kept = 0;
    return this.#read(frame, 0, frame.length);
  }

  #left(): number {
    return this.#chunk.length - this.#position;
  }

  #keepPrelude(count: number): void {
    this.#keep(this.#prelude, count);
  }

  #keep(into: Uint8Array, count: number): void {
    put(into, this.#kept, partOf(this.#chunk, this.#position, this.#position + count));
    this.#kept += count;
    this.#position += count;
  }

  /** Length of the frame whose prelude stands at `start`; 0 when it is none that is read. */
  #lengthOf(bytes: Uint8Array, start: number): number {
    const total = uint32At(bytes, start);
    const headers = uint32At(bytes, start + 4);
    if (crc32OfBytes(bytes, start, start + 8) !== uint32At(bytes, start + 8)) this.broken = true;
    else if (headers > MAX_HEADERS || headers > total - LEAST) this.broken = true;
    else if (total > this.#maxFrameBytes) this.overflowed = true;
    else return total;
    return 0;
  }

  #read(bytes: Uint8Array, start: number, length: number): boolean {
    const end = start + length - CRC;
    const dataStart = start + PRELUDE + uint32At(bytes, start + 4);
    const whole = crc32OfBytes(bytes, start, end) === uint32At(bytes, end);
    if (!whole || !this.#headers.read(bytes, start + PRELUDE, dataStart)) {
      this.broken = true;
      return false;
    }
    this.#bytes = bytes;
    this.#dataStart = dataStart;
    this.#dataEnd = end;
    const { messageType, eventType, exceptionType, errorCode } = this.#headers;
    if (messageType === 'event') this.name = eventType;
    else this.name = EXCEPTION + (exceptionType === '' ? errorCode : exceptionType);
    return true;
  }
}

/** The exception's name where an event's name tells of one; null otherwise. */
export function exceptionIn(name: string): string | null {
  return name.startsWith(EXCEPTION) ? name.slice(EXCEPTION.length) : null;
}

/** One frame with a JSON payload; `name` as `FrameSplitter` gives it. */
export function encodeFrame(name: string, data: string): Uint8Array {
  const exception = exceptionIn(name);
  const headers = Uint8Array.from([
    ...(exception === null
      ? encodeHeader(':event-type', name)
      : encodeHeader(':exception-type', exception)),
    ...encodeHeader(':content-type', 'application/json'),
    ...encodeHeader(':message-type', exception === null ? 'event' : 'exception'),
  ]);
  const payload = encoder.encode(data);
  const length = LEAST + headers.length + payload.length;
  const frame = new Uint8Array(length);
  putUint32(frame, 0, length);
  putUint32(frame, 4, headers.length);
  putUint32(frame, 8, crc32OfBytes(frame, 0, 8));
  put(frame, PRELUDE, headers);
  put(frame, PRELUDE + headers.length, payload);
  putUint32(frame, length - CRC, crc32OfBytes(frame, 0, length - CRC));
  return frame;
}

function uint32At(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return high * 0x1_00_00 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
}

function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
