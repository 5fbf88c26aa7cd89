/** Chat completions, whole and streamed: shapes as captured from the API (openai-node `ChatCompletion`, `ChatCompletionChunk`). */
import { contentText, isObject } from '../json-body.ts';
import type { Framed } from '../serve-call.ts';
import { cutToTokens, echo, fixedWording, Wording } from '../words.ts';
import { minimalJson } from './minimal-json.ts';
import type { OpenaiRequest } from './request.ts';
import { usageJson } from './usage.ts';
import type { ModelProfile } from '../../profile/profile-schema.ts';
import type { Random } from '../../random.ts';

/** What is answered, before it is framed. */
export interface Reply {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly wording: Wording;
  readonly tool: { readonly id: string; readonly name: string; readonly arguments: string } | null;
  readonly cut: boolean;
  readonly outputTokens: number;
}

const TAIL = '"service_tier":"default","system_fingerprint":"fp_simulator"';

export const newId = (prefix: string, random: Random): string =>
  prefix + random.hex(32).slice(0, 29);

export function chatReply(
  request: OpenaiRequest,
  model: ModelProfile,
  random: Random,
  created: number,
): Reply {
  const id = newId('chatcmpl-', random);
  const base = { id, created, model: model.id };
  const tool = calledTool(request);
  if (tool !== null) {
    const called = { id: `call_${random.hex(24)}`, ...tool };
    const wording = new Wording(tool.arguments);
    const outputTokens = wording.tokens * request.n;
    return { ...base, wording, tool: called, cut: false, outputTokens };
  }
  const full =
    structured(request, model) ??
    goingOn(request, fixedWording(model) ?? new Wording(echo(model.id, request.prompt)));
  const [wording, cut] = cutToTokens(full, request.maxTokens);
  return { ...base, wording, tool: null, cut, outputTokens: wording.tokens * request.n };
}

/**
 * What is left to say where the request hands over the beginning of the answer and asks to go on from it, as vLLM (a field of the request)
 * and Mistral (a mark on the last message) take it. Without either, a beginning is answered like anything else.
 */
function goingOn(request: OpenaiRequest, wording: Wording): Wording {
  const { messages, continue_final_message: asked } = request.body;
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : null;
  if (!isObject(last) || last['role'] !== 'assistant') return wording;
  if (asked !== true && last['prefix'] !== true) return wording;
  const begun = contentText(last['content']);
  return wording.text.startsWith(begun) ? new Wording(wording.text.slice(begun.length)) : wording;
}

export function frameChat(request: OpenaiRequest, reply: Reply): Framed {
  return {
    body: () => chatBody(request, reply),
    events: () => chatEvents(request, reply),
    filler: (text) =>
      `${chunkHead(reply)}[{"index":0,"delta":{"content":${JSON.stringify(text)}},"logprobs":null,"finish_reason":null}]}\n\n`,
  };
}

/** A tool is called when `tool_choice` says so, or, with `auto`, when the caller's last message is the user's and names a tool or asks for one. */
function calledTool(request: OpenaiRequest): { name: string; arguments: string } | null {
  const { tools, tool_choice: choice, messages } = request.body;
  if (!Array.isArray(tools) || choice === 'none') return null;
  const offered = tools
    .filter(isObject)
    .map((tool) => tool['function'])
    .filter(isObject);
  const wanted =
    isObject(choice) && isObject(choice['function']) ? choice['function']['name'] : null;
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : null;
  const text = isObject(last) && last['role'] === 'user' ? contentText(last['content']) : '';
  const named = offered.find((tool) => text.includes(String(tool['name'])));
  const asked = /\b(call|use)\b[^.]{0,40}\b(tool|function)\b/i.test(text);
  const chosen =
    wanted === null
      ? (named ?? (asked || choice === 'required' ? offered[0] : undefined))
      : offered.find((tool) => tool['name'] === wanted);
  if (chosen === undefined) return null;
  const made = minimalJson(chosen['parameters'] ?? { type: 'object' });
  return { name: String(chosen['name']), arguments: JSON.stringify(made) };
}

function structured(request: OpenaiRequest, model: ModelProfile): Wording | null {
  const format = request.body['response_format'];
  if (!isObject(format) || format['type'] === 'text') return null;
  if (format['type'] === 'json_schema' && isObject(format['json_schema'])) {
    return new Wording(JSON.stringify(minimalJson(format['json_schema']['schema'])));
  }
  return new Wording(JSON.stringify({ answer: echo(model.id, request.prompt) }));
}

const finishOf = (reply: Reply): string =>
  reply.tool === null ? (reply.cut ? 'length' : 'stop') : 'tool_calls';

function chatBody(request: OpenaiRequest, reply: Reply): string {
  const { tool } = reply;
  const message =
    tool === null
      ? `{"role":"assistant","content":${reply.wording.json},"refusal":null,"annotations":[]}`
      : `{"role":"assistant","content":null,"tool_calls":[{"id":"${tool.id}","type":"function","function":{"name":${JSON.stringify(tool.name)},"arguments":${reply.wording.json}}}],"refusal":null,"annotations":[]}`;
  const finish = finishOf(reply);
  let choices = '';
  for (let index = 0; index < request.n; index++) {
    if (index > 0) choices += ',';
    choices += `{"index":${index},"message":${message},"logprobs":null,"finish_reason":"${finish}"}`;
  }
  const usage = usageJson(request.inputTokens, reply.outputTokens);
  return `{"id":"${reply.id}","object":"chat.completion","created":${reply.created},"model":${JSON.stringify(reply.model)},"choices":[${choices}],"usage":${usage},${TAIL}}`;
}

const chunkHead = (reply: Reply): string =>
  `data: {"id":"${reply.id}","object":"chat.completion.chunk","created":${reply.created},"model":${JSON.stringify(reply.model)},${TAIL},"choices":`;

/** Padding of varying length that hides how long a piece is; on by default at OpenAI. */
const PADDING = 'aBcDeFgHiJkLmNoP';

function chatEvents(request: OpenaiRequest, reply: Reply): string[] {
  const head = chunkHead(reply);
  const usage = request.includeUsage ? ',"usage":null' : '';
  const events: string[] = [];
  const add = (choices: string, told: string, length: number): void => {
    const padding = request.obfuscation
      ? `,"obfuscation":"${PADDING.slice(0, 1 + ((16 - (length % 16)) % 16))}"`
      : '';
    events.push(`${head}[${choices}]${told}${padding}}\n\n`);
  };
  for (let index = 0; index < request.n; index++) {
    for (const [delta, finish] of deltasOf(reply)) {
      const choice = `{"index":${index},"delta":${delta},"logprobs":null,"finish_reason":${finish}}`;
      add(choice, usage, delta.length);
    }
  }
  if (request.includeUsage) {
    add('', `,"usage":${usageJson(request.inputTokens, reply.outputTokens)}`, 0);
  }
  events.push('data: [DONE]\n\n');
  return events;
}

function* deltasOf(reply: Reply): Generator<[delta: string, finish: string]> {
  const { tool, wording } = reply;
  if (tool === null) {
    yield ['{"role":"assistant","content":"","refusal":null}', 'null'];
    for (const piece of wording.pieces) yield [`{"content":${piece}}`, 'null'];
  } else {
    const call = `{"index":0,"id":"${tool.id}","type":"function","function":{"name":${JSON.stringify(tool.name)},"arguments":""}}`;
    yield [`{"role":"assistant","content":null,"tool_calls":[${call}],"refusal":null}`, 'null'];
    for (const piece of wording.pieces) {
      yield [`{"tool_calls":[{"index":0,"function":{"arguments":${piece}}}]}`, 'null'];
    }
  }
  yield ['{}', `"${finishOf(reply)}"`];
}
