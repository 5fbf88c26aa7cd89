import { isObjectId } from '@keywell/core/ownership/owned-object';
import { COMMA, OPEN_BRACE } from '@keywell/wire/json/bytes';
import { compileFields } from '@keywell/wire/json/field-set';
import { STRING } from '@keywell/wire/json/kind';
import { readString } from '@keywell/wire/json/read-value';
import { skimObject } from '@keywell/wire/json/skim';
import { skipSpace, skipValue } from '@keywell/wire/json/skip';
import { createSpans } from '@keywell/wire/json/spans';

const FIELDS = compileFields(['id']);
const SPANS = createSpans(1);
/** More than any model writes into one answer; what comes behind is not remembered. */
const MOST = 1000;

/** Ids of the objects in an array of a provider's answer, of which its offsets are known. Linear; never throws. */
export function itemIdsIn(
  body: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
): readonly string[] {
  const ids: string[] = [];
  let position = skipSpace(body, start + 1);
  while (position < end && body[position] === OPEN_BRACE && ids.length < MOST) {
    const after = skipValue(body, position, end);
    if (after < 0) break;
    const id = idAt(body, position, after);
    if (id !== null) ids.push(id);
    position = skipSpace(body, after);
    if (body[position] !== COMMA) break;
    position = skipSpace(body, position + 1);
  }
  return ids;
}

function idAt(body: Uint8Array, start: number, end: number): string | null {
  if (!skimObject(body, FIELDS, SPANS, { start, end }) || SPANS.kind[0] !== STRING) return null;
  const id = readString(body, SPANS.start[0] ?? 0, SPANS.end[0] ?? 0);
  return isObjectId(id) ? id : null;
}
