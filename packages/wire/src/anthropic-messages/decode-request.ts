import type { Decoded, RequestPlace } from '../canonical/codec.ts';
import {
  bareRequest,
  NO_SAMPLING,
  type CanonicalRequest,
  type Sampling,
  type Turn,
} from '../canonical/request.ts';
import {
  decoding,
  missingFault,
  objectsIn,
  optionalArray,
  optionalBoolean,
  optionalCount,
  optionalNumber,
  optionalObject,
  optionalString,
  othersIn,
  pathOf,
  requiredString,
  wrongFault,
} from '../canonical/read-member.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { readContent, readSystem } from './decode-content.ts';
import { readOutput } from './decode-reasoning.ts';
import { readToolChoice, readTools } from './decode-tools.ts';
import { MESSAGES } from './dialect-name.ts';

const KNOWN = new Set([
  'model',
  'max_tokens',
  'messages',
  'system',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'metadata',
  'service_tier',
]);
const METADATA_MEMBERS = new Set(['user_id']);

/**
 * A request of the Messages API. `max_tokens` may be missing: the encoder of whoever answers knows what to do without it.
 * Server tools and other members without a canonical place ride in `extensions`, by their own names.
 */
export function decodeRequest(body: JsonObject, place: RequestPlace): Decoded<CanonicalRequest> {
  return decoding(() => {
    const model = place.model ?? requiredString(body, 'model', '');
    const declared = readTools(body);
    const { tools, typed } = declared;
    const { choice, parallel, unknown } = readToolChoice(body, declared);
    const { reasoning, output, rest } = readOutput(body);
    const metadata = optionalObject(body, 'metadata', '') ?? {};
    return {
      ...bareRequest(MESSAGES, model, readTurns(body)),
      stream: place.stream ?? optionalBoolean(body, 'stream', '') ?? false,
      tools,
      toolChoice: choice,
      parallelToolCalls: parallel,
      output,
      sampling: readSampling(body),
      reasoning,
      user: optionalString(metadata, 'user_id', 'metadata'),
      serviceTier: optionalString(body, 'service_tier', ''),
      extensions: {
        ...othersIn(body, KNOWN),
        ...rest,
        ...(typed.length === 0 ? {} : { tools: typed }),
        ...(unknown === null ? {} : { tool_choice: unknown }),
        ...leftOf('metadata', othersIn(metadata, METADATA_MEMBERS)),
      },
    };
  });
}

function leftOf(name: string, others: JsonObject): Readonly<Record<string, JsonValue>> {
  return Object.keys(others).length === 0 ? {} : { [name]: others };
}

function readTurns(body: JsonObject): readonly Turn[] {
  const system = readSystem(body, 'system', '');
  const turns: Turn[] = system.length === 0 ? [] : [{ role: 'system', name: null, parts: system }];
  const messages = optionalArray(body, 'messages', '');
  if (messages === null) throw missingFault('messages');
  if (messages.length === 0) throw wrongFault('messages', 'an array of at least one message');
  for (const { value, at } of objectsIn(body, 'messages', '')) turns.push(readTurn(value, at));
  return turns;
}

function readTurn(message: JsonObject, at: string): Turn {
  const role = requiredString(message, 'role', at);
  if (role === 'system') {
    return { role, name: null, parts: readSystem(message, 'content', at) };
  }
  if (role !== 'user' && role !== 'assistant') {
    throw wrongFault(pathOf(at, 'role'), '"user", "assistant" or "system"');
  }
  return { role, name: null, parts: readContent(message, at) };
}

function readSampling(body: JsonObject): Sampling {
  return {
    ...NO_SAMPLING,
    maxOutputTokens: optionalCount(body, 'max_tokens', ''),
    temperature: optionalNumber(body, 'temperature', ''),
    topP: optionalNumber(body, 'top_p', ''),
    topK: optionalCount(body, 'top_k', ''),
    stop: readStop(body),
  };
}

function readStop(body: JsonObject): readonly string[] | null {
  const list = optionalArray(body, 'stop_sequences', '');
  return (
    list?.map((value, index) => {
      if (typeof value === 'string') return value;
      throw wrongFault(pathOf('stop_sequences', index), 'a string');
    }) ?? null
  );
}
