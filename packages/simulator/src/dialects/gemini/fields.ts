/** Gemini reads JSON as protobuf does: every field by either of its names, and unknown ones are refused. */
import type { Refusal } from '../../faces/refusal.ts';
import { isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';

/** The face names the status. */
export const invalid = (message: string, status = 400): Refusal => ({
  status,
  body: { message, type: 'invalid_request_error', param: null, code: null },
  headers: [],
});

const snakeOf = (name: string): string =>
  name.replace(/[A-Z]/g, (upper) => `_${upper.toLowerCase()}`);

/** A field by its camelCase name, or its snake_case one. */
export const field = (object: JsonObject, name: string): unknown =>
  object[name] ?? object[snakeOf(name)];

export const objectField = (object: JsonObject, name: string): JsonObject => {
  const value = field(object, name);
  return isObject(value) ? value : {};
};

export const listField = (object: JsonObject, name: string): readonly unknown[] => {
  const value = field(object, name);
  return Array.isArray(value) ? value : [];
};

const camelOf = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** `at`: the place as Gemini names it; empty at the top. */
export function unknownField(
  object: JsonObject,
  known: ReadonlySet<string>,
  at: string,
): Refusal | null {
  const extra = Object.keys(object).find((name) => !known.has(name) && !known.has(camelOf(name)));
  if (extra === undefined) return null;
  const place = at === '' ? '' : ` at '${at}'`;
  return invalid(
    `Invalid JSON payload received. Unknown name "${extra.slice(0, 100)}"${place}: Cannot find field.`,
  );
}

export const fieldNames = (names: string): ReadonlySet<string> => new Set(names.split(' '));
