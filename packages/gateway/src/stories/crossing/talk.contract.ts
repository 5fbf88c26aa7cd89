/** A conversation with one tool in each dialect that callers speak, as bodies: what is asked, and what goes back after an answer. */
import { readMessageStream } from '@keywell/wire/anthropic-messages/event-grammar.contract';
import { partsInStream } from '@keywell/wire/gemini/event-grammar.contract';
import { checkChatEvents } from '@keywell/wire/openai-chat/event-grammar.contract';
import { checkResponsesStream } from '@keywell/wire/openai-responses/event-grammar.contract';
import type { CallerDialect } from '@keywell/wire/edit/conversation';
import { STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';

export type Json = Readonly<Record<string, unknown>>;

export interface Tool {
  readonly name: string;
  readonly schema: Json;
}

/** What a caller asks. */
export interface Question {
  readonly prompt: string;
  readonly tools?: readonly Tool[];
  readonly thinks?: boolean;
}

/** The model's turn as the dialect keeps it in a conversation, with the calls in it. */
export interface Turn {
  readonly kept: readonly unknown[];
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: string }[];
  readonly text: string;
}

export interface Talk {
  readonly path: (model: string, stream: boolean) => string;
  readonly ask: (model: string, question: Question) => Json;
  /** A whole answer. */
  readonly read: (answer: Json) => Turn;
  /** A streamed one; throws where its events break the dialect's grammar. */
  readonly readStream: (text: string) => Turn;
  /** The next request: the model's turn as it came, and the same result for every call. */
  readonly goOn: (body: Json, turn: Turn, result: string) => Json;
  /** Whether a whole answer is marked as a refusal. */
  readonly refuses: (answer: Json) => boolean;
  /** What a body that is not understood is answered with. */
  readonly error: (status: number) => object;
}

const list = (value: unknown): readonly Json[] =>
  Array.isArray(value) ? value.filter((entry): entry is Json => isJson(entry)) : [];
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const json = (value: unknown): Json => (isJson(value) ? value : {});
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const chat: Talk = {
  path: () => '/v1/chat/completions',
  ask: (model, { prompt, tools = [], thinks }) => ({
    model,
    messages: [{ role: 'user', content: prompt }],
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, schema }) => ({
            type: 'function',
            function: { name, parameters: schema },
          })),
        }),
    ...(thinks === true ? { reasoning_effort: 'high' } : {}),
  }),
  read: (answer) => readChatMessage(json(json(list(answer['choices'])[0])['message'])),
  readStream: (stream) => readChatMessage(foldChat(checkChatEvents(stream))),
  goOn: (body, { kept, calls }, result) => ({
    ...body,
    messages: [
      ...list(body['messages']),
      ...kept,
      ...calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: result })),
    ],
  }),
  refuses: (answer) => {
    const choice = json(list(answer['choices'])[0]);
    const { refusal } = json(choice['message']);
    return text(refusal) !== '' || choice['finish_reason'] === 'content_filter';
  },
  error: () => ({ error: { type: 'invalid_request_error' } }),
};

function readChatMessage(message: Json): Turn {
  const calls = list(message['tool_calls']).map((call) => {
    const called = json(call['function']);
    return { id: text(call['id']), name: text(called['name']), input: text(called['arguments']) };
  });
  return { kept: [message], calls, text: text(message['content']) + text(message['refusal']) };
}

interface StreamedCall {
  readonly id: string;
  readonly type: string;
  readonly function: { readonly name: string; arguments: string };
  /** Where Gemini's proof of a call stands. */
  extra_content?: unknown;
}

/** As a caller adds up what it is streamed, proofs of thoughts included. */
function foldChat(chunks: readonly Json[]): Json {
  const calls: StreamedCall[] = [];
  const details: Json[] = [];
  let content = '';
  let thoughts = '';
  for (const chunk of chunks) {
    const delta = json(json(list(chunk['choices'])[0])['delta']);
    content += text(delta['content']);
    thoughts += text(delta['reasoning_content']);
    details.push(...list(delta['reasoning_details']));
    for (const piece of list(delta['tool_calls'])) {
      const { name, arguments: input } = json(piece['function']);
      const index = Number(piece['index']);
      const call = (calls[index] ??= {
        id: text(piece['id']),
        type: 'function',
        function: { name: text(name), arguments: '' },
      });
      call.function.arguments += text(input);
      if (piece['extra_content'] !== undefined) call.extra_content = piece['extra_content'];
    }
  }
  return {
    role: 'assistant',
    content: content === '' ? null : content,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  };
}

const responses: Talk = {
  path: () => '/v1/responses',
  ask: (model, { prompt, tools = [], thinks }) => ({
    model,
    input: [{ role: 'user', content: prompt }],
    store: false,
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, schema }) => ({
            type: 'function',
            name,
            parameters: schema,
            strict: false,
          })),
        }),
    ...(thinks === true
      ? {
          reasoning: { effort: 'high', summary: 'auto' },
          include: ['reasoning.encrypted_content'],
        }
      : {}),
  }),
  read: readResponse,
  readStream: (stream) => readResponse(checkResponsesStream(stream)),
  goOn: (body, { kept, calls }, result) => ({
    ...body,
    input: [
      ...list(body['input']),
      ...kept,
      ...calls.map(({ id }) => ({ type: 'function_call_output', call_id: id, output: result })),
    ],
  }),
  refuses: ({ output, status }) =>
    status === 'incomplete' ||
    list(output).some(({ content }) => list(content).some(({ type }) => type === 'refusal')),
  error: () => ({ error: { type: 'invalid_request_error' } }),
};

function readResponse({ output }: Json): Turn {
  const items = list(output);
  const calls = items
    .filter(({ type }) => type === 'function_call')
    .map((item) => ({
      id: text(item['call_id']),
      name: text(item['name']),
      input: text(item['arguments']),
    }));
  const blocks = items.flatMap(({ content, type }) => (type === 'message' ? list(content) : []));
  return {
    kept: items,
    calls,
    text: blocks.map((block) => text(block['text']) + text(block['refusal'])).join(''),
  };
}

const messages: Talk = {
  path: () => '/v1/messages',
  ask: (model, { prompt, tools = [], thinks }) => ({
    model,
    messages: [{ role: 'user', content: prompt }],
    max_tokens: 1_000_000,
    ...(tools.length === 0
      ? {}
      : { tools: tools.map(({ name, schema }) => ({ name, input_schema: schema })) }),
    ...(thinks === true ? { thinking: { type: 'enabled', budget_tokens: 2048 } } : {}),
  }),
  read: readMessage,
  readStream: (stream) => readMessage(readMessageStream(stream)),
  goOn: (body, { kept, calls }, result) => ({
    ...body,
    messages: [
      ...list(body['messages']),
      { role: 'assistant', content: kept },
      {
        role: 'user',
        content: calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: result })),
      },
    ],
  }),
  refuses: (answer) => answer['stop_reason'] === 'refusal',
  error: (status) => ({
    type: 'error',
    error: { type: status === 413 ? 'request_too_large' : 'invalid_request_error' },
  }),
};

function readMessage({ content }: Json): Turn {
  const blocks = list(content);
  const calls = blocks
    .filter(({ type }) => type === 'tool_use')
    .map((block) => ({
      id: text(block['id']),
      name: text(block['name']),
      input: JSON.stringify(block['input']),
    }));
  const said = blocks.map((block) => (block['type'] === 'text' ? text(block['text']) : ''));
  return { kept: blocks, calls, text: said.join('') };
}

const gemini: Talk = {
  path: (model, stream) =>
    `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  ask: (_model, { prompt, tools = [], thinks }) => ({
    contents: [{ role: 'user', parts: [{ text: prompt }] }],
    ...(tools.length === 0
      ? {}
      : {
          tools: [
            {
              functionDeclarations: tools.map(({ name, schema }) => ({
                name,
                parametersJsonSchema: schema,
              })),
            },
          ],
        }),
    ...(thinks === true
      ? { generationConfig: { thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 } } }
      : {}),
  }),
  read: (answer) => readParts(list(json(json(list(answer['candidates'])[0])['content'])['parts'])),
  readStream: (stream) => readParts(partsInStream(stream.replaceAll('\r\n', '\n'))),
  goOn: (body, { kept, calls }, result) => ({
    ...body,
    contents: [
      ...list(body['contents']),
      { role: 'model', parts: kept },
      {
        role: 'user',
        parts: calls.map(({ id, name }) => ({
          functionResponse: { name, response: { output: result }, ...(id === '' ? {} : { id }) },
        })),
      },
    ],
  }),
  refuses: (answer) => {
    const reason = text(json(list(answer['candidates'])[0])['finishReason']);
    return reason !== '' && reason !== 'STOP' && reason !== 'MAX_TOKENS';
  },
  error: (status) => ({ error: { code: status, status: 'INVALID_ARGUMENT' } }),
};

function readParts(parts: readonly Json[]): Turn {
  const calls = parts
    .filter(({ functionCall }) => functionCall !== undefined)
    .map(({ functionCall }) => {
      const { id, name, args } = json(functionCall);
      return { id: text(id), name: text(name), input: JSON.stringify(args) };
    });
  const said = parts.map((part) => (part['thought'] === true ? '' : text(part['text'])));
  return { kept: parts, calls, text: said.join('') };
}

export const TALKS: Readonly<Record<CallerDialect, Talk>> = {
  'openai-chat': chat,
  'openai-responses': responses,
  'anthropic-messages': messages,
  gemini,
};

export const CALLER_DIALECTS: readonly CallerDialect[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
];

/** One call through the gateway. */
export function send(
  story: Story,
  { dialect, model, stream = false }: { dialect: CallerDialect; model: string; stream?: boolean },
  body: Json,
): Promise<Seen> {
  const asked = stream && dialect !== 'gemini' ? { ...body, stream: true } : body;
  const path = TALKS[dialect].path(model, stream);
  return postJson({ url: `http://127.0.0.1:${story.port}`, key: STORY_KEY, path }, asked);
}

/** What a stream lost stands in a comment, which is no event of any dialect: clients skip it. */
const LOST = /^: keywell-dropped response\.[\w.:, -]+\n\n/m;

/** The model's turn in what came back. */
export function turnOf(dialect: CallerDialect, seen: Seen, stream = false): Turn {
  if (seen.status !== 200 || !seen.clean) throw new Error(`${seen.status}: ${seen.text}`);
  const talk = TALKS[dialect];
  return stream
    ? talk.readStream(seen.text.replace(LOST, ''))
    : talk.read(json(JSON.parse(seen.text)));
}
