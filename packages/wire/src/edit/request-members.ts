/** What is read of a request of any dialect before it is known whether anybody has to understand the rest, and where an edit reaches. */
import type { ErrorCode } from '@keywell/core/errors/catalogue';
import { NINE, ZERO } from '../json/bytes.ts';
import { ABSENT, FALSE, NULL, NUMBER, STRING, TRUE } from '../json/kind.ts';
import { kindName, readString } from '../json/read-value.ts';
import type { Found } from '../json/scan.ts';
import { RecentNames } from './recent-names.ts';

export interface RequestFacts {
  readonly model: string;
  readonly stream: boolean;
  /** Whether the caller itself asked for the usage of a stream. */
  readonly includeUsage: boolean;
  /** What the caller allows for one choice, in tokens. */
  readonly maxOutputTokens: number | null;
  /** How many choices are asked for. */
  readonly n: number;
  /** Whether the provider is to keep the answer (`store` or `background`), so that sending it twice is never harmless. */
  readonly stored: boolean;
  readonly places: RequestPlaces;
}

/** Where an edit reaches: offsets in the body. */
export interface RequestPlaces {
  /** Behind the opening brace; -1 where the body is no object. */
  readonly first: number;
  /** -1 where the body names no model. */
  readonly modelStart: number;
  readonly modelEnd: number;
  /** Of `stream_options`; -1 where it is absent. */
  readonly optionsStart: number;
  readonly optionsEnd: number;
  readonly optionsKind: number;
  /** The name stands there as it is, without quotes: in a form. */
  readonly raw?: true;
}

export interface RequestRefusal {
  readonly ok: false;
  readonly code: ErrorCode;
  /** A sentence for the caller; holds nothing of the body. */
  readonly message: string;
  readonly param: string | null;
}

export const MAX_CHOICES = 128;
const MAX_MODEL_LENGTH = 256;
/** Characters that have no business in a model's name: they would end up in logs and headers. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;
const MODEL_RULE = `a name of 1 to ${MAX_MODEL_LENGTH} characters without control characters`;
const recentNames = new RecentNames();

/** The model's name in the member `field`. */
export function modelAt(body: Uint8Array, scan: Found, field: number): string | RequestRefusal {
  const kind = scan.kind[field] ?? ABSENT;
  if (kind === ABSENT || kind === NULL) return missing('model');
  if (kind !== STRING) return wrong('model', `a string, not ${kindName(kind)}`);
  const { start, end } = spanOf(scan, field);
  const known = recentNames.recall(body, start, end);
  if (known !== null) return known;
  // A character takes six bytes at most: as an escape.
  if (end - start - 2 > MAX_MODEL_LENGTH * 6) return wrong('model', MODEL_RULE);
  const model = readString(body, start, end);
  if (!isModelName(model)) return wrong('model', MODEL_RULE);
  recentNames.remember(model, body, start, end);
  return model;
}

/** Whether a name may be a model's at all. */
export function isModelName(model: string): boolean {
  return (
    model.length > 0 &&
    model.length <= MAX_MODEL_LENGTH &&
    !CONTROL.test(model) &&
    model.isWellFormed()
  );
}

export function checkBoolean(scan: Found, field: number, name: string): RequestRefusal | null {
  const kind = scan.kind[field] ?? ABSENT;
  if (kind === ABSENT || kind === TRUE || kind === FALSE || kind === NULL) return null;
  return wrong(name, `true, false or null, not ${kindName(kind)}`);
}

/** `most` is a whole number; above every safe integer there is none. */
export function checkInteger(
  body: Uint8Array,
  scan: Found,
  { field, name, most }: { readonly field: number; readonly name: string; readonly most: number },
): RequestRefusal | null {
  const kind = scan.kind[field] ?? ABSENT;
  if (kind === ABSENT || kind === NULL) return null;
  const rule = most === MAX_CHOICES ? `an integer from 1 to ${most}` : 'a positive integer';
  if (kind !== NUMBER) return wrong(name, `${rule}, not ${kindName(kind)}`);
  const value = integerAt(body, scan, field);
  return value !== null && value >= 1 && value <= most ? null : wrong(name, rule);
}

/** A number written as digits alone, null where there is none: 16 digits are read, which is past every safe integer. */
export function integerAt(body: Uint8Array, scan: Found, field: number): number | null {
  if (scan.kind[field] !== NUMBER) return null;
  const { start, end } = spanOf(scan, field);
  if (end - start > 16) return null;
  let value = 0;
  for (let position = start; position < end; position++) {
    const byte = body[position] ?? 0;
    if (byte < ZERO || byte > NINE) return null;
    value = value * 10 + (byte - ZERO);
  }
  return value;
}

export function spanOf(
  scan: Found,
  field: number,
): { readonly start: number; readonly end: number } {
  return { start: scan.start[field] ?? 0, end: scan.end[field] ?? 0 };
}

export function missing(param: string): RequestRefusal {
  return {
    ok: false,
    code: 'missing_parameter',
    message: `The parameter "${param}" is missing.`,
    param,
  };
}

export function wrong(param: string, expected: string): RequestRefusal {
  return {
    ok: false,
    code: 'invalid_parameter',
    message: `The parameter "${param}" must be ${expected}.`,
    param,
  };
}
