import { readResponseHead, type ResponseHead } from './response-head.ts';

/** What a response turns out to be, piece by piece. After `onWhole` or `onBroken` nothing follows. */
export interface ResponseEvents {
  onHead(head: ResponseHead): void;
  /** Bytes of the body. They lie in a buffer that is used again: copy what is kept. */
  onBody(bytes: Uint8Array): void;
  /** The response is whole; `surplus` when bytes follow that nobody asked for. */
  onWhole(surplus: boolean): void;
  /** The bytes are no sound response. */
  onBroken(): void;
}

/** A head may not be larger than this. */
const MAX_HEAD_BYTES = 32 * 1024;
/** Interim responses before the real one. */
const MAX_INTERIM = 8;
const MAX_CHUNK_LINE = 1024;
const MAX_TRAILER_BYTES = 8 * 1024;
const CR = 13;
const LF = 10;
const NO_BYTES = Buffer.alloc(0);

type State =
  | 'head'
  | 'length'
  | 'close'
  | 'chunk_size'
  | 'chunk'
  | 'chunk_end'
  | 'trailers'
  | 'over';

/** Reads the responses of one connection, one after the other, however their bytes are cut. Never throws. */
export class ResponseReader {
  #events: ResponseEvents | null = null;
  #state: State = 'over';
  /** An unfinished head or line, kept until the rest of it comes. */
  #rest: Buffer = NO_BYTES;
  #left = 0;
  #interim = 0;
  #trailerBytes = 0;

  /** Makes ready for the response to the next request. */
  expect(events: ResponseEvents): void {
    this.#events = events;
    this.#state = 'head';
    this.#rest = NO_BYTES;
    this.#interim = 0;
    this.#trailerBytes = 0;
  }

  /** True while a response is expected or under way. */
  get busy(): boolean {
    return this.#state !== 'over';
  }

  /** True once the head has been read and the body ends with the connection. */
  get endsWithConnection(): boolean {
    return this.#state === 'close';
  }

  /** The connection ended. True when that is how the body was to end. */
  finish(): boolean {
    if (this.#state !== 'close') return false;
    this.#whole(false);
    return true;
  }

  push(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#rest.length > 0) {
      bytes = Buffer.concat([this.#rest, chunk]);
      this.#rest = NO_BYTES;
    }
    let position = 0;
    while (position < bytes.length) {
      if (this.#state === 'over') {
        this.#events?.onWhole(true);
        return;
      }
      const next = this.#step(bytes, position);
      if (next === -1) {
        // Copied: the chunk's buffer is used again for the next read.
        this.#rest = Buffer.from(bytes.subarray(position));
        return;
      }
      position = next;
    }
  }

  /** Consumes what it can from the position; -1 when more bytes are needed first. */
  #step(bytes: Buffer, position: number): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes, position);
      case 'length':
      case 'chunk':
        return this.#readCounted(bytes, position);
      case 'close':
        this.#events?.onBody(position === 0 ? bytes : bytes.subarray(position));
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

  #readHead(bytes: Buffer, position: number): number {
    const end = bytes.indexOf('\r\n\r\n', position, 'latin1');
    if (end === -1) {
      return bytes.length - position > MAX_HEAD_BYTES || !startsLikeHttp(bytes, position)
        ? this.#broken(bytes)
        : -1;
    }
    const head =
      end - position > MAX_HEAD_BYTES
        ? null
        : readResponseHead(bytes.toString('latin1', position, end));
    if (head === null || head.status === 101) return this.#broken(bytes);
    if (head.status < 200) {
      this.#interim += 1;
      return this.#interim > MAX_INTERIM ? this.#broken(bytes) : end + 4;
    }
    this.#left = head.length;
    this.#state = STATE_OF[head.framing];
    this.#events?.onHead(head);
    if (head.framing === 'none') this.#whole(end + 4 < bytes.length);
    return end + 4;
  }

  #readCounted(bytes: Buffer, position: number): number {
    const take = Math.min(this.#left, bytes.length - position);
    this.#left -= take;
    const body = take === bytes.length ? bytes : bytes.subarray(position, position + take);
    const chunked = this.#state === 'chunk';
    if (this.#left === 0 && chunked) this.#state = 'chunk_end';
    this.#events?.onBody(body);
    if (this.#left === 0 && !chunked) this.#whole(position + take < bytes.length);
    return position + take;
  }

  #readChunkSize(bytes: Buffer, position: number): number {
    const end = lineEnd(bytes, position);
    if (end === -1) {
      return bytes.length - position > MAX_CHUNK_LINE ? this.#broken(bytes) : -1;
    }
    const size = end === -2 ? -1 : chunkSize(bytes, position, end);
    if (size === -1) return this.#broken(bytes);
    this.#left = size;
    this.#state = size === 0 ? 'trailers' : 'chunk';
    return end + 2;
  }

  #readChunkEnd(bytes: Buffer, position: number): number {
    if (bytes.length - position < 2) return bytes[position] === CR ? -1 : this.#broken(bytes);
    if (bytes[position] !== CR || bytes[position + 1] !== LF) return this.#broken(bytes);
    this.#state = 'chunk_size';
    return position + 2;
  }

  /** Trailers are read to be thrown away: nothing of them may become a header. */
  #readTrailer(bytes: Buffer, position: number): number {
    const end = lineEnd(bytes, position);
    if (end === -2) return this.#broken(bytes);
    if (end === -1) return bytes.length - position > MAX_TRAILER_BYTES ? this.#broken(bytes) : -1;
    this.#trailerBytes += end - position;
    if (this.#trailerBytes > MAX_TRAILER_BYTES) return this.#broken(bytes);
    if (end === position) this.#whole(end + 2 < bytes.length);
    return end + 2;
  }

  #whole(surplus: boolean): void {
    this.#state = 'over';
    const events = this.#events;
    this.#events = null;
    events?.onWhole(surplus);
  }

  #broken(bytes: Buffer): number {
    this.#state = 'over';
    const events = this.#events;
    this.#events = null;
    events?.onBroken();
    return bytes.length;
  }
}

const STATE_OF = { length: 'length', chunked: 'chunk_size', close: 'close', none: 'over' } as const;
const HTTP = Buffer.from('HTTP/1.');

/** What cannot become a status line any more need not be waited for. */
function startsLikeHttp(bytes: Buffer, position: number): boolean {
  const length = Math.min(HTTP.length, bytes.length - position);
  return bytes.compare(HTTP, 0, length, position, position + length) === 0;
}

/** Offset of the CR that ends the line; -1 when it is not there yet, -2 when a bare CR or LF stands in the line. */
function lineEnd(bytes: Buffer, position: number): number {
  for (let at = position; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === LF) return -2;
    if (byte !== CR) continue;
    if (at + 1 === bytes.length) return -1;
    return bytes[at + 1] === LF ? at : -2;
  }
  return -1;
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
