/** Members of a hostile JSON object, read one by one: absent and null are alike, another kind is the sender's fault. */
import type { ErrorCode } from '@keywell/core/errors/catalogue';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import type { Decoded } from './codec.ts';
import { saysNothing } from './usual-values.ts';

/** What is wrong with what is being read; never leaves the decoder: `decoding` makes a refusal of it. */
export class DecodeFault extends Error {
  readonly code: ErrorCode;
  readonly param: string;

  constructor(code: ErrorCode, param: string, message: string) {
    super(message);
    this.code = code;
    this.param = param;
  }
}

/** Runs a decoder's body; its faults become a refusal, a stack that ran over too. */
export function decoding<T>(read: () => T): Decoded<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (error instanceof DecodeFault) {
      return { ok: false, code: error.code, message: error.message, param: error.param };
    }
    throw error;
  }
}

export function missingFault(param: string): DecodeFault {
  return new DecodeFault('missing_parameter', param, `The parameter "${param}" is missing.`);
}

/** `expected` completes "must be …". */
export function wrongFault(param: string, expected: string): DecodeFault {
  return new DecodeFault(
    'invalid_parameter',
    param,
    `The parameter "${param}" must be ${expected}.`,
  );
}

/** `at` is the path of the object, `messages[0]`; empty at the top. */
export const pathOf = (at: string, name: string | number): string => {
  if (typeof name === 'number') return `${at}[${name}]`;
  return at === '' ? name : `${at}.${name}`;
};

export function optionalString(object: JsonObject, name: string, at: string): string | null {
  const value = object[name] ?? null;
  if (value === null || typeof value === 'string') return value;
  throw wrongFault(pathOf(at, name), 'a string');
}

export function requiredString(object: JsonObject, name: string, at: string): string {
  const value = optionalString(object, name, at);
  if (value === null) throw missingFault(pathOf(at, name));
  return value;
}

export function optionalNumber(object: JsonObject, name: string, at: string): number | null {
  const value = object[name] ?? null;
  if (value === null || typeof value === 'number') return value;
  throw wrongFault(pathOf(at, name), 'a number');
}

/** A whole number of 0 or more. */
export function optionalCount(object: JsonObject, name: string, at: string): number | null {
  const value = object[name] ?? null;
  if (value === null) return null;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw wrongFault(pathOf(at, name), 'a whole number, 0 or more');
}

export function optionalBoolean(object: JsonObject, name: string, at: string): boolean | null {
  const value = object[name] ?? null;
  if (value === null || typeof value === 'boolean') return value;
  throw wrongFault(pathOf(at, name), 'true or false');
}

export function optionalObject(object: JsonObject, name: string, at: string): JsonObject | null {
  const value = object[name] ?? null;
  if (value === null || isJsonObject(value)) return value;
  throw wrongFault(pathOf(at, name), 'an object');
}

export function requiredObject(object: JsonObject, name: string, at: string): JsonObject {
  const value = optionalObject(object, name, at);
  if (value === null) throw missingFault(pathOf(at, name));
  return value;
}

export function optionalArray(
  object: JsonObject,
  name: string,
  at: string,
): readonly JsonValue[] | null {
  const value = object[name] ?? null;
  if (value === null || isJsonArray(value)) return value;
  throw wrongFault(pathOf(at, name), 'an array');
}

const NO_ELEMENTS = Object.freeze([]);

/** Elements of an array as objects, each with its own path; empty where there is none. */
export function objectsIn(
  object: JsonObject,
  name: string,
  at: string,
): readonly { readonly value: JsonObject; readonly at: string }[] {
  const list = optionalArray(object, name, at);
  if (list === null || list.length === 0) return NO_ELEMENTS;
  const listed = pathOf(at, name);
  const objects: { readonly value: JsonObject; readonly at: string }[] = [];
  for (const value of list) {
    const place = pathOf(listed, objects.length);
    if (!isJsonObject(value)) throw wrongFault(place, 'an object');
    objects.push({ value, at: place });
  }
  return objects;
}

/** Notes in `told` what a piece of an answer says beside `known`, unless it says nothing, and gives those names that were not in it; null where there are none. */
export function newNamesIn(
  object: JsonObject,
  known: ReadonlySet<string>,
  told: Set<string>,
  owner = '',
): readonly string[] | null {
  let names: string[] | null = null;
  for (const member in object) {
    if (known.has(member)) continue;
    const name = owner + member;
    if (member === '__proto__' || told.has(name) || saysNothing(member, object[member])) continue;
    told.add(name);
    (names ??= []).push(name);
  }
  return names;
}

/** What `othersIn` gives where there are none. */
export const NO_OTHERS: JsonObject = Object.freeze({});

/** Members that no name of `known` stands for, as they are; nearly always none. */
export function othersIn(object: JsonObject, known: ReadonlySet<string>): JsonObject {
  let others: Record<string, JsonValue | undefined> | null = null;
  for (const name in object) {
    if (known.has(name) || name === '__proto__') continue;
    const value = object[name];
    if (value !== null && value !== undefined) (others ??= {})[name] = value;
  }
  return others ?? NO_OTHERS;
}

/** What an object says, in one look at it. */
export interface Survey {
  /** Bits of the groups of known members that are there and not null. */
  readonly groups: number;
  /** Members that are not known, as `othersIn` gives them. */
  readonly others: JsonObject;
}

/**
 * Looks once at what an object has, so that nobody has to ask for every member that it might have: most requests use a handful of dozens.
 * `groupOf` has the known members, each with the bits of what reads it.
 */
export function survey(object: JsonObject, groupOf: ReadonlyMap<string, number>): Survey {
  let groups = 0;
  let others: Record<string, JsonValue | undefined> | null = null;
  for (const name in object) {
    const value = object[name] ?? null;
    if (value === null || name === '__proto__') continue;
    const group = groupOf.get(name);
    if (group === undefined) (others ??= {})[name] = value;
    else groups |= group;
  }
  return { groups, others: others ?? NO_OTHERS };
}

/** Entries of a map for `survey`. */
export function grouped(group: number, ...names: readonly string[]): readonly [string, number][] {
  return names.map((name) => [name, group]);
}

/** More tokens than any call takes, and so few that sums of what a hostile provider says stay exact. */
const MOST_TOKENS = 1e12;

function isCount(value: JsonValue | undefined): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MOST_TOKENS;
}

/** A count in a provider's answer: what is none counts 0. */
export function lenientCount(value: JsonValue | undefined): number {
  return isCount(value) ? value : 0;
}

/** Whether any of these members is a count at all: usage that counts nothing is none, and is estimated. */
export function countsAny(usage: JsonObject, names: readonly string[]): boolean {
  return names.some((name) => isCount(usage[name]));
}

export function lenientString(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
