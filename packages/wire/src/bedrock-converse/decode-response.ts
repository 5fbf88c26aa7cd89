import type { Decoded } from '../canonical/codec.ts';
import { lenientString, othersIn } from '../canonical/read-member.ts';
import type { CanonicalResponse } from '../canonical/response.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';
import { readAnsweredBlocks } from './decode-content.ts';
import { CONVERSE } from './dialect-name.ts';
import { readStop } from './stop-reasons.ts';
import { readUsage } from './usage-shape.ts';

/** `metrics` is how long Amazon took: nothing of the answer, and in every one of them. */
export const KNOWN: ReadonlySet<string> = new Set(['output', 'stopReason', 'usage', 'metrics']);

/** A whole answer of `Converse`, which names neither itself nor its model. A call without an id gets one of `seed` and its place. */
export function decodeResponse(body: JsonObject, seed: string): Decoded<CanonicalResponse> {
  const output = body['output'];
  const message = isJsonObject(output) ? output['message'] : undefined;
  if (!isJsonObject(message)) {
    const text = 'The answer has no "output.message".';
    return { ok: false, code: 'upstream_invalid', message: text, param: 'output.message' };
  }
  const { reason, detail } = readStop(lenientString(body['stopReason']) ?? 'end_turn');
  const parts = readAnsweredBlocks(message['content'], seed);
  const choice = { parts, stop: reason, stopDetail: detail ?? stopSequence(body), logprobs: null };
  return {
    ok: true,
    value: {
      origin: CONVERSE,
      id: null,
      model: null,
      createdAt: null,
      choices: [choice],
      usage: readUsage(body['usage']),
      extensions: othersIn(body, KNOWN),
    },
  };
}

/** Told where `additionalModelResponseFieldPaths` asked for it. */
export function stopSequence(body: JsonObject): string | null {
  const fields = body['additionalModelResponseFields'];
  return isJsonObject(fields) ? lenientString(fields['stop_sequence']) : null;
}
