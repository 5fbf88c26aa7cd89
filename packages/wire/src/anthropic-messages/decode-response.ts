import type { Decoded } from '../canonical/codec.ts';
import { lenientString, NO_OTHERS, othersIn } from '../canonical/read-member.ts';
import type { Part } from '../canonical/content.ts';
import type { CanonicalResponse } from '../canonical/response.ts';
import { isJsonArray, type JsonObject, type JsonValue } from '../json/value.ts';
import { answerPart } from './answer-blocks.ts';
import { MESSAGES } from './dialect-name.ts';
import { readStop } from './stop-reasons.ts';
import { readUsage, usageRest } from './usage-shape.ts';

export const KNOWN = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_sequence',
  'usage',
]);

/** A `Message`; refused only where it has no content at all. */
export function decodeResponse(body: JsonObject, seed: string): Decoded<CanonicalResponse> {
  const { content } = body;
  if (!isJsonArray(content)) {
    const message = 'The provider sent something that is not a message.';
    return { ok: false, code: 'upstream_invalid', message, param: null };
  }
  const parts: Part[] = [];
  for (const [index, block] of content.entries()) {
    const part = answerPart(block, index, seed);
    if (part !== null) parts.push(part);
  }
  const stopped = readStop(
    lenientString(body['stop_reason']),
    lenientString(body['stop_sequence']),
  );
  const value: CanonicalResponse = {
    origin: MESSAGES,
    id: lenientString(body['id']),
    model: lenientString(body['model']),
    createdAt: null,
    choices: [{ parts, ...stopped, logprobs: null }],
    usage: readUsage(body['usage']),
    extensions: extensionsOf(body),
  };
  return { ok: true, value };
}

function extensionsOf(body: JsonObject): JsonObject {
  const others = othersIn(body, KNOWN);
  const usage = usageRest(body['usage']);
  return usage === NO_OTHERS ? others : { ...others, usage };
}

export function restOfUsage(usage: JsonValue | undefined): JsonObject {
  const rest = usageRest(usage);
  return Object.keys(rest).length === 0 ? {} : { usage: rest };
}
