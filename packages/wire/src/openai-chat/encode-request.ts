import type { Drops } from '../canonical/drops.ts';
import { thinkingEffort } from '../canonical/reasoning-effort.ts';
import type { CanonicalRequest, OutputFormat, Reasoning, Sampling } from '../canonical/request.ts';
import { openaiTier } from '../canonical/usual-values.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { marksCache, type Block, type EncodeScope } from './encode-content.ts';
import { encodeMessages } from './encode-messages.ts';
import { CHAT_ENCODE_DEFAULTS, type ChatEncodeOptions } from './encode-options.ts';
import { encodeTools } from './tools.ts';

/**
 * A request's body. Members that only some hosts take are written as `options` say; a caller of this dialect gets back what it said.
 * Normalised: `max_completion_tokens` and `max_tokens` (one of them, by the options), `stop` (a list), legacy functions (tools),
 * `safety_identifier` alone (`user`), `reasoning` (`reasoning_content`), a list of one plain text (a string).
 */
export function encodeRequest(
  request: CanonicalRequest,
  drops: Drops,
  said: Partial<ChatEncodeOptions> = {},
): JsonObject {
  const options = { ...CHAT_ENCODE_DEFAULTS, ...said };
  const scope: EncodeScope = { origin: request.origin, options, drops };
  const body: Block = { model: request.model, messages: encodeMessages(request.turns, scope) };
  if (request.stream) body['stream'] = true;
  if (request.stream && request.includeUsage && options.streamOptions) {
    body['stream_options'] = { include_usage: true };
  }
  Object.assign(body, encodeTools(request, marksCache(scope), drops));
  if (request.output !== null) body['response_format'] = encodeFormat(request.output);
  encodeSampling(request.sampling, scope, body);
  if (request.reasoning !== null) encodeReasoningWish(request.reasoning, scope, body);
  put(body, 'user', request.user);
  put(body, 'metadata', request.metadata);
  put(body, 'service_tier', openaiTier(request.serviceTier, request.origin === 'openai-chat'));
  put(body, 'prompt_cache_key', request.promptCacheKey);
  put(body, 'verbosity', request.verbosity);
  put(body, 'modalities', request.modalities);
  put(body, 'store', request.store);
  drops.addIf(request.previousResponseId, 'previous_response_id');
  encodeExtensions(request, scope, body);
  return body;
}

function put(body: Block, name: string, value: JsonValue | undefined): void {
  if (value !== null && value !== undefined) body[name] = value;
}

function encodeSampling(sampling: Sampling, { origin, options, drops }: EncodeScope, body: Block) {
  put(body, options.maxTokensField, sampling.maxOutputTokens);
  put(body, 'temperature', sampling.temperature);
  put(body, 'top_p', sampling.topP);
  if (options.topK || origin === 'openai-chat') put(body, 'top_k', sampling.topK);
  else drops.addIf(sampling.topK, 'top_k');
  put(body, 'stop', sampling.stop);
  put(body, 'frequency_penalty', sampling.frequencyPenalty);
  put(body, 'presence_penalty', sampling.presencePenalty);
  put(body, 'seed', sampling.seed);
  put(body, 'n', sampling.choices);
  put(body, 'logprobs', sampling.logprobs);
  put(body, 'top_logprobs', sampling.topLogprobs);
  put(body, 'logit_bias', sampling.logitBias);
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

/**
 * An effort, to which a budget is rounded up; OpenRouter's object where the host takes it, or where only it can have said what is asked.
 * To leave it to the model is what hosts do of themselves.
 */
function encodeReasoningWish(
  wish: Reasoning,
  { origin, options, drops }: EncodeScope,
  body: Block,
) {
  const { budgetTokens, show, summary } = wish;
  const own = origin === 'openai-chat';
  const beyond = budgetTokens !== null || show !== null || summary !== null;
  if (options.reasoning === 'reasoning' || (own && beyond)) {
    const object = reasoningObject(wish, own);
    if (Object.keys(object).length > 0) body['reasoning'] = object;
    return;
  }
  put(body, 'reasoning_effort', thinkingEffort(wish));
  if (show !== null || summary !== null) drops.add('reasoning_summary');
}

/** OpenRouter takes an effort or a budget, and medium for its own choice; a caller of this dialect gets back both. */
function reasoningObject(
  { effort, budgetTokens, show, summary, adaptive }: Reasoning,
  own: boolean,
) {
  const budget = budgetTokens !== null && budgetTokens >= 0 ? budgetTokens : null;
  const object: Block = {};
  const asked = effort ?? (adaptive && budget === null ? 'medium' : null);
  put(object, 'effort', budget === null || own ? asked : null);
  put(object, 'max_tokens', budget);
  put(object, 'exclude', show === null ? null : !show);
  put(object, 'summary', summary);
  return object;
}

/** Tools of the caller's own dialect are written with the others already. */
function encodeExtensions(request: CanonicalRequest, { origin, drops }: EncodeScope, body: Block) {
  for (const [name, value] of Object.entries(request.extensions)) {
    if (value === undefined) continue;
    if (origin !== 'openai-chat') nameExtension(name, value, drops);
    else if (name !== 'tools') body[name] = merged(body[name], value);
  }
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
