import type { CallerDialect } from '@keywell/wire/edit/conversation';
import { referencesOf, type References } from '@keywell/wire/edit/references';
import { isJsonObject } from '@keywell/wire/json/value';
import { liftStrings } from '@keywell/wire/lift/lift-strings';
import { hasBareId } from './bare-id.ts';

const quoted = (name: string): Buffer => Buffer.from(`"${name}"`);

/** Names that refer to something kept. Their quotes keep what is said in a text apart: there they are escaped. */
const FILES = ['file_id', 'file_ids'].map(quoted);
/** More such names of a dialect, those with an `_id` in them apart. */
const WITH_ID: Readonly<Record<CallerDialect, readonly Buffer[]>> = {
  'openai-chat': FILES,
  'openai-responses': [...FILES, ...['previous_response_id', 'vector_store_ids'].map(quoted)],
  'anthropic-messages': FILES,
  gemini: FILES,
};
const OTHERS: Readonly<Record<CallerDialect, readonly Buffer[]>> = {
  'openai-chat': [],
  'openai-responses': ['conversation', 'item_reference', 'prompt', 'container'].map(quoted),
  'anthropic-messages': ['container'].map(quoted),
  gemini: ['fileUri', 'file_uri', 'cachedContent', 'cached_content'].map(quoted),
};
/** Every letter of those names has one of these escapes, and no writer of JSON uses them for letters. */
const HIDDEN = ['\\u004', '\\u005', '\\u006', '\\u007'].map((escape) => Buffer.from(escape));
/** Parts of names and escapes whose first byte is rare in texts, so that searches for them fly: without the part there is no whole. */
const PART_OF_NAMES = Buffer.from('_id');
const PARTS_OF_GEMINIS = ['Uri"', '_uri"', 'Content"', '_content"'].map((part) =>
  Buffer.from(part),
);
const PART_OF_ESCAPES = [Buffer.from('00'), Buffer.from('\\u00')];

/**
 * Whether a request may refer to anything that a provider keeps: a search for a few names in its bytes, so that the many calls that do
 * not are never parsed. True for some that do not, never false for one that does.
 */
export function mayRefer(body: Uint8Array, dialect: CallerDialect): boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const has = (part: Buffer): boolean => bytes.includes(part);
  if (has(PART_OF_NAMES) && WITH_ID[dialect].some(has)) return true;
  const hasPart = dialect !== 'gemini' || PARTS_OF_GEMINIS.some(has);
  if (hasPart && OTHERS[dialect].some(has)) return true;
  if (dialect === 'openai-responses' && hasBareId(bytes)) return true;
  return PART_OF_ESCAPES.every(has) && HIDDEN.some(has);
}

/** What a request refers to, once it is known to be JSON; null where it refers to nothing. */
export function findReferences(body: Uint8Array, dialect: CallerDialect): References | null {
  if (!mayRefer(body, dialect)) return null;
  const { small } = liftStrings(body);
  const request = parse(small);
  if (!isJsonObject(request)) return null;
  const found = referencesOf(request, dialect);
  const { files, previousResponse, conversation, items, unowned } = found;
  const none = files.length === 0 && previousResponse === null && conversation === null;
  return none && items.length === 0 && unowned === null ? null : found;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
    );
  } catch {
    return null;
  }
}
