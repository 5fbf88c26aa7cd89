import type { Decoded, RequestPlace } from '../canonical/codec.ts';
import {
  decoding,
  grouped,
  missingFault,
  NO_OTHERS,
  optionalBoolean,
  optionalCount,
  optionalNumber,
  optionalString,
  survey,
} from '../canonical/read-member.ts';
import {
  bareRequest,
  NO_SAMPLING,
  type CanonicalRequest,
  type Sampling,
} from '../canonical/request.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { decodeTurns } from './decode-input.ts';
import { RESPONSES } from './dialect.ts';
import {
  decodeInclude,
  decodeMetadata,
  decodeReasoning,
  decodeText,
  decodeUser,
  isUsual,
} from './settings.ts';
import { decodeToolChoice, decodeTools } from './tools.ts';

/** Members with a canonical place; all others ride along. Source: `ResponseCreateParamsBase` of the official SDK. */
const PLAIN = 1;
/** Those that most callers never say. */
const MORE = 2;
const GROUPS: ReadonlyMap<string, number> = new Map([
  ...grouped(PLAIN, 'model', 'input', 'instructions', 'stream'),
  ...grouped(PLAIN, 'max_output_tokens', 'temperature', 'top_p', 'store'),
  ...grouped(MORE, 'tools', 'tool_choice', 'parallel_tool_calls', 'text', 'reasoning', 'include'),
  ...grouped(MORE, 'top_logprobs', 'user', 'safety_identifier', 'metadata', 'service_tier'),
  ...grouped(MORE, 'prompt_cache_key', 'previous_response_id'),
]);

/** Where one of these is given a conversation is known without `input`. */
const STATES = ['previous_response_id', 'conversation', 'prompt'] as const;

export function decodeRequest(body: JsonObject, place: RequestPlace): Decoded<CanonicalRequest> {
  return decoding(() => readRequest(body, place));
}

function readRequest(body: JsonObject, place: RequestPlace): CanonicalRequest {
  const model = optionalString(body, 'model', '') ?? place.model;
  if (model === null) throw missingFault('model');
  if ((body['input'] ?? null) === null && STATES.every((name) => (body[name] ?? null) === null)) {
    throw missingFault('input');
  }
  const { groups, others } = survey(body, GROUPS);
  const plain: CanonicalRequest = {
    ...bareRequest(RESPONSES, model, decodeTurns(body)),
    stream: optionalBoolean(body, 'stream', '') ?? place.stream ?? false,
    sampling: readSampling(body),
    store: optionalBoolean(body, 'store', ''),
    extensions: unusual(others),
  };
  return (groups & MORE) === 0 ? plain : { ...plain, ...moreOf(body, plain) };
}

function moreOf(body: JsonObject, { sampling, extensions }: CanonicalRequest) {
  const { tools, hosted } = decodeTools(body);
  const { choice, rest: hostedChoice } = decodeToolChoice(body);
  const text = decodeText(body);
  const reasoning = decodeReasoning(body);
  const include = decodeInclude(body);
  const user = decodeUser(body);
  return {
    tools,
    toolChoice: choice,
    parallelToolCalls: optionalBoolean(body, 'parallel_tool_calls', ''),
    ...text.value,
    sampling: {
      ...sampling,
      logprobs: include.logprobs,
      topLogprobs: optionalCount(body, 'top_logprobs', ''),
    },
    reasoning: reasoning.value,
    user: user.value,
    metadata: decodeMetadata(body),
    serviceTier: optionalString(body, 'service_tier', ''),
    promptCacheKey: optionalString(body, 'prompt_cache_key', ''),
    previousResponseId: optionalString(body, 'previous_response_id', ''),
    extensions: {
      ...extensions,
      ...user.rest,
      ...(hosted.length === 0 ? null : { tools: hosted }),
      ...(hostedChoice === null ? null : { tool_choice: hostedChoice }),
      ...(text.rest === null ? null : { text: text.rest }),
      ...(reasoning.rest === null ? null : { reasoning: reasoning.rest }),
      ...(include.rest.length === 0 ? null : { include: include.rest }),
    },
  };
}

function readSampling(body: JsonObject): Sampling {
  return {
    ...NO_SAMPLING,
    maxOutputTokens: optionalCount(body, 'max_output_tokens', ''),
    temperature: optionalNumber(body, 'temperature', ''),
    topP: optionalNumber(body, 'top_p', ''),
  };
}

function unusual(others: JsonObject): JsonObject {
  let kept: Record<string, JsonValue | undefined> | null = null;
  for (const name in others) if (!isUsual(name, others[name])) (kept ??= {})[name] = others[name];
  return kept ?? NO_OTHERS;
}
