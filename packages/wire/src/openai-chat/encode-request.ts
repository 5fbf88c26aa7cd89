import type { Drops } from '../canonical/drops.ts';
import { thinkingEffort } from '../canonical/reasoning-effort.ts';
import type { CanonicalRequest, Effort, OutputFormat, Reasoning } from '../canonical/request.ts';
import { ifSaid, said } from '../canonical/said.ts';
import { openaiTier } from '../canonical/usual-values.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { marksCache, type Block, type EncodeScope } from './encode-content.ts';
import { encodeMessages } from './encode-messages.ts';
import type { ChatEncodeOptions } from './encode-options.ts';
import { encodeTools } from './tools.ts';

/**
 * A request's body. Members that only some hosts take are written as `options` say; a caller of this dialect gets back what it said.
 * Normalised: `max_completion_tokens` and `max_tokens` (one of them, by the options), `stop` (a list), legacy functions (tools),
 * `safety_identifier` alone (`user`), `reasoning` (`reasoning_content`), a list of one plain text (a string).
 */
export function encodeRequest(
  request: CanonicalRequest,
  drops: Drops,
  options: ChatEncodeOptions,
): JsonObject {
  const { origin, stream, sampling, reasoning } = request;
  const scope: EncodeScope = { origin, options, drops };
  const own = origin === 'openai-chat';
  const { maxOutputTokens } = sampling;
  const isNewName = options.maxTokensField === 'max_completion_tokens';
  const messages = encodeMessages(request.turns, scope);
  const tools = encodeTools(request, marksCache(scope), drops);
  if (!own && !options.topK) drops.addIf(sampling.topK, 'top_k');
  const wish = reasoning === null ? NO_WISH : encodeReasoningWish(reasoning, scope);
  const body = {
    model: request.model,
    messages,
    stream: stream ? true : undefined,
    stream_options:
      stream && request.includeUsage && options.streamOptions ? { include_usage: true } : undefined,
    tools: tools?.tools,
    tool_choice: tools?.choice,
    parallel_tool_calls: tools === null ? undefined : ifSaid(request.parallelToolCalls),
    response_format: request.output === null ? undefined : encodeFormat(request.output),
    max_tokens: isNewName ? undefined : ifSaid(maxOutputTokens),
    max_completion_tokens: isNewName ? ifSaid(maxOutputTokens) : undefined,
    temperature: ifSaid(sampling.temperature),
    top_p: ifSaid(sampling.topP),
    top_k: own || options.topK ? ifSaid(sampling.topK) : undefined,
    stop: ifSaid(sampling.stop),
    frequency_penalty: ifSaid(sampling.frequencyPenalty),
    presence_penalty: ifSaid(sampling.presencePenalty),
    seed: ifSaid(sampling.seed),
    n: ifSaid(sampling.choices),
    logprobs: ifSaid(sampling.logprobs),
    top_logprobs: ifSaid(sampling.topLogprobs),
    logit_bias: ifSaid(sampling.logitBias),
    reasoning: ifSaid(wish.object),
    reasoning_effort: ifSaid(wish.effort),
    user: ifSaid(request.user),
    metadata: ifSaid(request.metadata),
    service_tier: ifSaid(openaiTier(request.serviceTier, own)),
    prompt_cache_key: ifSaid(request.promptCacheKey),
    verbosity: ifSaid(request.verbosity),
    modalities: ifSaid(request.modalities),
    store: ifSaid(request.store),
  };
  drops.addIf(request.previousResponseId, 'previous_response_id');
  return withExtensions(body, request, drops);
}

function encodeFormat(output: OutputFormat): JsonObject {
  if (output.kind === 'text') return { type: 'text' };
  if (output.kind === 'json') return { type: 'json_object' };
  const { name, description, schema, strict } = output;
  return {
    type: 'json_schema',
    json_schema: {
      // The one member that is required.
      name: name ?? 'response',
      ...(description === null ? {} : { description }),
      schema,
      ...(strict === null ? {} : { strict }),
    },
  };
}

/** One of the two, or neither. */
interface ReasoningWish {
  readonly object: JsonObject | null;
  readonly effort: Effort | null;
}

const NO_WISH: ReasoningWish = Object.freeze({ object: null, effort: null });

/**
 * An effort, to which a budget is rounded up; OpenRouter's object where the host takes it, or where only it can have said what is asked.
 * To leave it to the model is what hosts do of themselves.
 */
function encodeReasoningWish(
  wish: Reasoning,
  { origin, options, drops }: EncodeScope,
): ReasoningWish {
  const { budgetTokens, show, summary } = wish;
  const own = origin === 'openai-chat';
  const beyond = budgetTokens !== null || show !== null || summary !== null;
  if (options.reasoning === 'reasoning' || (own && beyond)) {
    const object = reasoningObject(wish, own);
    return Object.keys(object).length > 0 ? { object, effort: null } : NO_WISH;
  }
  if (show !== null || summary !== null) drops.add('reasoning_summary');
  return { object: null, effort: thinkingEffort(wish) };
}

/** OpenRouter takes an effort or a budget, and medium for its own choice; a caller of this dialect gets back both. */
function reasoningObject(
  { effort, budgetTokens, show, summary, adaptive }: Reasoning,
  own: boolean,
) {
  const budget = budgetTokens !== null && budgetTokens >= 0 ? budgetTokens : null;
  const asked = effort ?? (adaptive && budget === null ? 'medium' : null);
  return said({
    effort: budget === null || own ? asked : null,
    max_tokens: budget,
    exclude: show === null ? null : !show,
    summary,
  });
}

/** What was left over of a request of this dialect, put back; tools are written with the others already. Other dialects' is named. */
function withExtensions(
  body: JsonObject,
  { origin, extensions }: CanonicalRequest,
  drops: Drops,
): JsonObject {
  let all: Block | null = null;
  for (const name in extensions) {
    const value = extensions[name];
    if (value === undefined) continue;
    if (origin !== 'openai-chat') nameExtension(name, value, drops);
    else if (name !== 'tools') (all ??= { ...body })[name] = merged(body[name], value);
  }
  return all ?? body;
}

function nameExtension(name: string, value: JsonValue, drops: Drops): void {
  if (name !== 'tools' || !isJsonArray(value)) {
    drops.add(name);
    return;
  }
  for (const tool of value) {
    const type = isJsonObject(tool) ? (tool['type'] ?? Object.keys(tool)[0]) : null;
    drops.add(typeof type === 'string' ? type : 'tools');
  }
}

/** What was left over, put back around what had a place of its own. */
function merged(base: JsonValue | undefined, rest: JsonValue): JsonValue {
  if (!isJsonObject(base) || !isJsonObject(rest)) return rest;
  const all: Block = { ...base };
  for (const [name, value] of Object.entries(rest)) {
    if (value !== undefined) all[name] = merged(all[name], value);
  }
  return all;
}
