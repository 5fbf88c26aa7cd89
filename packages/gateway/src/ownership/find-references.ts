import type { CallerDialect } from '@keywell/wire/edit/conversation';
import { referencesOf, type References } from '@keywell/wire/edit/references';
import { isJsonObject } from '@keywell/wire/json/value';
import { liftStrings } from '@keywell/wire/lift/lift-strings';

/** Names that refer to something kept. Their quotes keep what is said in a text apart: there they are escaped. */
const FILES = [Buffer.from('"file_id"'), Buffer.from('"file_ids"')];
const PREVIOUS = Buffer.from('"previous_response_id"');
const CONVERSATION = Buffer.from('"conversation"');
/** Every letter of those names has one of these escapes, and no writer of JSON uses them for letters. */
const HIDDEN = [Buffer.from('\\u005'), Buffer.from('\\u006'), Buffer.from('\\u007')];
/** Parts of names and escapes whose first byte is rare in texts, so that searches for them fly: without the part there is no whole. */
const PART_OF_NAMES = Buffer.from('_id');
const PART_OF_ESCAPES = [Buffer.from('00'), Buffer.from('\\u00')];

/**
 * Whether a request may refer to anything that a provider keeps: a search for a few names in its bytes, so that the many calls that do
 * not are never parsed. True for some that do not, never false for one that does.
 */
export function mayRefer(body: Uint8Array, dialect: CallerDialect): boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const has = (part: Buffer): boolean => bytes.includes(part);
  const hasState = dialect === 'openai-responses';
  if (has(PART_OF_NAMES) && (FILES.some(has) || (hasState && has(PREVIOUS)))) return true;
  if (hasState && has(CONVERSATION)) return true;
  return PART_OF_ESCAPES.every(has) && HIDDEN.some(has);
}

/** What a request refers to, once it is known to be JSON; null where it refers to nothing. */
export function findReferences(body: Uint8Array, dialect: CallerDialect): References | null {
  if (!mayRefer(body, dialect)) return null;
  const { small } = liftStrings(body);
  const request = parse(small);
  if (!isJsonObject(request)) return null;
  const found = referencesOf(request, dialect);
  const none =
    found.files.length === 0 && found.previousResponse === null && found.conversation === null;
  return none ? null : found;
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
