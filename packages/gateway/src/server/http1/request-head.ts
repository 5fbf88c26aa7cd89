import type { BodyFraming } from '../../http1/body-reader.ts';
import { COLON, CR, LF, TOKEN, VALUE } from '../../http1/characters.ts';

/** A request's head whose lines are sound; what they say is judged by `guardHead`. */
export interface RequestHead {
  readonly method: string;
  /** Path and query exactly as received. */
  readonly target: string;
  /** `1.1` */
  readonly version: string;
  /** Names and values in turn, as received, without the white space around values. */
  readonly rawHeaders: readonly string[];
  readonly framing: Exclude<BodyFraming, 'close'>;
  /** Bytes of the body where `content-length` names them, else null. */
  readonly length: number | null;
  /** Whether the connection may serve another request afterwards. */
  readonly keepAlive: boolean;
  /** What stands in `expect`, in lower case. */
  readonly expect: string | null;
  /** What stands in `upgrade`, in lower case, where `connection` speaks of it. */
  readonly upgrade: string | null;
}

const START =
  /([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) ([\x21-\x7e\x80-\xff]+) HTTP\/(\d\.\d)(?=\r\n|$)/y;

/**
 * Reads a head (RFC 9112 sections 2, 3 and 5), given without its blank line. Null when it is none, or says in two ways how its body ends:
 * folded lines, bare line feeds, space before a colon, a length that is no number or comes twice, a length beside a transfer coding.
 */
export function readRequestHead(text: string): RequestHead | null {
  START.lastIndex = 0;
  const start = START.exec(text);
  if (start === null) return null;
  const rawHeaders: string[] = [];
  const said = new Framing();
  const end = text.length;
  let at = START.lastIndex;
  while (at < end) {
    const from = at + 2;
    // No character is looked at behind the end: it would be no index of a table, which costs much more.
    let colon = from;
    while (colon < end && TOKEN[text.charCodeAt(colon)] === 1) colon += 1;
    if (colon === from || colon === end || text.charCodeAt(colon) !== COLON) return null;
    at = colon + 1;
    while (at < end && isBlank(text.charCodeAt(at))) at += 1;
    const valueAt = at;
    while (at < end && VALUE[text.charCodeAt(at)] === 1) at += 1;
    if (at < end && (text.charCodeAt(at) !== CR || text.charCodeAt(at + 1) !== LF)) {
      return null;
    }
    const name = text.slice(from, colon);
    const value = text.slice(valueAt, endOfValue(text, valueAt, at));
    rawHeaders.push(name, value);
    if (!said.hear(name, value)) return null;
  }
  const { framing, length, expect } = said;
  return {
    method: start[1] ?? '',
    target: start[2] ?? '',
    version: start[3] ?? '',
    rawHeaders,
    framing,
    length,
    keepAlive: said.keepsAlive(start[3] === '1.0'),
    expect,
    upgrade: said.upgrades ? said.upgrade : null,
  };
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

function endOfValue(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return end;
}

/** What the headers of one request say of its framing and its connection. Names are told apart by their length first. */
class Framing {
  length: number | null = null;
  expect: string | null = null;
  upgrade: string | null = null;
  #chunked = false;
  #connection = '';

  /** False where it contradicts what was said before. */
  hear(name: string, value: string): boolean {
    switch (name.length) {
      case 14:
      case 17:
        return this.#hearFraming(name.toLowerCase(), value);
      case 10:
        if (name.toLowerCase() === 'connection') this.#connection += `,${value.toLowerCase()}`;
        return true;
      case 6:
        if (name.toLowerCase() === 'expect') this.expect = value.toLowerCase();
        return true;
      case 7:
        if (name.toLowerCase() === 'upgrade') this.upgrade = value.toLowerCase();
        return true;
      default:
        return true;
    }
  }

  get framing(): RequestHead['framing'] {
    if (this.#chunked) return 'chunked';
    return this.length === null || this.length === 0 ? 'none' : 'length';
  }

  get upgrades(): boolean {
    return this.#has('upgrade');
  }

  keepsAlive(old: boolean): boolean {
    return old ? this.#has('keep-alive') : !this.#has('close');
  }

  #has(option: string): boolean {
    if (!this.#connection.includes(option)) return false;
    return this.#connection.split(',').some((each) => each.trim() === option);
  }

  /** Names with an underscore are those with a hyphen to what reads them as variables of an environment. */
  #hearFraming(name: string, value: string): boolean {
    switch (name) {
      case 'content-length':
        return this.#hearLength(value);
      case 'transfer-encoding':
        return this.#hearCoding();
      default:
        return name !== 'content_length' && name !== 'transfer_encoding';
    }
  }

  #hearLength(value: string): boolean {
    if (this.length !== null || this.#chunked || !isLength(value)) return false;
    this.length = Number(value);
    return true;
  }

  /** Which coding it is, `guardHead` judges: one that is not taken ends the connection after its answer. */
  #hearCoding(): boolean {
    if (this.length !== null || this.#chunked) return false;
    this.#chunked = true;
    return true;
  }
}

/** Up to 15 digits: what a number holds exactly. */
function isLength(value: string): boolean {
  if (value.length === 0 || value.length > 15) return false;
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}
