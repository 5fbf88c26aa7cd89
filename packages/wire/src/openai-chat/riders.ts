import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import type { ForeignPart } from '../canonical/content.ts';

const NO_RIDERS: readonly ForeignPart[] = Object.freeze([]);

/**
 * Members of a message, a content part or a choice that have no canonical place ride along as foreign parts behind what they belong to,
 * named `<owner>.<member>`: other dialects drop them by that name, this one writes them back where they were.
 */
export function ridersOf(
  object: JsonObject,
  known: ReadonlySet<string>,
  owner: string,
): readonly ForeignPart[] {
  let riders: ForeignPart[] | null = null;
  for (const member in object) {
    if (known.has(member) || member === '__proto__') continue;
    const value = object[member] ?? null;
    if (value === null) continue;
    (riders ??= []).push({
      kind: 'foreign',
      origin: 'openai-chat',
      name: `${owner}.${member}`,
      value,
    });
  }
  return riders ?? NO_RIDERS;
}

export interface Rider {
  readonly owner: string;
  readonly member: string;
  readonly value: JsonValue;
}

/** What a foreign part rides on; null where it is a content part of its own. */
export function riderOf({ name, value }: ForeignPart): Rider | null {
  const dot = name.indexOf('.');
  const isContent = isJsonObject(value) && value['type'] === name;
  if (dot === -1 || isContent) return null;
  return { owner: name.slice(0, dot), member: name.slice(dot + 1), value };
}
