import type { TokenUsage } from '@keywell/core/log/request-record';
import { bytesAt, compileFields } from '../json/field-set.ts';
import { ABSENT, ARRAY, OBJECT, STRING } from '../json/kind.ts';
import { skimObject } from '../json/skim.ts';
import { createSpans } from '../json/spans.ts';
import { saysSomething } from './error-member.ts';
import type { Operation } from './request.ts';
import { readUsage } from './usage.ts';

const FIELDS = compileFields(['error', 'usage', 'object', 'choices', 'data']);
const SPANS = createSpans(FIELDS.names.length);
const ERROR = 0;
const USAGE = 1;
const OBJECT_NAME = 2;
const CHOICES = 3;
const DATA = 4;
const ERROR_NAME = Uint8Array.from('"error"', (character) => character.charCodeAt(0));

/**
 * What the gateway needs to know of a whole answer: whether it is a JSON object at all, whether it is an error in disguise (an
 * `error` member that says something, `"object":"error"`, or no array of choices or embeddings where that is the whole point), and
 * what it cost. The body itself is not built, and not judged beyond its structure: it goes to the caller as it is. Keys that come
 * twice are let through: the last one counts.
 */
export function readResponse(
  body: Uint8Array,
  operation: Operation,
):
  | { readonly ok: true; readonly usage: TokenUsage | null; readonly error: boolean }
  | { readonly ok: false } {
  if (!skimObject(body, FIELDS, SPANS, { start: 0, end: body.length })) return { ok: false };
  const { start, end, kind } = SPANS;
  const usage = kind[USAGE] === OBJECT ? readUsage(body, start[USAGE] ?? 0, end[USAGE] ?? 0) : null;
  const named = kind[OBJECT_NAME] === STRING && bytesAt(body, start[OBJECT_NAME] ?? 0, ERROR_NAME);
  const said = saysSomething(kind[ERROR] ?? ABSENT, (end[ERROR] ?? 0) - (start[ERROR] ?? 0));
  const answered = kind[operation === 'embeddings' ? DATA : CHOICES] === ARRAY;
  return { ok: true, usage, error: named || said || !answered };
}
