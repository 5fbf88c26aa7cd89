/**
 * Cuts an event stream into its events, as bytes. Source: WHATWG HTML, "Server-sent events", section 9.2.6: lines end in LF, CRLF or
 * CR, a blank line ends an event, one leading BOM is ignored. What differs: a block of comments alone counts as an event without
 * data, so that a relay can pass it on; and the unfinished end of a stream is offered instead of dropped, for the relay to judge.
 */
import { partOf, put } from '../edit/part.ts';
import type { Allocate } from '../edit/splice.ts';
import { COLON, CR, LF, SPACE } from '../json/bytes.ts';
import { bytesAt } from '../json/field-set.ts';

const NONE = new Uint8Array(0);
const FIRST_TAIL = 512;
/** What is kept from event to event; more is given back. */
const KEPT_TAIL = 1 << 16;
const LETTER_D = 0x64;
const LETTER_E = 0x65;
const DATA = Uint8Array.of(0x64, 0x61, 0x74, 0x61);
const EVENT = Uint8Array.of(0x65, 0x76, 0x65, 0x6e, 0x74);
const BOM = Uint8Array.of(0xef, 0xbb, 0xbf);

/**
 * Push a chunk, then call `next` until it is false; after each true the fields describe one event. An event that lies within one
 * chunk is never copied: `bytes` is the chunk itself. One that spans chunks is joined into bytes of its own. Time is linear in what
 * is pushed, however long a line is; what is kept is at most twice `maxEventBytes`.
 */
export class EventSplitter {
  /** Holds the event: the chunk, or the joined parts of an event that spans chunks. */
  bytes: Uint8Array = NONE;
  /** The whole event in `bytes`, with its comments, line ends and blank line. */
  start = 0;
  end = 0;
  /** The value of the last `data` line. */
  dataStart = 0;
  dataEnd = 0;
  /** How many `data` lines the event has; where there are several, `data` joins them. */
  dataLines = 0;
  /** The value of the last `event` line; empty where there is none. */
  nameStart = 0;
  nameEnd = 0;
  /** An event was longer than allowed: nothing more is read. */
  overflowed = false;

  readonly #maxEventBytes: number;
  readonly #allocate: Allocate;
  #chunk: Uint8Array = NONE;
  /** Whether a CR is anywhere in the chunk: few streams have any. */
  #hasCr = false;
  /** How far the chunk has been read. */
  #position = 0;
  /** Where the event that is being read starts in the chunk. */
  #eventStart = 0;
  /** Where the line that is being read starts in the chunk; -1 when it does in an earlier one. */
  #lineStart = 0;
  /** Offset behind the last CR: an LF there belongs to it. */
  #afterCr = -1;
  /** What came of the event in earlier chunks. */
  #tail: Uint8Array = NONE;
  #tailLength = 0;
  #first = true;
  /** Length of the BOM in front of the event's first line. */
  #lead = 0;

  /** `allocate` gives the memory of events that span chunks; such an event may be given away. */
  constructor(maxEventBytes = 1 << 20, allocate: Allocate = (length) => new Uint8Array(length)) {
    this.#maxEventBytes = maxEventBytes;
    this.#allocate = allocate;
  }

  /** Takes the next chunk, after `next` was false for the one before. Its bytes must not change any more. */
  push(chunk: Uint8Array): void {
    const { length } = this.#chunk;
    this.#afterCr = this.#afterCr === length ? 0 : -1;
    this.#lineStart = this.#lineStart === length ? 0 : -1;
    this.#chunk = chunk;
    this.#hasCr = chunk.indexOf(CR) >= 0;
    this.#position = 0;
    this.#eventStart = 0;
  }

  /** Goes to the next whole event; false when the rest of the chunk holds none: that is kept until the next chunk comes. */
  next(): boolean {
    if (this.overflowed) return false;
    const from = this.#eventStart;
    this.#begin(this.#chunk, from);
    const end = this.#find();
    const until = end < 0 ? this.#chunk.length : end;
    if (this.#tailLength + until - from > this.#maxEventBytes) {
      this.overflowed = true;
      this.#tail = NONE;
      return false;
    }
    this.#eventStart = until;
    if (end < 0) {
      this.#keep(from, until);
      return false;
    }
    if (this.#tailLength > 0) {
      this.#join(partOf(this.#chunk, from, end));
    } else {
      this.end = end;
      this.#first = false;
    }
    return true;
  }

  /** Once the stream has ended: takes what is left, which no blank line ended, as the last event; false when nothing is left. */
  finish(): boolean {
    if (this.overflowed || this.#tailLength === 0) return false;
    this.#join(NONE);
    return true;
  }

  /** The event's data: all its `data` lines, joined by LF. */
  data(): Uint8Array {
    const { bytes, start, end } = this;
    if (this.dataLines < 2) return bytes.subarray(this.dataStart, this.dataEnd);
    const joined = new Uint8Array(end - start);
    let length = -1;
    for (let line = start + this.#lead; line < end;) {
      const lineEnd = endOfLine(bytes, line, end, true);
      const value = valueOf(bytes, line, lineEnd, DATA);
      if (value >= 0) {
        if (length >= 0) joined[length] = LF;
        joined.set(bytes.subarray(value, lineEnd), length + 1);
        length += 1 + lineEnd - value;
      }
      line = lineEnd + 1;
    }
    return joined.subarray(0, length);
  }

  #begin(bytes: Uint8Array, start: number): void {
    this.bytes = bytes;
    this.start = start;
    this.dataStart = 0;
    this.dataEnd = 0;
    this.dataLines = 0;
    this.nameStart = 0;
    this.nameEnd = 0;
    this.#lead = 0;
  }

  /** Reads on to the end of the event and returns the offset behind it, -1 where the chunk ends first. */
  #find(): number {
    const chunk = this.#chunk;
    const { length } = chunk;
    const whole = this.#tailLength === 0;
    let position = this.#position;
    let lineStart = this.#lineStart;
    for (;;) {
      const lineEnd = endOfLine(chunk, position, length, this.#hasCr);
      if (lineEnd >= length) break;
      const byte = chunk[lineEnd];
      position = lineEnd + 1;
      if (byte === LF && lineEnd === this.#afterCr) {
        lineStart = position;
        continue;
      }
      if (byte === CR) this.#afterCr = position;
      if (lineStart === lineEnd) {
        if (byte === CR && chunk[position] === LF) position++;
        this.#lineStart = position;
        this.#position = position;
        return position;
      }
      if (whole) this.#field(chunk, lineStart, lineEnd);
      lineStart = position;
    }
    this.#lineStart = lineStart;
    this.#position = length;
    return -1;
  }

  #keep(from: number, to: number): void {
    const length = this.#tailLength + to - from;
    if (length > this.#tail.length) {
      const larger = new Uint8Array(Math.max(length, this.#tail.length * 2, FIRST_TAIL));
      larger.set(this.#tail.subarray(0, this.#tailLength));
      this.#tail = larger;
    }
    put(this.#tail, this.#tailLength, partOf(this.#chunk, from, to));
    this.#tailLength = length;
  }

  /** Makes what is kept and `rest` the event, in memory of its own, so that whoever forwards it may hold it. */
  #join(rest: Uint8Array): void {
    const kept = this.#tailLength;
    const end = kept + rest.length;
    const bytes = this.#allocate(end);
    put(bytes, 0, partOf(this.#tail, 0, kept));
    put(bytes, kept, rest);
    this.#tailLength = 0;
    if (this.#tail.length > KEPT_TAIL) this.#tail = NONE;
    this.#begin(bytes, 0);
    this.end = end;
    const hasCr = bytes.indexOf(CR) >= 0;
    for (let line = 0; line < end;) {
      const lineEnd = endOfLine(bytes, line, end, hasCr);
      this.#field(bytes, line, lineEnd);
      line = lineEnd + 1;
    }
    this.#first = false;
  }

  #field(bytes: Uint8Array, from: number, end: number): void {
    if (this.#first && from === this.start && bytesAt(bytes, from, BOM)) this.#lead = BOM.length;
    const start = from === this.start ? from + this.#lead : from;
    const letter = bytes[start];
    if (letter === LETTER_D) {
      const value = valueOf(bytes, start, end, DATA);
      if (value < 0) return;
      this.dataLines++;
      this.dataStart = value;
      this.dataEnd = end;
    } else if (letter === LETTER_E) {
      const value = valueOf(bytes, start, end, EVENT);
      if (value < 0) return;
      this.nameStart = value;
      this.nameEnd = end;
    }
  }
}

/** The offset of the LF or CR that ends a line, `end` where there is none. */
function endOfLine(bytes: Uint8Array, start: number, end: number, hasCr: boolean): number {
  let position = start;
  if (!hasCr) {
    if (bytes[position] === LF) return position;
    position = bytes.indexOf(LF, position);
    return position < 0 || position > end ? end : position;
  }
  for (; position < end; position++) {
    const byte = bytes[position];
    if (byte === LF || byte === CR) break;
  }
  return position;
}

/** Where the value of a line starts, if the line is of the named field; -1 otherwise. */
function valueOf(bytes: Uint8Array, start: number, end: number, name: Uint8Array): number {
  const colon = start + name.length;
  if (colon > end || !bytesAt(bytes, start, name)) return -1;
  if (colon === end) return end;
  if (bytes[colon] !== COLON) return -1;
  return colon + 1 < end && bytes[colon + 1] === SPACE ? colon + 2 : colon + 1;
}
