import { CLOSE_BRACE, COLON, COMMA, OPEN_BRACE, QUOTE, SPACE } from '@keywell/wire/json/bytes';
import { asciiBytes, bytesAt } from '@keywell/wire/json/field-set';
import { closingQuote, skipSpace } from '@keywell/wire/json/skip';

const ID = Buffer.from('"id"');
const TYPE = asciiBytes('"type"');
const NULL = asciiBytes('null');

/**
 * Whether an object in a document may hold nothing but an `id`, or that beside a `type` of null: how an item of an earlier response can be
 * named without saying so. Linear; true for some texts that hold no such object.
 */
export function hasBareId(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(ID); at >= 0; at = bytes.indexOf(ID, at + ID.length)) {
    if (isBare(bytes, at)) return true;
  }
  return false;
}

function isBare(bytes: Buffer, at: number): boolean {
  const colon = skipSpace(bytes, at + ID.length);
  if (bytes[colon] !== COLON) return false;
  const before = lastBefore(bytes, at);
  // Behind a member that is null: its type may be that.
  if (bytes[before] === COMMA) {
    return bytesAt(bytes, lastBefore(bytes, before) - NULL.length + 1, NULL);
  }
  const value = skipSpace(bytes, colon + 1);
  if (bytes[before] !== OPEN_BRACE || bytes[value] !== QUOTE) return false;
  const end = closingQuote(bytes, value + 1, bytes.length);
  if (end < 0) return false;
  const after = skipSpace(bytes, end + 1);
  return (
    bytes[after] === CLOSE_BRACE ||
    (bytes[after] === COMMA && isNullType(bytes, skipSpace(bytes, after + 1)))
  );
}

function isNullType(bytes: Buffer, at: number): boolean {
  if (!bytesAt(bytes, at, TYPE)) return false;
  const colon = skipSpace(bytes, at + TYPE.length);
  return bytes[colon] === COLON && bytesAt(bytes, skipSpace(bytes, colon + 1), NULL);
}

/** The offset of the last byte before that is no white space. */
function lastBefore(bytes: Buffer, at: number): number {
  let position = at - 1;
  while (position >= 0 && (bytes[position] ?? 0) <= SPACE) position--;
  return position;
}
