import type { Drops } from '../canonical/drops.ts';
import { withOwnExtensions } from '../canonical/own-extensions.ts';
import type { CanonicalRequest, Sampling } from '../canonical/request.ts';
import { ifSaid } from '../canonical/said.ts';
import { isUsualTier } from '../canonical/usual-values.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { MESSAGES } from './dialect-name.ts';
import type { EncodeContext } from './encode-content.ts';
import { encodeReasoning, outputConfig, type EncodedReasoning } from './encode-reasoning.ts';
import { dropSampling, encodeSampling, type TakenSampling } from './encode-sampling.ts';
import { encodeTools } from './encode-tools.ts';
import { encodeTurns } from './encode-turns.ts';
import { traitsOf } from './model-traits.ts';

/** What a caller gets who names no limit: the dialect demands one. */
const DEFAULT_MAX_TOKENS = 4096;
/** Room for the answer behind a budget that would take all. */
const ROOM_BEHIND_BUDGET = 1024;
const JSON_SENTENCE =
  'Answer with one valid JSON object and nothing else: no explanation and no code fence.';
/** Extensions that the members of the same name take in. */
const MERGED = new Set(['tools', 'tool_choice', 'thinking', 'output_config', 'metadata']);

/**
 * The body for `POST /v1/messages`. A request of this dialect is written as it was said, but: one plain text is a string, tools with a
 * type of their own stand behind the others, `stream: false`, `is_error: false`, `type: "custom"` and `caller: {"type": "direct"}` are left
 * out, `output_format` moves into `output_config`. Other requests are fitted to what the model named in `request.model` takes.
 */
export function encodeRequest(request: CanonicalRequest, drops: Drops): JsonObject {
  const context = { own: request.origin === MESSAGES, drops };
  const traits = traitsOf(request.model);
  const { tools, choice, forced } = encodeTools(request, traits, context);
  const turns = encodeTurns(request.turns, context);
  const obstacles = { forced, thoughtless: turns.thoughtless };
  const reasoning = encodeReasoning(request, traits, obstacles, context);
  const config = outputConfig(request, reasoning.effort, context);
  const isThinking = reasoning.thinking !== null && reasoning.thinking['type'] !== 'disabled';
  const sampling = context.own ? request.sampling : fitted(request, traits, isThinking, context);
  const body = {
    model: request.model,
    max_tokens: maxTokens(request.sampling, reasoning, context),
    system: ifSaid(withSentence(turns.system, request, context)),
    messages: turns.messages,
    tools: tools.length === 0 ? undefined : tools,
    tool_choice: ifSaid(choice),
    thinking: ifSaid(reasoning.thinking),
    output_config: ifSaid(config),
    temperature: ifSaid(sampling.temperature),
    top_p: ifSaid(sampling.topP),
    top_k: ifSaid(sampling.topK),
    stop_sequences: ifSaid(stopOf(request.sampling.stop, context)),
    metadata: metadataOf(request, context),
    service_tier: ifSaid(serviceTierOf(request.serviceTier, context)),
    stream: request.stream ? true : undefined,
  };
  return withOwnExtensions(body, request.extensions, { ...context, merged: MERGED });
}

/**
 * The caller's limit, or 4,096 and what thinking may take beside it; raised to 1,024 above the budget where that would take all, for a
 * provider refuses it otherwise.
 */
function maxTokens(
  { maxOutputTokens }: Sampling,
  { budget }: EncodedReasoning,
  { own }: EncodeContext,
): number | null {
  if (maxOutputTokens === null) return DEFAULT_MAX_TOKENS + budget;
  return own || maxOutputTokens > budget ? maxOutputTokens : budget + ROOM_BEHIND_BUDGET;
}

/** JSON without a schema is only asked for in words. */
function withSentence(
  system: JsonValue,
  { output }: CanonicalRequest,
  { drops }: EncodeContext,
): JsonValue {
  if (output?.kind !== 'json') return system;
  drops.add('response_format');
  if (system === null) return JSON_SENTENCE;
  if (typeof system === 'string') return `${system}\n\n${JSON_SENTENCE}`;
  return Array.isArray(system) ? [...system, { type: 'text', text: JSON_SENTENCE }] : system;
}

/** Sampling of another dialect's request; names what else of it has no place here. */
function fitted(
  request: CanonicalRequest,
  traits: ReturnType<typeof traitsOf>,
  isThinking: boolean,
  { drops }: EncodeContext,
): TakenSampling {
  dropSampling(request.sampling, drops);
  drops.addIf(request.metadata, 'metadata');
  drops.addIf(request.promptCacheKey, 'prompt_cache_key');
  drops.addIf(request.verbosity, 'verbosity');
  if (request.modalities?.some((name) => name !== 'text') === true) drops.add('modalities');
  if (request.store === true) drops.add('store');
  drops.addIf(request.previousResponseId, 'previous_response_id');
  return encodeSampling(request.sampling, traits, isThinking, drops);
}

/** Sequences of nothing but white space are refused. */
function stopOf(
  stop: readonly string[] | null,
  { own, drops }: EncodeContext,
): readonly string[] | null {
  if (stop === null || own) return stop;
  const taken = stop.filter((sequence) => sequence.trim() !== '');
  if (taken.length < stop.length) drops.add('stop');
  return taken.length === 0 ? null : taken;
}

function metadataOf(
  { user, extensions }: CanonicalRequest,
  { own }: EncodeContext,
): JsonObject | undefined {
  const rest = own ? extensions['metadata'] : undefined;
  if (!isJsonObject(rest)) return user === null ? undefined : { user_id: user };
  return user === null ? rest : { ...rest, user_id: user };
}

/** The usual tier is the one without priority here too; the others have no counterpart. */
function serviceTierOf(tier: string | null, { own, drops }: EncodeContext): string | null {
  if (own || tier === null || tier === 'auto') return tier;
  if (isUsualTier(tier)) return 'standard_only';
  drops.add('service_tier');
  return null;
}
