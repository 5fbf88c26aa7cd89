/** Messages to turns. Source: types `ChatCompletion*MessageParam` of the official SDK. */
import {
  textPart,
  type CacheMark,
  type Part,
  type Signature,
  type ToolCallPart,
} from '../canonical/content.ts';
import {
  missingFault,
  objectsIn,
  optionalObject,
  optionalString,
  pathOf,
  requiredObject,
  requiredString,
  wrongFault,
} from '../canonical/read-member.ts';
import type { Turn } from '../canonical/request.ts';
import type { JsonObject } from '../json/value.ts';
import { decodeCacheMark } from './cache-control.ts';
import { decodeContent, decodeToolContent } from './decode-content.ts';
import { decodeReasoning } from './reasoning-details.ts';
import { ridersOf } from './riders.ts';
import { thoughtSignature } from './tool-call-shape.ts';

const PLAIN = new Set(['role', 'content', 'name', 'cache_control']);
const ASSISTANT = new Set([
  ...PLAIN,
  'refusal',
  'audio',
  'tool_calls',
  'function_call',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'extra_content',
]);
const TOOL = new Set([...PLAIN, 'tool_call_id']);
const CALL = new Set(['id', 'type', 'index', 'function', 'custom', 'extra_content']);
const ROLES = '"system", "developer", "user", "assistant", "tool" or "function"';

/** Ids of legacy calls, which have only names. */
class LegacyIds {
  /** The latest by name; null as long as there are none, which is so in most conversations. */
  #ids: Map<string, string> | null = null;

  called(name: string): string {
    this.#ids ??= new Map();
    const id = `call_${this.#ids.size}_${name}`;
    this.#ids.set(name, id);
    return id;
  }

  answered(name: string): string {
    return this.#ids?.get(name) ?? `call_${name}`;
  }
}

/** Results of tools in a row become one turn of the user; everything else stays a turn of its own. */
export function decodeMessages(body: JsonObject): readonly Turn[] {
  if ((body['messages'] ?? null) === null) throw missingFault('messages');
  const messages = objectsIn(body, 'messages', '');
  if (messages.length === 0) throw wrongFault('messages', 'an array of at least one message');
  const turns: Turn[] = [];
  const functions = new LegacyIds();
  let results: Part[] | null = null;
  for (const { value: message, at } of messages) {
    const role = requiredString(message, 'role', at);
    if (role === 'tool' || role === 'function') {
      if (results === null) {
        results = [];
        turns.push({ role: 'user', name: null, parts: results });
      }
      decodeResult(message, at, role === 'tool' ? null : functions, results);
      continue;
    }
    results = null;
    const name = optionalString(message, 'name', at);
    turns.push(
      role === 'assistant'
        ? { role, name, parts: decodeAssistant(message, at, functions) }
        : { role: speakerOf(role, at), name, parts: decodeSpoken(message, at) },
    );
  }
  return turns;
}

function speakerOf(role: string, at: string): Turn['role'] {
  if (role === 'user' || role === 'system' || role === 'developer') return role;
  throw wrongFault(pathOf(at, 'role'), ROLES);
}

function decodeSpoken(message: JsonObject, at: string): Part[] {
  const place = pathOf(at, 'content');
  if ((message['content'] ?? null) === null) throw missingFault(place);
  const parts = decodeContent(message['content'], place);
  markLast(parts, decodeCacheMark(message));
  for (const rider of ridersOf(message, PLAIN, 'message')) parts.push(rider);
  return parts;
}

/** A mark on the message, as LiteLLM's callers set it, is one on the last of its content. */
function markLast(parts: Part[], mark: CacheMark | null): void {
  if (mark === null) return;
  const index = parts.findLastIndex((part) => 'cache' in part);
  const last = parts[index];
  if (last !== undefined && 'cache' in last) {
    parts[index] = { ...last, cache: mark };
  }
}

function decodeAssistant(message: JsonObject, at: string, functions: LegacyIds): Part[] {
  const parts: Part[] = decodeReasoning(message);
  for (const part of decodeContent(message['content'], pathOf(at, 'content'))) {
    if (part.kind !== 'text' || part.text !== '' || part.cache !== null) parts.push(part);
  }
  markLast(parts, decodeCacheMark(message));
  signText(parts, thoughtSignature(message));
  const refusal = optionalString(message, 'refusal', at) ?? '';
  if (refusal !== '') parts.push({ kind: 'refusal', text: refusal });
  const audio = optionalObject(message, 'audio', at);
  if (audio !== null) {
    const id = requiredString(audio, 'id', pathOf(at, 'audio'));
    parts.push({ kind: 'audio', source: { kind: 'id', id, origin: 'openai-chat' } });
  }
  for (const call of objectsIn(message, 'tool_calls', at)) {
    parts.push(decodeCall(call.value, call.at));
    for (const rider of ridersOf(call.value, CALL, 'tool_call')) parts.push(rider);
  }
  const legacy = optionalObject(message, 'function_call', at);
  if (legacy !== null) {
    const place = pathOf(at, 'function_call');
    const name = requiredString(legacy, 'name', place);
    const id = functions.called(name);
    const text = optionalString(legacy, 'arguments', place) ?? '';
    const call = bareCall(id, name, text, false);
    parts.push({ ...call, signature: thoughtSignature(legacy) });
  }
  parts.push(...ridersOf(message, ASSISTANT, 'message'));
  return parts;
}

/** A proof on the message is that of its text; Google's may come with a text of nothing. */
export function signText(parts: Part[], signature: Signature | null): void {
  if (signature === null) return;
  const index = parts.findIndex((part) => part.kind === 'text');
  const text = parts[index];
  if (text?.kind === 'text') parts[index] = { ...text, signature };
  else parts.push({ ...textPart(''), signature });
}

function decodeCall(call: JsonObject, at: string): ToolCallPart {
  const id = requiredString(call, 'id', at);
  if (id === '') throw wrongFault(pathOf(at, 'id'), 'a string that is not empty');
  const custom = call['type'] === 'custom';
  const member = custom ? 'custom' : 'function';
  const called = requiredObject(call, member, at);
  const place = pathOf(at, member);
  const name = requiredString(called, 'name', place);
  const text = optionalString(called, custom ? 'input' : 'arguments', place) ?? '';
  return { ...bareCall(id, name, text, custom), signature: thoughtSignature(call) };
}

function bareCall(id: string, name: string, text: string, custom: boolean): ToolCallPart {
  return { kind: 'tool_call', id, name, arguments: text, custom, signature: null, cache: null };
}

function decodeResult(
  message: JsonObject,
  at: string,
  functions: LegacyIds | null,
  results: Part[],
): void {
  const { content, rest } = decodeToolContent(message['content'], pathOf(at, 'content'));
  const name =
    functions === null ? optionalString(message, 'name', at) : requiredString(message, 'name', at);
  const callId =
    functions === null
      ? requiredString(message, 'tool_call_id', at)
      : functions.answered(name ?? '');
  const cache = decodeCacheMark(message);
  results.push({ kind: 'tool_result', callId, name, content, isError: false, cache }, ...rest);
  results.push(...ridersOf(message, TOOL, 'message'));
}
