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

/** Who answered, when, by which id. */
export type Identity = Pick<CanonicalResponse, 'id' | 'model' | 'createdAt'>;

/** What an answer says of itself before it says the request again; what is undefined is not written. */
export interface Lead {
  readonly id?: string;
  readonly object?: 'response';
  readonly created_at?: number;
  readonly model?: string;
  readonly status?: string;
  readonly error?: null;
  readonly incomplete_details?: JsonObject | null;
  readonly usage?: JsonObject | null;
  readonly output?: readonly JsonValue[] | undefined;
}

/** An id of another dialect is none that a caller could ask for: it is then to be null. */
export function leadOf(
  { id, model, createdAt }: Identity,
  { status, incomplete }: FinalState,
  of: {
    readonly stamp: AnswerStamp;
    readonly usage: CanonicalUsage | null;
    readonly output?: readonly JsonValue[];
  },
) {
  const { stamp } = of;
  return {
    id: id === null || id === '' ? `resp_${stamp.id}` : id,
    object: 'response',
    created_at: createdAt ?? stamp.createdAt,
    model: model ?? stamp.model,
    status,
    error: null,
    incomplete_details: incomplete === null ? null : { reason: incomplete },
    usage: encodeUsage(of.usage),
    output: of.output,
  } as const satisfies Lead;
}

const NOTHING: JsonObject = Object.freeze({});
// Not frozen: V8 writes an object with something frozen in it as JSON in half the speed.
const NONE: readonly JsonValue[] = [];
const NO_REASONING: JsonObject = { effort: null, summary: null };
const PLAIN_TEXT: JsonObject = { format: { type: 'text' } };

const NO_LEAD: Lead = Object.freeze({});

/** The parts of the request that every answer says again, alone. */
export const echoOf = (stamp: AnswerStamp): JsonObject => responseObject(NO_LEAD, stamp);

/**
 * A whole answer: its own, and behind it the parts of the request that it says again. Nulls are kept: the SDKs' types have them. Written as
 * one object: V8 keeps one that is put together of several in a slow form.
 */
export function responseObject(lead: Lead, { request }: AnswerStamp): JsonObject {
  const own = isOwn(request) ? request.extensions : NOTHING;
  const { sampling } = request;
  const hosted = isJsonArray(own['tools']) ? own['tools'] : NONE;
  const tools = request.tools.length === 0 ? NONE : encodeTools(request, new Drops());
  return {
    id: lead.id,
    object: lead.object,
    created_at: lead.created_at,
    model: lead.model,
    status: lead.status,
    error: lead.error,
    incomplete_details: lead.incomplete_details,
    usage: lead.usage,
    output: lead.output,
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
