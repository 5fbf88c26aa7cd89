/**
 * Members of an item or a block that have no canonical place ride along as foreign parts behind what they belong to, named
 * `<owner>.<member>`: other dialects drop them by that name, this one writes them back.
 */
import type { ForeignPart } from '../canonical/content.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { RESPONSES } from './dialect.ts';

const BOOKKEEPING = ['type', 'id', 'status'];
const KNOWN = {
  message: new Set([...BOOKKEEPING, 'role', 'content']),
  function_call: new Set([...BOOKKEEPING, 'call_id', 'name', 'arguments']),
  custom_tool_call: new Set([...BOOKKEEPING, 'call_id', 'name', 'input']),
  function_call_output: new Set([...BOOKKEEPING, 'call_id', 'name', 'output']),
  input_file: new Set([
    'type',
    'file_data',
    'file_url',
    'file_id',
    'filename',
    'prompt_cache_breakpoint',
  ]),
} as const;

const NO_RIDERS: readonly ForeignPart[] = Object.freeze([]);

export function ridersOf(object: JsonObject, owner: keyof typeof KNOWN): readonly ForeignPart[] {
  const known: ReadonlySet<string> = KNOWN[owner];
  let riders: ForeignPart[] | null = null;
  for (const member in object) {
    if (known.has(member) || member === '__proto__') continue;
    const value = object[member];
    if (value === null || value === undefined || isUsual(member, value)) continue;
    const name = `${owner}.${member}`;
    (riders ??= []).push({ kind: 'foreign', origin: RESPONSES, name, value: [member, value] });
  }
  return riders ?? NO_RIDERS;
}

/** A call that the model itself made, which is what calls are elsewhere. */
function isUsual(member: string, value: JsonValue): boolean {
  return (
    (member === 'caller' && isJsonObject(value) && value['type'] === 'direct') ||
    (member === 'async' && value === false)
  );
}

export interface Rider {
  readonly member: string;
  readonly value: JsonValue;
  /** Whether it belongs to a message as a whole. */
  readonly isOfMessage: boolean;
}

/** What a foreign part rides on; null where it is a block (a list of one) or an item of its own. */
export function riderOf({ origin, name, value }: ForeignPart): Rider | null {
  if (origin !== RESPONSES || !isJsonArray(value) || value.length !== 2) return null;
  const [member, said] = value;
  if (typeof member !== 'string' || said === undefined) return null;
  return { member, value: said, isOfMessage: name.startsWith('message.') };
}
