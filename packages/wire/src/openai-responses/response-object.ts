/** The response object around its output: what `response.created`, `response.completed` and a whole answer have in common. */
import type { AnswerStamp } from '../canonical/codec.ts';
import { Drops } from '../canonical/drops.ts';
import type { CanonicalResponse, CanonicalUsage } from '../canonical/response.ts';
import { isJsonArray, type JsonObject, type JsonValue } from '../json/value.ts';
import { instructionsOf } from './encode-input.ts';
import { encodeReasoning, encodeText, isOwn } from './settings.ts';
import type { FinalState } from './stop-reasons.ts';
import { encodeToolChoice, encodeTools } from './tools.ts';
import { encodeUsage } from './usage-shape.ts';

/** Who answered, when, by which id. An id of another dialect is none that a caller could ask for: it is then to be null. */
export function identityOf(
  { id, model, createdAt }: Pick<CanonicalResponse, 'id' | 'model' | 'createdAt'>,
  stamp: AnswerStamp,
): JsonObject {
  return {
    id: id === null || id === '' ? `resp_${stamp.id}` : id,
    object: 'response',
    created_at: createdAt ?? stamp.createdAt,
    model: model ?? stamp.model,
  };
}

const NOTHING: JsonObject = Object.freeze({});
const NONE: readonly JsonValue[] = Object.freeze([]);
const NO_REASONING: JsonObject = Object.freeze({ effort: null, summary: null });
const PLAIN_TEXT: JsonObject = Object.freeze({ format: Object.freeze({ type: 'text' }) });

/** The parts of the request that an answer says again. Nulls are kept: the SDKs' types have them. */
export function echoOf({ request }: AnswerStamp): JsonObject {
  const own = isOwn(request) ? request.extensions : NOTHING;
  const { sampling } = request;
  const hosted = isJsonArray(own['tools']) ? own['tools'] : NONE;
  const tools = request.tools.length === 0 ? NONE : encodeTools(request, new Drops());
  return {
    background: false,
    instructions: instructionsOf(request),
    max_output_tokens: sampling.maxOutputTokens,
    metadata: request.metadata ?? {},
    parallel_tool_calls: request.parallelToolCalls ?? true,
    previous_response_id: request.previousResponseId,
    prompt_cache_key: request.promptCacheKey,
    reasoning: { ...NO_REASONING, ...encodeReasoning(request.reasoning, own['reasoning']) },
    store: request.store ?? false,
    temperature: sampling.temperature ?? 1,
    text: { ...PLAIN_TEXT, ...encodeText(request, own['text']) },
    tool_choice: encodeToolChoice(request) ?? own['tool_choice'] ?? 'auto',
    tools: hosted.length === 0 ? tools : [...tools, ...hosted],
    top_logprobs: sampling.topLogprobs ?? 0,
    top_p: sampling.topP ?? 1,
    truncation: own['truncation'] ?? 'disabled',
    user: request.user,
  };
}

/** How it stands. */
export function stateOf(
  { status, incomplete }: FinalState,
  usage: CanonicalUsage | null,
): JsonObject {
  return {
    status,
    error: null,
    incomplete_details: incomplete === null ? null : { reason: incomplete },
    usage: encodeUsage(usage),
  };
}
