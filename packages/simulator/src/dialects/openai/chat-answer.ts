/** Chat completions, whole and streamed: shapes as captured from the API (openai-node `ChatCompletion`, `ChatCompletionChunk`). */
import type { Heard } from '../conversation/heard.ts';
import { say } from '../conversation/said.ts';
import type { Said } from '../conversation/said.ts';
import type { JsonObject } from '../json-body.ts';
import type { Framed } from '../serve-call.ts';
import { Wording } from '../words.ts';
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
  /** Thoughts that the vendor shows. */
  readonly thoughts: Wording | null;
  readonly calls: readonly {
    readonly id: string;
    readonly name: string;
    readonly input: Wording;
  }[];
  readonly end: Said['end'];
  readonly outputTokens: number;
  readonly thoughtTokens: number;
}

const TAIL = '"service_tier":"default","system_fingerprint":"fp_simulator"';

export const newId = (prefix: string, random: Random): string =>
  prefix + random.hex(32).slice(0, 29);

/** OpenAI's models think unseen when they are told to try. */
function hiddenThoughts({ reasoning_effort: effort }: JsonObject): number {
  return typeof effort === 'string' && effort !== 'none' && effort !== 'minimal' ? HIDDEN : 0;
}
const HIDDEN = 16;

export function chatReply(
  request: OpenaiRequest,
  heard: Heard,
  model: ModelProfile,
  { random, created }: { readonly random: Random; readonly created: number },
): Reply {
  const id = newId('chatcmpl-', random);
  const said = say(heard, model);
  const calls = said.calls.map((call) => ({ id: `call_${random.hex(24)}`, ...call }));
  const hidden = hiddenThoughts(request.body);
  return {
    id,
    created,
    model: model.id,
    wording: said.text ?? new Wording(''),
    thoughts: said.thoughts,
    calls,
    end: said.end,
    outputTokens: (said.outputTokens + hidden) * request.n,
    thoughtTokens: (said.thoughtTokens + hidden) * request.n,
  };
}

export function frameChat(request: OpenaiRequest, reply: Reply): Framed {
  return {
    body: () => chatBody(request, reply),
    events: () => chatEvents(request, reply),
    filler: (text) =>
      `${chunkHead(reply)}[{"index":0,"delta":{"content":${JSON.stringify(text)}},"logprobs":null,"finish_reason":null}]}\n\n`,
  };
}

const FINISH: Readonly<Record<Said['end'], string>> = {
  done: 'stop',
  stop: 'stop',
  refusal: 'stop',
  length: 'length',
  calls: 'tool_calls',
};

const finishOf = (reply: Reply): string => FINISH[reply.end];

const thoughtField = ({ thoughts }: Reply): string =>
  thoughts === null ? '' : `"reasoning_content":${thoughts.json},`;

function messageOf(reply: Reply): string {
  const thoughts = thoughtField(reply);
  if (reply.end === 'refusal') {
    return `{"role":"assistant","content":null,"refusal":${reply.wording.json},"annotations":[]}`;
  }
  if (reply.calls.length === 0) {
    return `{"role":"assistant",${thoughts}"content":${reply.wording.json},"refusal":null,"annotations":[]}`;
  }
  const calls = reply.calls.map(
    ({ id, name, input }) =>
      `{"id":"${id}","type":"function","function":{"name":${JSON.stringify(name)},"arguments":${input.json}}}`,
  );
  return `{"role":"assistant",${thoughts}"content":null,"tool_calls":[${calls.join(',')}],"refusal":null,"annotations":[]}`;
}

function chatBody(request: OpenaiRequest, reply: Reply): string {
  const message = messageOf(reply);
  const finish = finishOf(reply);
  let choices = '';
  for (let index = 0; index < request.n; index++) {
    if (index > 0) choices += ',';
    choices += `{"index":${index},"message":${message},"logprobs":null,"finish_reason":"${finish}"}`;
  }
  const usage = usageJson(request.inputTokens, reply.outputTokens, reply.thoughtTokens);
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
    add(
      '',
      `,"usage":${usageJson(request.inputTokens, reply.outputTokens, reply.thoughtTokens)}`,
      0,
    );
  }
  events.push('data: [DONE]\n\n');
  return events;
}

function* deltasOf(reply: Reply): Generator<[delta: string, finish: string]> {
  const { calls, thoughts, wording } = reply;
  const said = calls.length === 0;
  if (said || thoughts !== null) {
    yield [`{"role":"assistant","content":${said ? '""' : 'null'},"refusal":null}`, 'null'];
  }
  for (const piece of thoughts?.pieces ?? []) yield [`{"reasoning_content":${piece}}`, 'null'];
  const field = reply.end === 'refusal' ? 'refusal' : 'content';
  if (said) for (const piece of wording.pieces) yield [`{"${field}":${piece}}`, 'null'];
  for (const [index, { id, name, input }] of calls.entries()) {
    const call = `{"index":${index},"id":"${id}","type":"function","function":{"name":${JSON.stringify(name)},"arguments":""}}`;
    const first = index === 0 && thoughts === null;
    yield [
      first
        ? `{"role":"assistant","content":null,"tool_calls":[${call}],"refusal":null}`
        : `{"tool_calls":[${call}]}`,
      'null',
    ];
    for (const piece of input.pieces) {
      yield [`{"tool_calls":[{"index":${index},"function":{"arguments":${piece}}}]}`, 'null'];
    }
  }
  yield ['{}', `"${finishOf(reply)}"`];
}
