/** Checks that OpenAI's operations share: types and ranges, worded as the API words them. */
import type { Refusal } from '../../faces/refusal.ts';
import type { JsonObject } from '../json-body.ts';
import { badRequest } from './request-errors.ts';

const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'decimal';
  return typeof value;
};

const AN: Readonly<Record<string, string>> = { array: 'an', integer: 'an', object: 'an' };

export const invalidType = (param: string, expected: string, value: unknown): Refusal => {
  const kind = kindOf(value);
  const got = kind === 'null' ? 'null' : `${AN[kind] ?? 'a'} ${kind}`;
  const message = `Invalid type for '${param}': expected ${expected}, but got ${got} instead.`;
  return badRequest(message, param, 'invalid_type');
};

export const missing = (param: string): Refusal =>
  badRequest(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter');

/** A caller's value inside a message: short. */
export const shown = (value: unknown): string =>
  (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 100);

export function checkNumber(
  body: JsonObject,
  param: string,
  range: { readonly min: number; readonly max: number; readonly integer: boolean },
): Refusal | null {
  const value = body[param];
  if (value === undefined || value === null) return null;
  const kind = range.integer ? 'integer' : 'decimal';
  const right = typeof value === 'number' && (!range.integer || Number.isInteger(value));
  if (!right) return invalidType(param, range.integer ? 'an integer' : 'a decimal', value);
  if (value < range.min) {
    const message = `Invalid '${param}': ${kind} below minimum value. Expected a value >= ${range.min}, but got ${value} instead.`;
    return badRequest(message, param, `${kind}_below_min_value`);
  }
  if (value > range.max) {
    const message = `Invalid '${param}': ${kind} above maximum value. Expected a value <= ${range.max}, but got ${value} instead.`;
    return badRequest(message, param, `${kind}_above_max_value`);
  }
  return null;
}

export function checkBoolean(body: JsonObject, param: string): Refusal | null {
  const value = body[param];
  if (value === undefined || value === null || typeof value === 'boolean') return null;
  return invalidType(param, 'a boolean', value);
}
