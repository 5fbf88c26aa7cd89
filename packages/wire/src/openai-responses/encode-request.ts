import type { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest } from '../canonical/request.ts';
import { ifSaid } from '../canonical/said.ts';
import { openaiTier } from '../canonical/usual-values.ts';
import { isJsonArray, type JsonObject, type JsonValue } from '../json/value.ts';
import { encodeTurns } from './encode-input.ts';
import { encodeInclude, encodeReasoning, encodeText, isOwn } from './settings.ts';
import { encodeToolChoice, encodeTools } from './tools.ts';

/**
 * A request for a provider. For callers of other dialects nothing is stored unless they ask for it, as their own dialects keep nothing;
 * reasoning comes back encrypted, so that a conversation goes on without a store.
 */
export function encodeRequest(request: CanonicalRequest, drops: Drops): JsonObject {
  const own = isOwn(request) ? request.extensions : null;
  if (own === null) for (const name in request.extensions) drops.add(name);
  nameUnknown(request, drops);
  const { instructions, input } = encodeTurns(request, drops);
  const { sampling } = request;
  const body = {
    model: request.model,
    instructions: ifSaid(instructions),
    input,
    stream: request.stream ? true : undefined,
    tools: allTools(request, own?.['tools'], drops),
    tool_choice: encodeToolChoice(request) ?? own?.['tool_choice'],
    parallel_tool_calls: ifSaid(request.parallelToolCalls),
    text: ifSaid(encodeText(request, own?.['text'])),
    reasoning: ifSaid(encodeReasoning(request.reasoning, own?.['reasoning'])),
    include: ifSaid(encodeInclude(request, own?.['include'])),
    max_output_tokens: ifSaid(sampling.maxOutputTokens),
    temperature: ifSaid(sampling.temperature),
    top_p: ifSaid(sampling.topP),
    top_logprobs: ifSaid(sampling.topLogprobs),
    user: ifSaid(request.user),
    metadata: ifSaid(request.metadata),
    service_tier: ifSaid(openaiTier(request.serviceTier, own !== null)),
    prompt_cache_key: ifSaid(request.promptCacheKey),
    store: request.store ?? (own === null ? false : undefined),
    previous_response_id: ifSaid(request.previousResponseId),
  };
  return own === null ? body : { ...own, ...body };
}

/** Parameters that this dialect does not have, by their names in OpenAI's manner. */
function nameUnknown({ sampling, modalities }: CanonicalRequest, drops: Drops): void {
  drops.addIf(sampling.topK, 'top_k');
  drops.addIf(sampling.stop, 'stop');
  drops.addIf(sampling.frequencyPenalty, 'frequency_penalty');
  drops.addIf(sampling.presencePenalty, 'presence_penalty');
  drops.addIf(sampling.seed, 'seed');
  drops.addIf(sampling.logitBias, 'logit_bias');
  if (sampling.choices !== null && sampling.choices > 1) drops.add('n');
  if (modalities?.some((kind) => kind !== 'text') === true) drops.add('modalities');
}

const NONE: readonly JsonValue[] = Object.freeze([]);

/** The caller's tools, and behind them those that the provider runs. */
function allTools(
  request: CanonicalRequest,
  hosted: JsonValue | undefined,
  drops: Drops,
): readonly JsonValue[] | undefined {
  const theirs = isJsonArray(hosted) ? hosted : NONE;
  const tools = encodeTools(request, drops);
  if (theirs.length === 0) return tools.length === 0 ? undefined : tools;
  return [...tools, ...theirs];
}
