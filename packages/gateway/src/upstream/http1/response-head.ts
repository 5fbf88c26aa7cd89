import { COLON, CR, LF, TOKEN, VALUE } from '../../http1/characters.ts';
import type { BodyFraming } from '../../http1/body-reader.ts';

/** A response head that was read and found sound. */
export interface ResponseHead {
  readonly status: number;
  readonly framing: BodyFraming;
  /** Bytes of the body where framing is `length`. */
  readonly length: number;
  /** Whether the connection may serve another call afterwards. */
  readonly keepAlive: boolean;
  /** A header by lower-case name; the first of several. */
  readonly header: (name: string) => string | undefined;
}

const STATUS_LINE = /HTTP\/1\.([01]) ([1-5][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?(?=\r\n|$)/y;

/**
 * Reads a head (RFC 9112 sections 2 to 6), given without its blank line. Strict where two readers could disagree about where the body
 * ends: folded lines, bare line feeds, a length twice, a length beside a transfer coding. Null when it is no sound head. A text is
 * made of a value only when somebody asks for it: most of what a provider sends nobody does.
 */
export function readResponseHead(text: string): ResponseHead | null {
  STATUS_LINE.lastIndex = 0;
  const status = STATUS_LINE.exec(text);
  if (status === null) return null;
  const places = placesOf(text, STATUS_LINE.lastIndex);
  if (places === null) return null;
  const code = Number(status[2]);
  const framing = framingOf(code, text, places);
  if (framing === null) return null;
  const header = (name: string): string | undefined => {
    const at = placeOf(text, places, name, 0);
    return at === -1 ? undefined : valueAt(text, places, at);
  };
  const connection = (header('connection') ?? '').toLowerCase();
  const keepAlive =
    framing.framing !== 'close' && status[1] === '1' && !connection.includes('close');
  return { status: code, ...framing, keepAlive, header };
}

/** Numbers kept of each field: the tag of its name, where it starts, its colon, and its end. */
const FIELD = 4;

/** Tells most names apart without reading them: length, first and last letter, whatever their case. */
const tagOf = (length: number, first: number, last: number): number =>
  (length << 16) | ((first | 0x20) << 8) | (last | 0x20);

/** Where each field stands, see FIELD. Null when a line is no field. */
function placesOf(text: string, from: number): readonly number[] | null {
  const places: number[] = [];
  const end = text.length;
  let at = from;
  while (at < end) {
    const start = at + 2;
    // No character is looked at behind the end: it would be no index of a table, which costs much more.
    let colon = start;
    while (colon < end && TOKEN[text.charCodeAt(colon)] === 1) colon += 1;
    if (colon === start || colon === end || text.charCodeAt(colon) !== COLON) return null;
    at = colon + 1;
    while (at < end && VALUE[text.charCodeAt(at)] === 1) at += 1;
    if (at < end && (text.charCodeAt(at) !== CR || text.charCodeAt(at + 1) !== LF)) {
      return null;
    }
    const tag = tagOf(colon - start, text.charCodeAt(start), text.charCodeAt(colon - 1));
    places.push(tag, start, colon, at);
  }
  return places;
}

/** Index of the field with this lower-case name, from `first` on; -1 when there is none. */
function placeOf(text: string, places: readonly number[], name: string, first: number): number {
  const tag = tagOf(name.length, name.charCodeAt(0), name.charCodeAt(name.length - 1));
  for (let at = first; at < places.length; at += FIELD) {
    if (places[at] === tag && isAt(text, places[at + 1] ?? 0, name)) return at;
  }
  return -1;
}

/** Whether the name stands at `start`, in whatever case. A token's letters are the only characters of it that differ by bit 0x20. */
function isAt(text: string, start: number, name: string): boolean {
  if (text.startsWith(name, start)) return true;
  for (let index = 0; index < name.length; index += 1) {
    const wanted = name.charCodeAt(index);
    const code = text.charCodeAt(start + index);
    if (code !== wanted && (wanted < 0x61 || wanted > 0x7a || (code | 0x20) !== wanted))
      return false;
  }
  return true;
}

const valueAt = (text: string, places: readonly number[], at: number): string =>
  text.slice((places[at + 2] ?? 0) + 1, places[at + 3]).trim();

function framingOf(
  status: number,
  text: string,
  places: readonly number[],
): Pick<ResponseHead, 'framing' | 'length'> | null {
  const coding = only(text, places, 'transfer-encoding');
  const length = only(text, places, 'content-length');
  if (coding === null || length === null) return null;
  if (status < 200 || status === 204 || status === 304) return NO_BODY;
  if (coding !== undefined) {
    const sound = length === undefined && coding.toLowerCase() === 'chunked';
    return sound ? { framing: 'chunked', length: 0 } : null;
  }
  if (length === undefined) return { framing: 'close', length: 0 };
  if (!/^\d{1,15}$/.test(length)) return null;
  const bytes = Number(length);
  return bytes === 0 ? NO_BODY : { framing: 'length', length: bytes };
}

const NO_BODY = Object.freeze({ framing: 'none', length: 0 } as const);

/** The value of a header that may be sent once; null when it came twice. */
function only(text: string, places: readonly number[], name: string): string | undefined | null {
  const at = placeOf(text, places, name, 0);
  if (at === -1) return undefined;
  return placeOf(text, places, name, at + FIELD) === -1 ? valueAt(text, places, at) : null;
}
