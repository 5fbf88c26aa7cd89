import { CR, LF } from './characters.ts';

/** How a body ends: after so many bytes, by chunks, with the connection, or at once. */
export type BodyFraming = 'length' | 'chunked' | 'close' | 'none';

/** Who is told what a body holds. */
export interface BodySink {
  /** Bytes of the body. They lie in a buffer that is used again: copy what is kept. */
  onBody(bytes: Buffer): void;
}

/** What `read` returns beside an offset: more bytes are needed before anything can be said, or this is no sound body. */
export const MORE = -1;
export const BROKEN = -2;

const MAX_CHUNK_LINE = 1024;
const MAX_TRAILER_BYTES = 8 * 1024;

type State = 'length' | 'close' | 'chunk_size' | 'chunk' | 'chunk_end' | 'trailers' | 'over';

const STATE_OF = { length: 'length', chunked: 'chunk_size', close: 'close', none: 'over' } as const;

/** Reads the body of one message at a time (RFC 9112 sections 6 and 7), however its bytes are cut. Never throws. */
export class BodyReader {
  #state: State = 'over';
  #left = 0;
  #trailerBytes = 0;

  /** Makes ready for the next body. */
  begin(framing: BodyFraming, length: number): void {
    this.#state = STATE_OF[framing];
    this.#left = length;
    this.#trailerBytes = 0;
  }

  /** Whether nothing of the body is missing. */
  get over(): boolean {
    return this.#state === 'over';
  }

  /** Whether the body ends with the connection. */
  get endsWithConnection(): boolean {
    return this.#state === 'close';
  }

  /**
   * Takes what belongs to the body from the position on. The offset behind it, which the end of a body leaves at what follows; MORE where
   * what is left has to come again with more behind it; BROKEN.
   */
  read(bytes: Buffer, position: number, sink: BodySink): number {
    let at = position;
    while (at < bytes.length && this.#state !== 'over') {
      const next = this.#step(bytes, at, sink);
      if (next === BROKEN) return BROKEN;
      if (next === MORE) return at === position ? MORE : at;
      at = next;
    }
    return at;
  }

  #step(bytes: Buffer, position: number, sink: BodySink): number {
    switch (this.#state) {
      case 'length':
      case 'chunk':
        return this.#readCounted(bytes, position, sink);
      case 'close':
        sink.onBody(position === 0 ? bytes : bytes.subarray(position));
        return bytes.length;
      case 'chunk_size':
        return this.#readChunkSize(bytes, position);
      case 'chunk_end':
        return this.#readChunkEnd(bytes, position);
      case 'trailers':
        return this.#readTrailer(bytes, position);
      default:
        return bytes.length;
    }
  }

  #readCounted(bytes: Buffer, position: number, sink: BodySink): number {
    const take = Math.min(this.#left, bytes.length - position);
    this.#left -= take;
    if (this.#left === 0) this.#state = this.#state === 'chunk' ? 'chunk_end' : 'over';
    sink.onBody(take === bytes.length ? bytes : bytes.subarray(position, position + take));
    return position + take;
  }

  #readChunkSize(bytes: Buffer, position: number): number {
    const end = lineEnd(bytes, position);
    if (end === MORE) return bytes.length - position > MAX_CHUNK_LINE ? BROKEN : MORE;
    const size = end === BROKEN ? -1 : chunkSize(bytes, position, end);
    if (size === -1 || end - position > MAX_CHUNK_LINE) return BROKEN;
    this.#left = size;
    this.#state = size === 0 ? 'trailers' : 'chunk';
    return end + 2;
  }

  #readChunkEnd(bytes: Buffer, position: number): number {
    if (bytes.length - position < 2) return bytes[position] === CR ? MORE : BROKEN;
    if (bytes[position] !== CR || bytes[position + 1] !== LF) return BROKEN;
    this.#state = 'chunk_size';
    return position + 2;
  }

  /** Trailers are read to be thrown away: nothing of them may become a header. */
  #readTrailer(bytes: Buffer, position: number): number {
    const end = lineEnd(bytes, position);
    if (end === BROKEN) return BROKEN;
    if (end === MORE) return bytes.length - position > MAX_TRAILER_BYTES ? BROKEN : MORE;
    this.#trailerBytes += end - position;
    if (this.#trailerBytes > MAX_TRAILER_BYTES) return BROKEN;
    if (end === position) this.#state = 'over';
    return end + 2;
  }
}

/** Offset of the CR that ends the line; MORE when it is not there yet, BROKEN when a bare CR or LF stands in the line. */
function lineEnd(bytes: Buffer, position: number): number {
  for (let at = position; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === LF) return BROKEN;
    if (byte !== CR) continue;
    if (at + 1 === bytes.length) return MORE;
    return bytes[at + 1] === LF ? at : BROKEN;
  }
  return MORE;
}

/** Hexadecimal digits, then nothing or an extension; -1 for anything else. */
function chunkSize(bytes: Buffer, start: number, end: number): number {
  let size = 0;
  let at = start;
  for (; at < end; at += 1) {
    const digit = hexDigit(bytes[at] ?? 0);
    if (digit === -1) break;
    size = size * 16 + digit;
    if (at - start >= 10) return -1;
  }
  if (at === start) return -1;
  const after = bytes[at];
  return at === end || after === 0x3b || after === 0x20 || after === 0x09 ? size : -1;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
