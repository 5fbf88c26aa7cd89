import type { Decoded } from '../canonical/codec.ts';
import type { Part } from '../canonical/content.ts';
import { heldIn } from '../canonical/held.ts';
import { lenientString, othersIn } from '../canonical/read-member.ts';
import type { CanonicalResponse } from '../canonical/response.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { annotationsOf } from './decode-content.ts';
import { RESPONSES } from './dialect.ts';
import { imageOfItem } from './image-item.ts';
import { thoughtsOf } from './reasoning-item.ts';
import { decodeStop } from './stop-reasons.ts';
import { decodeUsage } from './usage-shape.ts';

/** Members with a canonical place, and those that only say the request again. Source: `Response` of the official SDK. */
export const KNOWN = new Set([
  'id',
  'object',
  'created_at',
  'completed_at',
  'model',
  'output',
  'output_text',
  'usage',
  'status',
  'error',
  'incomplete_details',
  'background',
  'billing',
  'conversation',
  'frequency_penalty',
  'instructions',
  'max_output_tokens',
  'max_tool_calls',
  'metadata',
  'parallel_tool_calls',
  'presence_penalty',
  'previous_response_id',
  'prompt',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'reasoning',
  'safety_identifier',
  'store',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
]);

/** Reads a whole answer, leniently: what a host leaves out is not said, what has another kind is passed over. */
export function decodeResponse(body: JsonObject, seed: string): Decoded<CanonicalResponse> {
  const output = body['output'];
  if (hasFailed(body)) {
    return refusal('upstream_error', 'The provider failed while it answered.');
  }
  if (!isJsonArray(output)) {
    return refusal('upstream_invalid', 'The provider sent something that is no response.');
  }
  const parts: Part[] = [];
  const logprobs: JsonValue[] = [];
  for (const [index, item] of output.entries()) {
    if (isJsonObject(item)) decodeItem(item, `${seed}_${index}`, parts, logprobs);
  }
  const { reason, detail } = decodeStop(body, heldIn(parts));
  const createdAt = body['created_at'];
  const choice = {
    parts,
    stop: reason,
    stopDetail: detail,
    logprobs: logprobs.length === 0 ? null : logprobs,
  };
  return {
    ok: true,
    value: {
      origin: RESPONSES,
      id: lenientString(body['id']),
      model: lenientString(body['model']),
      createdAt: typeof createdAt === 'number' ? createdAt : null,
      choices: [choice],
      usage: decodeUsage(body['usage']),
      extensions: othersIn(body, KNOWN),
    },
  };
}

/** Whether the answer is a failure that came with status 200. */
export function hasFailed(response: JsonObject): boolean {
  return response['status'] === 'failed' || isJsonObject(response['error']);
}

function refusal(code: 'upstream_error' | 'upstream_invalid', message: string): Decoded<never> {
  return { ok: false, code, message, param: null };
}

function decodeItem(item: JsonObject, made: string, parts: Part[], logprobs: JsonValue[]): void {
  const type = lenientString(item['type']);
  if (type === 'message') {
    for (const block of isJsonArray(item['content']) ? item['content'] : []) {
      if (isJsonObject(block)) decodeBlock(block, parts, logprobs);
    }
  } else if (type === 'function_call' || type === 'custom_tool_call') {
    const custom = type === 'custom_tool_call';
    parts.push({
      kind: 'tool_call',
      ...callOf(item, made),
      arguments: lenientString(item[custom ? 'input' : 'arguments']) ?? '',
      signature: null,
      cache: null,
    });
  } else if (type === 'reasoning') {
    for (const part of thoughtsOf(item, proofOf(item))) parts.push(part);
  } else if (type !== null) {
    const image = imageOfItem(item);
    parts.push(image ?? { kind: 'foreign', origin: RESPONSES, name: type, value: item });
  }
}

/** What a call is, as far as its beginning tells; `made` stands for an id that is missing. */
export function callOf(
  item: JsonObject,
  made: string,
): { readonly id: string; readonly name: string; readonly custom: boolean } {
  const id = lenientString(item['call_id']) ?? '';
  return {
    id: id === '' ? `call_${made}` : id,
    name: lenientString(item['name']) ?? '',
    custom: item['type'] === 'custom_tool_call',
  };
}

/** The proof in a provider's reasoning item, which is always its own. */
export function proofOf(item: JsonObject) {
  const value = lenientString(item['encrypted_content']);
  return value === null
    ? null
    : ({ of: 'sealed', signature: { origin: RESPONSES, value } } as const);
}

function decodeBlock(block: JsonObject, parts: Part[], logprobs: JsonValue[]): void {
  const type = lenientString(block['type']);
  if (type === 'output_text' || type === 'text') {
    const text = lenientString(block['text']) ?? '';
    const annotations = annotationsOf(block['annotations']);
    parts.push({ kind: 'text', text, annotations, signature: null, cache: null });
    const told = block['logprobs'];
    if (isJsonArray(told)) for (const entry of told) logprobs.push(entry);
  } else if (type === 'refusal') {
    parts.push({ kind: 'refusal', text: lenientString(block['refusal']) ?? '' });
  } else if (type !== null) {
    parts.push({ kind: 'foreign', origin: RESPONSES, name: type, value: [block] });
  }
}
