/** What a request says beside its conversation and its tools: `text`, `reasoning`, `include`, the end user. */
import {
  optionalArray,
  optionalBoolean,
  optionalObject,
  optionalString,
  othersIn,
  requiredObject,
  requiredString,
  wrongFault,
} from '../canonical/read-member.ts';
import { thinkingEffort } from '../canonical/reasoning-effort.ts';
import { remembered } from '../canonical/remembered.ts';
import {
  EFFORTS,
  type CanonicalRequest,
  type OutputFormat,
  type Reasoning,
} from '../canonical/request.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { said } from '../canonical/said.ts';
import { RESPONSES } from './dialect.ts';

const TEXT = new Set(['format', 'verbosity']);
const REASONING = new Set(['effort', 'summary']);
const LOGPROBS = 'message.output_text.logprobs';
const ENCRYPTED = 'reasoning.encrypted_content';
/** The name of a schema is required here. */
const SCHEMA_NAME = 'answer';

/** `rest` is what has no canonical place; null where there is nothing of it. */
interface Settings<T> {
  readonly value: T;
  readonly rest: JsonObject | null;
}

const NO_TEXT: Settings<Pick<CanonicalRequest, 'output' | 'verbosity'>> = Object.freeze({
  value: Object.freeze({ output: null, verbosity: null }),
  rest: null,
});

export function decodeText(
  body: JsonObject,
): Settings<Pick<CanonicalRequest, 'output' | 'verbosity'>> {
  const text = optionalObject(body, 'text', '');
  if (text === null) return NO_TEXT;
  const format = optionalObject(text, 'format', 'text');
  const output = format === null ? null : decodeFormat(format);
  const others = othersIn(text, TEXT);
  const rest = output === null && format !== null ? { ...others, format } : others;
  return {
    value: { output, verbosity: optionalString(text, 'verbosity', 'text') },
    rest: orNull(rest),
  };
}

/** Null for a kind of format that only this dialect knows. */
function decodeFormat(format: JsonObject): OutputFormat | null {
  const at = 'text.format';
  switch (requiredString(format, 'type', at)) {
    case 'text':
      return { kind: 'text' };
    case 'json_object':
      return { kind: 'json' };
    case 'json_schema':
      return {
        kind: 'json_schema',
        name: optionalString(format, 'name', at),
        description: optionalString(format, 'description', at),
        schema: requiredObject(format, 'schema', at),
        strict: optionalBoolean(format, 'strict', at),
      };
    default:
      return null;
  }
}

export function encodeText(
  { output, verbosity }: CanonicalRequest,
  rest: JsonValue | undefined,
): JsonObject | null {
  const others = isJsonObject(rest) ? rest : null;
  if (output === null && verbosity === null) return others;
  return said({ ...others, format: encodeFormat(output) ?? others?.['format'], verbosity });
}

function encodeFormat(output: OutputFormat | null): JsonObject | null {
  if (output === null) return null;
  if (output.kind === 'text') return { type: 'text' };
  if (output.kind === 'json') return { type: 'json_object' };
  const { name, description, schema, strict } = output;
  return said({ type: 'json_schema', name: name ?? SCHEMA_NAME, description, schema, strict });
}

export function decodeReasoning(body: JsonObject): Settings<Reasoning | null> {
  const reasoning = optionalObject(body, 'reasoning', '');
  if (reasoning === null) return { value: null, rest: null };
  const told = optionalString(reasoning, 'effort', 'reasoning');
  const effort = EFFORTS.find((name) => name === told) ?? null;
  const summary = optionalString(reasoning, 'summary', 'reasoning');
  const others = othersIn(reasoning, REASONING);
  const rest = effort === null && told !== null ? { ...others, effort: told } : others;
  const show = summary === null ? null : true;
  return {
    value: { effort, budgetTokens: null, adaptive: false, show, summary },
    rest: orNull(rest),
  };
}

/** A budget of tokens becomes the effort next to it; whoever wants to see thoughts, and says no more, gets the summary that the model likes. */
export function encodeReasoning(
  reasoning: Reasoning | null,
  rest: JsonValue | undefined,
): JsonObject | null {
  const others = isJsonObject(rest) ? rest : null;
  if (reasoning === null) return others;
  const summary = reasoning.summary ?? (reasoning.show === true ? 'auto' : null);
  return said({ ...others, ...said({ effort: thinkingEffort(reasoning), summary }) });
}

/**
 * `include` names what an answer is to hold beside the usual. Encrypted reasoning is always told to a caller, so that wish is met
 * without being passed on; `rest` is what others cannot meet.
 */
export function decodeInclude(body: JsonObject): {
  readonly logprobs: boolean | null;
  readonly rest: readonly JsonValue[];
} {
  const list = optionalArray(body, 'include', '');
  if (list === null) return NO_INCLUDE;
  return {
    logprobs: list.includes(LOGPROBS) ? true : null,
    rest: list.filter((name) => name !== LOGPROBS && name !== ENCRYPTED),
  };
}

const NO_INCLUDE = Object.freeze({ logprobs: null, rest: Object.freeze([]) });

export function encodeInclude(
  request: CanonicalRequest,
  rest: JsonValue | undefined,
): readonly JsonValue[] | null {
  const logprobs = request.sampling.logprobs === true;
  const encrypted = mayReason(request);
  if (!logprobs && !encrypted) return isJsonArray(rest) && rest.length > 0 ? rest : null;
  const include: JsonValue[] = isJsonArray(rest) ? [...rest] : [];
  if (logprobs) include.push(LOGPROBS);
  if (encrypted) include.push(ENCRYPTED);
  return include;
}

/**
 * Whether encrypted reasoning can be asked for: models that do not reason refuse the whole request for it ("Encrypted content is not
 * supported with this model"). True where the caller asks for reasoning, and for those of OpenAI's models that do it unasked.
 */
function mayReason({ model, reasoning }: CanonicalRequest): boolean {
  if (reasoning !== null) {
    const effort = thinkingEffort(reasoning);
    if (effort === 'none') return false;
    if (effort !== null || reasoning.adaptive || reasoning.show === true) return true;
  }
  return traitsOf(model).reasons;
}

/** What a model's name tells of it. */
const traitsOf = remembered((model) => {
  const name = model.slice(model.lastIndexOf('/') + 1);
  return {
    reasons: !name.includes('-chat') && /^(?:o[1-9]|gpt-(?:[5-9]|[1-9]\d)(?!\d)|codex-)/.test(name),
  };
});

/** `user` and its successor `safety_identifier` are one; where both are given the latter rides along. */
export function decodeUser(body: JsonObject): Settings<string | null> {
  const user = optionalString(body, 'user', '');
  const identifier = optionalString(body, 'safety_identifier', '');
  if (user === null || identifier === null) return { value: user ?? identifier, rest: null };
  return { value: user, rest: { safety_identifier: identifier } };
}

export function decodeMetadata(body: JsonObject): Readonly<Record<string, string>> | null {
  const object = optionalObject(body, 'metadata', '');
  if (object === null) return null;
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(object)) {
    if (typeof value !== 'string') throw wrongFault(`metadata.${name}`, 'a string');
    if (name !== '__proto__') metadata[name] = value;
  }
  return metadata;
}

function orNull(object: JsonObject): JsonObject | null {
  return Object.keys(object).length === 0 ? null : object;
}

/** Whether a member only says what every dialect does anyway, so that leaving it out is no loss. */
export function isUsual(name: string, value: JsonValue | undefined): boolean {
  if (name === 'background') return value === false;
  if (name === 'truncation') return value === 'disabled';
  return (
    name === 'stream_options' &&
    isJsonObject(value) &&
    Object.entries(value).every(([key, on]) => key === 'include_obfuscation' && on === false)
  );
}

/** Whether a caller of this dialect wrote the request. */
export function isOwn({ origin }: CanonicalRequest): boolean {
  return origin === RESPONSES;
}
