/**
 * Reads the few facts of one streamed chunk in a single pass, without building it. Keys are told from text by where they stand, so a
 * model that writes `"error"` or `"usage"` changes nothing. Lenient: what is not looked for is skipped, not judged.
 * Source: `ChatCompletionChunk` and `Completion` of the official SDK; `reasoning`, `reasoning_content` and `reasoning_details` as
 * OpenRouter, DeepSeek and vLLM send them.
 */
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LOWER_U,
  NINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  ZERO,
} from '../json/bytes.ts';
import { asciiBytes, bytesAt } from '../json/field-set.ts';
import { ABSENT, KIND_OF } from '../json/kind.ts';
import { closingQuote, skipBlank, skipValue } from '../json/skip.ts';
import type { ChoiceTracker } from './choice-tracker.ts';
import { saysSomething } from './error-member.ts';

const CHOICES = asciiBytes('choices');
const USAGE = asciiBytes('usage');
const ERROR = asciiBytes('error');
const OBJECT_KEY = asciiBytes('object');
const INDEX = asciiBytes('index');
const FINISH_REASON = asciiBytes('finish_reason');
const DELTA = asciiBytes('delta');
const MESSAGE = asciiBytes('message');
const TEXT = asciiBytes('text');
const QUOTED_ERROR = asciiBytes('"error"');

/** Text of a delta (or of a choice, in the legacy format). */
const TEXT_KEYS = ['content', 'text', 'refusal'].map(asciiBytes);
/** The same thoughts under two names: hosts send one, or both alike. */
const REASONING_KEYS = ['reasoning', 'reasoning_content'].map(asciiBytes);
/** Objects or arrays that are content when there is anything in them. */
const PART_KEYS = ['tool_calls', 'function_call', 'audio', 'images'].map(asciiBytes);
/** Thoughts once more, with their structure: content, but counted by their text above. */
const REASONING_DETAILS = asciiBytes('reasoning_details');
/** The strings in them that cost tokens. */
const PART_TEXT_KEYS = ['arguments', 'name', 'input', 'transcript', 'text'].map(asciiBytes);

/** What an object is, by where it stands. */
const TOP = 0;
const CHOICE = 1;
const IN_DELTA = 2;
const IN_PART = 3;
const MAX_NESTING = 32;

export class ChunkReader {
  /** Says that it is an error: see `saysSomething`, or `"object":"error"`. */
  error = false;
  /** How many choices it has. */
  choices = 0;
  /** It has something that a reader would see, or says that a choice is finished. */
  content = false;
  /** Bytes of text in it, escapes resolved roughly: to estimate tokens where no usage comes. */
  contentBytes = 0;
  /** Where its `usage` object is; `usageStart` is -1 where there is none. */
  usageStart = -1;
  usageEnd = -1;

  readonly #tracker: ChoiceTracker;
  readonly #legacyText: boolean;
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;
  #index = 0;
  #finished = false;
  #reasoningBytes = 0;
  #nesting = 0;

  /** `legacyText`: whether a choice has its text itself, as legacy completions do, instead of a delta. */
  constructor(tracker: ChoiceTracker, legacyText: boolean) {
    this.#tracker = tracker;
    this.#legacyText = legacyText;
  }

  /** Reads the chunk from `start` to `end`; false when it is not one JSON object. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.#bytes = bytes;
    this.#end = end;
    this.error = false;
    this.choices = 0;
    this.content = false;
    this.contentBytes = 0;
    this.usageStart = -1;
    this.#nesting = 0;
    const first = skipBlank(bytes, start, end);
    if (first >= end || bytes[first] !== OPEN_BRACE) return false;
    const after = this.#object(first, TOP);
    return after >= 0 && skipBlank(bytes, after, end) === end;
  }

  /** Reads the object that opens at `start`; returns the offset behind it, or -1. */
  #object(start: number, place: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let position = skipBlank(bytes, start + 1, end);
    if (position < end && bytes[position] === CLOSE_BRACE) return position + 1;
    while (position < end) {
      if (bytes[position] !== QUOTE) return -1;
      const keyEnd = closingQuote(bytes, position + 1, end);
      if (keyEnd < 0) return -1;
      const colon = skipBlank(bytes, keyEnd + 1, end);
      if (colon >= end || bytes[colon] !== COLON) return -1;
      const value = skipBlank(bytes, colon + 1, end);
      position = this.#member(place, position + 1, keyEnd, value);
      if (position < 0) return -1;
      position = skipBlank(bytes, position, end);
      if (position >= end) return -1;
      if (bytes[position] === CLOSE_BRACE) return position + 1;
      if (bytes[position] !== COMMA) return -1;
      position = skipBlank(bytes, position + 1, end);
    }
    return -1;
  }

  /** Reads an array whose objects are all of one place. */
  #array(start: number, place: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let position = skipBlank(bytes, start + 1, end);
    if (position < end && bytes[position] === CLOSE_BRACKET) return position + 1;
    while (position < end) {
      position = place === CHOICE ? this.#choice(position) : this.#part(position);
      if (position < 0) return -1;
      position = skipBlank(bytes, position, end);
      if (position >= end) return -1;
      if (bytes[position] === CLOSE_BRACKET) return position + 1;
      if (bytes[position] !== COMMA) return -1;
      position = skipBlank(bytes, position + 1, end);
    }
    return -1;
  }

  #member(place: number, key: number, keyEnd: number, value: number): number {
    if (place === TOP) return this.#topMember(key, keyEnd, value);
    if (place === CHOICE) return this.#choiceMember(key, keyEnd, value);
    if (place === IN_DELTA) return this.#deltaMember(key, keyEnd, value);
    if (isOneOf(PART_TEXT_KEYS, this.#bytes, key, keyEnd) && this.#bytes[value] === QUOTE) {
      return this.#text(value);
    }
    return this.#part(value);
  }

  #topMember(key: number, keyEnd: number, value: number): number {
    const bytes = this.#bytes;
    const length = keyEnd - key;
    if (length === 7 && bytesAt(bytes, key, CHOICES) && bytes[value] === OPEN_BRACKET) {
      return this.#array(value, CHOICE);
    }
    const after = skipValue(bytes, value, this.#end);
    if (length === 5 && bytesAt(bytes, key, USAGE)) {
      if (bytes[value] === OPEN_BRACE) {
        this.usageStart = value;
        this.usageEnd = after;
      }
    } else if (length === 5 && bytesAt(bytes, key, ERROR)) {
      if (saysSomething(KIND_OF[bytes[value] ?? 0] ?? ABSENT, after - value)) this.error = true;
    } else if (length === 6 && bytesAt(bytes, key, OBJECT_KEY)) {
      if (bytesAt(bytes, value, QUOTED_ERROR)) this.error = true;
    }
    return after;
  }

  #choice(start: number): number {
    if (this.#bytes[start] !== OPEN_BRACE) return skipValue(this.#bytes, start, this.#end);
    this.#index = 0;
    this.#finished = false;
    this.choices++;
    const after = this.#object(start, CHOICE);
    if (after >= 0) this.#tracker.note(this.#index, this.#finished);
    return after;
  }

  #choiceMember(key: number, keyEnd: number, value: number): number {
    const bytes = this.#bytes;
    const length = keyEnd - key;
    if (length === 5 && bytesAt(bytes, key, DELTA)) return this.#delta(value);
    if (length === 7 && bytesAt(bytes, key, MESSAGE)) return this.#delta(value);
    if (length === 4 && this.#legacyText && bytes[value] === QUOTE && bytesAt(bytes, key, TEXT))
      return this.#text(value);
    const after = skipValue(bytes, value, this.#end);
    if (length === 5 && bytesAt(bytes, key, INDEX)) {
      this.#index = naturalAt(bytes, value, after);
    } else if (length === 13 && bytesAt(bytes, key, FINISH_REASON)) {
      if (bytes[value] === QUOTE && after - value > 2) {
        this.#finished = true;
        this.content = true;
      }
    }
    return after;
  }

  #delta(value: number): number {
    this.#reasoningBytes = 0;
    return this.#bytes[value] === OPEN_BRACE
      ? this.#object(value, IN_DELTA)
      : skipValue(this.#bytes, value, this.#end);
  }

  #deltaMember(key: number, keyEnd: number, value: number): number {
    const bytes = this.#bytes;
    const isString = bytes[value] === QUOTE;
    if (isOneOf(TEXT_KEYS, bytes, key, keyEnd)) {
      return isString ? this.#text(value) : this.#contentPart(value);
    }
    if (isOneOf(PART_KEYS, bytes, key, keyEnd)) return this.#contentPart(value);
    if (isString && isOneOf(REASONING_KEYS, bytes, key, keyEnd)) return this.#reasoning(value);
    const after = skipValue(bytes, value, this.#end);
    if (keyEnd - key === REASONING_DETAILS.length && bytesAt(bytes, key, REASONING_DETAILS)) {
      // More than the brackets of an empty array, or null.
      if (after - value > 4) this.content = true;
    }
    return after;
  }

  /** Counts a string: an escape for one character counts as one byte, a `\u` escape as three. */
  #text(value: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let position = value + 1;
    let surplus = 0;
    while (position < end) {
      const byte = bytes[position];
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) surplus += bytes[++position] === LOWER_U ? 3 : 1;
      position++;
    }
    if (position >= end) return -1;
    const length = position - value - 1 - surplus;
    if (length > 0) this.content = true;
    this.contentBytes += length;
    return position + 1;
  }

  #reasoning(value: number): number {
    const counted = this.contentBytes;
    const after = this.#text(value);
    const length = this.contentBytes - counted;
    this.contentBytes = counted + Math.max(0, length - this.#reasoningBytes);
    this.#reasoningBytes = Math.max(length, this.#reasoningBytes);
    return after;
  }

  /** An object or array that is content unless it is empty. */
  #contentPart(value: number): number {
    const bytes = this.#bytes;
    if (bytes[value] === OPEN_BRACE || bytes[value] === OPEN_BRACKET) {
      const first = bytes[skipBlank(bytes, value + 1, this.#end)];
      if (first !== CLOSE_BRACE && first !== CLOSE_BRACKET) this.content = true;
    }
    return this.#part(value);
  }

  /** Any value inside a part: goes down into objects and arrays to count their text. */
  #part(value: number): number {
    const byte = this.#bytes[value];
    const opens = byte === OPEN_BRACE || byte === OPEN_BRACKET;
    if (!opens || this.#nesting >= MAX_NESTING) return skipValue(this.#bytes, value, this.#end);
    this.#nesting++;
    const after = byte === OPEN_BRACE ? this.#object(value, IN_PART) : this.#array(value, IN_PART);
    this.#nesting--;
    return after;
  }
}

function isOneOf(
  keys: readonly Uint8Array[],
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  for (const key of keys) {
    if (key.length === end - start && bytesAt(bytes, start, key)) return true;
  }
  return false;
}

/** The natural number at `start`, 0 where there is none; no larger than what a bit mask or a map key can be. */
function naturalAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let position = start; position < end && position < start + 9; position++) {
    const byte = bytes[position] ?? 0;
    if (byte < ZERO || byte > NINE) break;
    value = value * 10 + (byte - ZERO);
  }
  return value;
}
