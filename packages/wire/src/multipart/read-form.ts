/**
 * Reads a `multipart/form-data` body (RFC 7578) as far as a gateway needs it: where each field's value lies. Files are neither copied nor
 * looked into.
 */
const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;
const MAX_PARTS = 256;
const MAX_HEAD = 8 * 1024;
/** RFC 2046 section 5.1.1. */
const BOUNDARY =
  /^multipart\/form-data\s*;(?:[^"]|"[^"]*")*?boundary=(?:"([^"\r\n]{1,70})"|([^\s";,]{1,70}))/i;

export interface FormField {
  readonly name: string;
  /** The value's bytes in the body. */
  readonly start: number;
  readonly end: number;
  readonly isFile: boolean;
}

export type FormRead =
  | { readonly ok: true; readonly fields: readonly FormField[] }
  | { readonly ok: false; readonly message: string };

/** The boundary that a content type names; null where it is none of a form. */
export function boundaryIn(contentType: string): string | null {
  const found = BOUNDARY.exec(contentType);
  return found?.[1] ?? found?.[2] ?? null;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const wrong = (message: string): FormRead => ({ ok: false, message });

/** Linear, bounded, total. */
export function readForm(body: Uint8Array, boundary: string): FormRead {
  const delimiter = encoder.encode(`\r\n--${boundary}`);
  const fields: FormField[] = [];
  let at = firstDelimiter(body, delimiter);
  if (at < 0) return wrong('The form has no part.');
  for (;;) {
    if (body[at] === DASH && body[at + 1] === DASH) return { ok: true, fields };
    at = skipPadding(body, at);
    if (body[at] !== CR || body[at + 1] !== LF) return wrong('A part of the form is not whole.');
    if (fields.length >= MAX_PARTS) return wrong(`The form has more than ${MAX_PARTS} parts.`);
    const head = at + 2;
    const start = endOfHead(body, head);
    if (start < 0) return wrong('The head of a part is not whole, or too long.');
    const end = indexOf(body, delimiter, start - 2);
    if (end < 0) return wrong('The form breaks off.');
    const named = nameIn(decoder.decode(body.subarray(head, Math.max(head, start - 4))));
    if (named === null) return wrong('A part of the form has no name.');
    fields.push({ ...named, start, end: Math.max(start, end) });
    at = end + delimiter.length;
  }
}

/** The text of a field that is no file; null where there is none. Two of a name are refused by who asks for the one. */
export function fieldText(
  body: Uint8Array,
  fields: readonly FormField[],
  name: string,
): { readonly text: string; readonly field: FormField } | 'twice' | null {
  const found = fields.filter((field) => field.name === name && !field.isFile);
  const [field] = found;
  if (field === undefined) return null;
  if (found.length > 1) return 'twice';
  return { text: decoder.decode(body.subarray(field.start, field.end)), field };
}

/** The first delimiter may stand at the very beginning. Behind it, -1 where there is none. */
function firstDelimiter(body: Uint8Array, delimiter: Uint8Array): number {
  const bare = delimiter.subarray(2);
  if (startsWith(body, 0, bare)) return bare.length;
  const at = indexOf(body, delimiter, 0);
  return at < 0 ? -1 : at + delimiter.length;
}

function skipPadding(body: Uint8Array, from: number): number {
  let at = from;
  while (body[at] === 0x20 || body[at] === 0x09) at++;
  return at;
}

/** Behind the blank line that ends a part's head. */
function endOfHead(body: Uint8Array, from: number): number {
  if (body[from] === CR && body[from + 1] === LF) return from + 2;
  const most = Math.min(body.length - 3, from + MAX_HEAD);
  for (let at = from; at < most; at++) {
    const blank =
      body[at] === CR && body[at + 1] === LF && body[at + 2] === CR && body[at + 3] === LF;
    if (blank) return at + 4;
  }
  return -1;
}

const NAME = /^content-disposition:\s*form-data\b[^\r\n]*?;\s*name="((?:[^"\\\r\n]|\\.)*)"/im;
const FILE = /^content-disposition:[^\r\n]*;\s*filename\*?=/im;

function nameIn(head: string): { readonly name: string; readonly isFile: boolean } | null {
  const name = NAME.exec(head)?.[1];
  return name === undefined ? null : { name, isFile: FILE.test(head) };
}

function indexOf(body: Uint8Array, bytes: Uint8Array, from: number): number {
  let at = body.indexOf(CR, from);
  while (at >= 0) {
    if (startsWith(body, at, bytes)) return at;
    at = body.indexOf(CR, at + 1);
  }
  return -1;
}

function startsWith(body: Uint8Array, at: number, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (body[at + i] !== bytes[i]) return false;
  return true;
}
