import type { Dialect } from '../canonical/dialect.ts';
import { compileFields } from '../json/field-set.ts';
import { ABSENT, ARRAY, OBJECT } from '../json/kind.ts';
import { readValue } from '../json/read-value.ts';
import { skimObject } from '../json/skim.ts';
import { createSpans } from '../json/spans.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';
import { saysSomething } from '../openai-chat/error-member.ts';

const NAMES = [
  'error',
  'usage',
  'usageMetadata',
  'content',
  'output',
  'candidates',
  'promptFeedback',
] as const;
type Name = (typeof NAMES)[number];
const FIELDS = compileFields(NAMES);
const SPANS = createSpans(NAMES.length);

/** What an answer of a dialect has to have, and where its usage stands. */
interface Shape {
  readonly answered: readonly (readonly [Name, number])[];
  readonly usage: Name;
}

const SHAPES: Readonly<Partial<Record<Dialect, Shape>>> = {
  'anthropic-messages': { answered: [['content', ARRAY]], usage: 'usage' },
  'openai-responses': { answered: [['output', ARRAY]], usage: 'usage' },
  // A prompt that was blocked has no candidates.
  gemini: {
    answered: [
      ['candidates', ARRAY],
      ['promptFeedback', OBJECT],
    ],
    usage: 'usageMetadata',
  },
};

export type WholeAnswer =
  | { readonly ok: true; readonly error: boolean; readonly usage: JsonObject | null }
  | { readonly ok: false };

/**
 * What the gateway needs to know of a whole answer that goes to a caller of the same dialect: whether it is an answer at all, and what it
 * says of its usage. Nothing else of it is read. False for a dialect that no caller speaks.
 */
export function readWholeAnswer(body: Uint8Array, dialect: Dialect): WholeAnswer {
  const shape = SHAPES[dialect];
  if (shape === undefined) return { ok: false };
  if (!skimObject(body, FIELDS, SPANS, { start: 0, end: body.length })) return { ok: false };
  const { start, end, kind } = SPANS;
  const answered = shape.answered.some(([name, wanted]) => kind[NAMES.indexOf(name)] === wanted);
  const error = saysSomething(kind[0] ?? ABSENT, (end[0] ?? 0) - (start[0] ?? 0));
  const at = NAMES.indexOf(shape.usage);
  const told = kind[at] === OBJECT ? readValue(body, start[at] ?? 0, end[at] ?? 0) : null;
  return { ok: true, error: error || !answered, usage: isJsonObject(told) ? told : null };
}
