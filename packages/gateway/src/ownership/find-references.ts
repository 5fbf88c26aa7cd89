import type { CallerDialect } from '@keywell/wire/edit/conversation';
import { referencesOf, type References } from '@keywell/wire/edit/references';
import { isJsonObject } from '@keywell/wire/json/value';
import { liftStrings } from '@keywell/wire/lift/lift-strings';
import { hasBareId } from './bare-id.ts';
import { jsonIn } from '../translate/json-in.ts';

const quoted = (name: string): Buffer => Buffer.from(`"${name}"`);

/**
 * Names that refer to something kept; their quotes keep what is said in a text apart: there they are escaped. With a part of them whose
 * first byte is rare in texts, if they have one, so that the search for it flies: without the part there is no name.
 */
interface Names {
  readonly part: Buffer | null;
  readonly names: readonly Buffer[];
}
const named = (part: string | null, ...names: readonly string[]): Names => ({
  part: part === null ? null : Buffer.from(part),
  names: names.map(quoted),
});

const FILES = named('_id', 'file_id', 'file_ids');
const NAMES: Readonly<Record<CallerDialect, readonly Names[]>> = {
  'openai-chat': [FILES],
  'openai-responses': [
    named('_id', 'file_id', 'file_ids', 'previous_response_id', 'vector_store_ids'),
    named(null, 'conversation', 'item_reference', 'prompt', 'container'),
  ],
  'anthropic-messages': [FILES, named(null, 'container')],
  gemini: [
    FILES,
    named('Uri"', 'fileUri'),
    named('_uri"', 'file_uri'),
    named('Content"', 'cachedContent'),
    named('_content"', 'cached_content'),
  ],
};
/** Every letter of those names has one of these escapes, and no writer of JSON uses them for letters. */
const HIDDEN = ['\\u004', '\\u005', '\\u006', '\\u007'].map((escape) => Buffer.from(escape));
/** Likewise of those escapes. */
const PART_OF_ESCAPES = [Buffer.from('00'), Buffer.from('\\u00')];

/**
 * Whether a request may refer to anything that a provider keeps: a search for a few names in its bytes, so that the many calls that do
 * not are never parsed. True for some that do not, never false for one that does.
 */
export function mayRefer(body: Uint8Array, dialect: CallerDialect): boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const has = (part: Buffer): boolean => bytes.includes(part);
  const hasOne = ({ part, names }: Names): boolean =>
    (part === null || has(part)) && names.some(has);
  if (NAMES[dialect].some(hasOne)) return true;
  if (dialect === 'openai-responses' && hasBareId(bytes)) return true;
  return PART_OF_ESCAPES.every(has) && HIDDEN.some(has);
}

/** What a request refers to, once it is known to be JSON; null where it refers to nothing. */
export function findReferences(body: Uint8Array, dialect: CallerDialect): References | null {
  if (!mayRefer(body, dialect)) return null;
  const { small } = liftStrings(body);
  const request = jsonIn(small);
  if (!isJsonObject(request)) return null;
  const found = referencesOf(request, dialect);
  const { files, previousResponse, conversation, items, unowned } = found;
  const none = files.length === 0 && previousResponse === null && conversation === null;
  return none && items.length === 0 && unowned === null ? null : found;
}
