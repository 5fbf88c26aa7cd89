import type { AnswerStamp } from '../canonical/codec.ts';
import type { Drops } from '../canonical/drops.ts';
import { NO_USAGE, type CanonicalResponse } from '../canonical/response.ts';
import type { JsonObject } from '../json/value.ts';
import { CONVERSE } from './dialect-name.ts';
import { DocumentNames } from './document-names.ts';
import { writeBlocks } from './encode-content.ts';
import { traitsOf } from './model-traits.ts';
import { writeStop } from './stop-reasons.ts';
import { writeUsage } from './usage-shape.ts';

/** A whole answer as `Converse` gives it. It has one choice, no logprobs, and nothing that names it or its model. */
export function encodeResponse(
  response: CanonicalResponse,
  _stamp: AnswerStamp,
  drops: Drops,
): JsonObject {
  const own = response.origin === CONVERSE;
  const [choice] = response.choices;
  if (response.choices.length > 1) drops.add('n');
  drops.addIf(choice?.logprobs, 'logprobs');
  const content = writeBlocks(choice?.parts ?? [], {
    own,
    toCaller: true,
    traits: traitsOf(''),
    documents: new DocumentNames(),
    drops,
  });
  if (!own) drops.addMembers(response.extensions);
  return {
    output: { message: { role: 'assistant', content } },
    stopReason: writeStop(choice?.stop ?? 'other', choice?.stopDetail ?? null),
    usage: writeUsage(response.usage ?? NO_USAGE),
    metrics: { latencyMs: 0 },
    ...(own ? response.extensions : {}),
  };
}
