import { setImmediate as breathe } from 'node:timers/promises';
import { isObjectId } from '@keywell/core/ownership/owned-object';
import { boundaryIn, readForm } from '@keywell/wire/multipart/read-form';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** After so many bytes other calls are served first. */
const BREATH_BYTES = 256 * 1024;
/** Longer than any id, escapes and the address it stands in included. */
const LONGEST = 2048;
/** Providers' ids are long or hold digits; what is neither is a word. */
const WORD = /^\D{0,15}$/;
/** What may stand around an id in an address. */
const SEPARATORS = /[/?#&=]/;
const URL_TYPE = /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** What may be the id of something in a text that is one value, or an address with it. */
function note(ids: Set<string>, text: string): void {
  for (const part of SEPARATORS.test(text) ? text.split(SEPARATORS) : [text]) {
    if (isObjectId(part) && !WORD.test(part)) ids.add(part);
    // Methods stand behind a colon, and may not be told from what is in an id.
    const colon = part.indexOf(':');
    if (colon > 0) note(ids, part.slice(0, colon));
  }
}

/** What a path and a query may name; both as the caller wrote them. */
export function noteIdsInUrl(ids: Set<string>, path: string, query: string): void {
  note(ids, unescaped(path));
  for (const value of new URLSearchParams(query).values()) note(ids, value);
}

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * What a body may name: every string of a JSON text, wherever it stands, every value of a form that is no file. Whatever else a body is,
 * only strings in double quotes are found in it. Linear; serves others between the pieces of a large one.
 */
export async function noteIdsInBody(
  ids: Set<string>,
  body: Uint8Array,
  contentType: string,
): Promise<void> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (URL_TYPE.test(contentType)) {
    for (const value of new URLSearchParams(bytes.toString('utf8')).values()) note(ids, value);
    return;
  }
  const boundary = boundaryIn(contentType);
  if (boundary === null) await noteStrings(ids, bytes);
  else noteFields(ids, bytes, boundary);
}

function noteFields(ids: Set<string>, bytes: Buffer, boundary: string): void {
  const form = readForm(bytes, boundary);
  if (!form.ok) return;
  for (const { start, end, isFile } of form.fields) {
    if (!isFile && end - start <= LONGEST) note(ids, bytes.toString('utf8', start, end).trim());
  }
}

async function noteStrings(ids: Set<string>, bytes: Buffer): Promise<void> {
  let breathed = 0;
  for (let at = bytes.indexOf(QUOTE); at >= 0;) {
    const end = closingQuote(bytes, at + 1);
    if (end < 0) return;
    if (end - at <= LONGEST) noteString(ids, bytes.toString('utf8', at + 1, end));
    at = bytes.indexOf(QUOTE, end + 1);
    if (end - breathed < BREATH_BYTES) continue;
    breathed = end;
    await breathe();
  }
}

function closingQuote(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at++;
  }
  return -1;
}

function noteString(ids: Set<string>, text: string): void {
  if (!text.includes('\\')) {
    note(ids, text);
    return;
  }
  try {
    const value: unknown = JSON.parse(`"${text}"`);
    if (typeof value === 'string') note(ids, value);
  } catch {
    // No string of JSON: whoever reads the body finds none there either.
  }
}
