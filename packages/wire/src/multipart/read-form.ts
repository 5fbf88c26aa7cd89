/**
 * Reads a `multipart/form-data` body (RFC 7578) as far as a gateway needs it: where each field's value lies. Files are neither copied nor
 * looked into. What another reader could read differently is refused: a model that is allowed here must be the model that is asked there.
 */
import { positionsOf } from './positions-of.ts';
import { parametersIn } from './parameters-in.ts';

const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;
const MAX_PARTS = 256;
const MAX_HEAD = 8 * 1024;

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

const TYPE = /^multipart\/form-data[ \t]*(?=;)/i;
/** RFC 2046 section 5.1.1, without the blank: readers disagree about where such a boundary ends. */
const BOUNDARY = /^[\w'()+,./:=?-]{1,70}$/;
/** RFC 9110 section 5.6.2. */
const TOKEN = /^[\w'+.-]+$/;

/** The boundary that a content type names; null where it is none of a form, or names more than one. */
export function boundaryIn(contentType: string): string | null {
  const type = TYPE.exec(contentType)?.[0];
  if (type === undefined) return null;
  const parameters = parametersIn(contentType, type.length);
  if (parameters === null) return null;
  const named = parameters.filter(({ name }) => /^boundary(?:\*|$)/.test(name));
  const [boundary, another] = named;
  if (boundary === undefined || another !== undefined || boundary.name !== 'boundary') return null;
  return BOUNDARY.test(boundary.value) ? boundary.value : null;
}

/** The content type of a form with that boundary and nothing else in it, of which no two readers think differently. */
export function formType(boundary: string): string {
  return `multipart/form-data; boundary=${TOKEN.test(boundary) ? boundary : `"${boundary}"`}`;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const wrong = (message: string): FormRead => ({ ok: false, message });
const NOT_WHOLE = wrong('A part of the form is not whole.');

/** Linear, bounded, total. */
export function readForm(body: Uint8Array, boundary: string): FormRead {
  const delimiter = encoder.encode(`--${boundary}`);
  const places = positionsOf(body, delimiter, MAX_PARTS + 2);
  const [first] = places;
  if (first === undefined) return wrong('The form has no part.');
  const fields: FormField[] = [];
  for (const [index, place] of places.entries()) {
    if (place !== 0 && !isLineEnd(body, place - 2)) {
      return wrong("The form's boundary stands inside of a part.");
    }
    const behind = place + delimiter.length;
    if (body[behind] === DASH && body[behind + 1] === DASH) {
      return index === places.length - 1
        ? { ok: true, fields }
        : wrong('The form has a part behind its end.');
    }
    if (fields.length >= MAX_PARTS) return wrong(`The form has more than ${MAX_PARTS} parts.`);
    const next = places[index + 1];
    if (next === undefined) return wrong('The form breaks off.');
    const field = fieldIn(body, behind, next - 2);
    if (!('name' in field)) return field;
    fields.push(field);
  }
  return wrong('The form breaks off.');
}

/** A part, from behind its delimiter to where its value ends. */
function fieldIn(body: Uint8Array, from: number, end: number): FormField | FormRead {
  const at = skipPadding(body, from);
  if (!isLineEnd(body, at)) return NOT_WHOLE;
  const head = at + 2;
  const start = endOfHead(body, head);
  if (start < 0) return wrong('The head of a part is not whole, or too long.');
  // A part without a value ends with the line that ends its head.
  if (start > end + 2) return NOT_WHOLE;
  const named = nameIn(decoder.decode(body.subarray(head, Math.max(head, start - 4))));
  if (named === null) return wrong('A part of the form has no name, or more than one.');
  return { ...named, start, end: Math.max(start, end) };
}

/** The text of a field that is no file; null where there is none. Two of a name are refused by who asks for the one. */
export function fieldText(
  body: Uint8Array,
  fields: readonly FormField[],
  name: string,
): { readonly text: string; readonly field: FormField } | 'twice' | null {
  const found = fields.filter((field) => field.name === name);
  const field = found.find(({ isFile }) => !isFile);
  if (field === undefined) return null;
  if (found.length > 1) return 'twice';
  return { text: decoder.decode(body.subarray(field.start, field.end)), field };
}

function isLineEnd(body: Uint8Array, at: number): boolean {
  return body[at] === CR && body[at + 1] === LF;
}

function skipPadding(body: Uint8Array, from: number): number {
  let at = from;
  while (body[at] === 0x20 || body[at] === 0x09) at++;
  return at;
}

/** Behind the blank line that ends a part's head. */
function endOfHead(body: Uint8Array, from: number): number {
  if (isLineEnd(body, from)) return from + 2;
  const most = Math.min(body.length - 3, from + MAX_HEAD);
  for (let at = from; at < most; at++) {
    if (isLineEnd(body, at) && isLineEnd(body, at + 2)) return at + 4;
  }
  return -1;
}

const DISPOSITION = /^content-disposition[ \t]*:/i;
const FORM_DATA = /^content-disposition:[ \t]*form-data[ \t]*(?=;)/i;

/** Null where a head names its field in a way that is not plain. */
function nameIn(head: string): { readonly name: string; readonly isFile: boolean } | null {
  const lines = head.split('\r\n');
  if (lines.some((line) => /^[ \t]|[\r\n]/.test(line))) return null;
  const [line, another] = lines.filter((each) => DISPOSITION.test(each));
  const start = line === undefined ? undefined : FORM_DATA.exec(line)?.[0];
  if (line === undefined || start === undefined || another !== undefined) return null;
  const parameters = parametersIn(line, start.length);
  if (parameters === null) return null;
  const [named, more] = parameters.filter(({ name }) => /^name(?:\*|$)/.test(name));
  if (named === undefined || more !== undefined || named.name !== 'name' || named.escaped) {
    return null;
  }
  return { name: named.value, isFile: parameters.some(({ name }) => name.startsWith('filename')) };
}
