import type { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest, Sampling } from '../canonical/request.ts';
import { openaiTier } from '../canonical/usual-values.ts';
import { isJsonArray, type JsonObject, type JsonValue } from '../json/value.ts';
import { saying } from './dialect.ts';
import { encodeTurns } from './encode-input.ts';
import { encodeInclude, encodeReasoning, encodeText, isOwn } from './settings.ts';
import { encodeToolChoice, encodeTools } from './tools.ts';

/** Parameters that this dialect does not have, by their names in OpenAI's manner. */
const UNKNOWN: readonly (readonly [keyof Sampling, string])[] = [
  ['topK', 'top_k'],
  ['stop', 'stop'],
  ['frequencyPenalty', 'frequency_penalty'],
  ['presencePenalty', 'presence_penalty'],
  ['seed', 'seed'],
  ['logitBias', 'logit_bias'],
];

/**
 * A request for a provider. For callers of other dialects nothing is stored unless they ask for it, as their own dialects keep nothing;
 * reasoning comes back encrypted, so that a conversation goes on without a store.
 */
export function encodeRequest(request: CanonicalRequest, drops: Drops): JsonObject {
  const own = isOwn(request) ? request.extensions : {};
  if (!isOwn(request)) for (const name of Object.keys(request.extensions)) drops.add(name);
  nameUnknown(request, drops);
  const { instructions, input } = encodeTurns(request, drops);
  const { sampling } = request;
  return saying({
    ...own,
    model: request.model,
    instructions,
    input,
    stream: request.stream ? true : null,
    tools: allTools(request, own['tools'], drops),
    tool_choice: encodeToolChoice(request) ?? own['tool_choice'],
    parallel_tool_calls: request.parallelToolCalls,
    text: encodeText(request, own['text']),
    reasoning: encodeReasoning(request.reasoning, own['reasoning']),
    include: encodeInclude(request, own['include']),
    max_output_tokens: sampling.maxOutputTokens,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_logprobs: sampling.topLogprobs,
    user: request.user,
    metadata: request.metadata,
    service_tier: openaiTier(request.serviceTier, isOwn(request)),
    prompt_cache_key: request.promptCacheKey,
    store: request.store ?? (isOwn(request) ? null : false),
    previous_response_id: request.previousResponseId,
  });
}

function nameUnknown({ sampling, modalities }: CanonicalRequest, drops: Drops): void {
  for (const [member, name] of UNKNOWN) drops.addIf(sampling[member], name);
  if (sampling.choices !== null && sampling.choices > 1) drops.add('n');
  if (modalities?.some((kind) => kind !== 'text') === true) drops.add('modalities');
}

/** The caller's tools, and behind them those that the provider runs. */
function allTools(
  request: CanonicalRequest,
  hosted: JsonValue | undefined,
  drops: Drops,
): readonly JsonValue[] | null {
  const tools = [...encodeTools(request, drops), ...(isJsonArray(hosted) ? hosted : [])];
  return tools.length === 0 ? null : tools;
}
