import { ChatAnthropic } from '@langchain/anthropic';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import {
  HumanMessage,
  ToolMessage,
  type AIMessageChunk,
  type BaseMessage,
} from '@langchain/core/messages';
import { ChatGoogleGenerativeAI } from '@langchain/google-genai';
import { ChatOpenAI } from '@langchain/openai';
import { only, PICTURE, WEATHER, type Client, type Place } from './client.contract.ts';

const { name, description, schema: parameters } = WEATHER;
const TOOL = { type: 'function' as const, function: { name, description, parameters } };

type Ask = (messages: BaseMessage[]) => Promise<AIMessageChunk>;

async function loop(ask: Ask): Promise<string> {
  const messages: BaseMessage[] = [new HumanMessage(WEATHER.prompt)];
  const first = await ask(messages);
  const call = only(first.tool_calls);
  const content = WEATHER.call(call.args);
  messages.push(first, new ToolMessage({ content, tool_call_id: call.id ?? '', name: call.name }));
  return (await ask(messages)).text;
}

function statusOf(error: unknown): unknown {
  return error instanceof Error && 'status' in error ? error.status : null;
}

/** LangChain, whose errors are those of the client below it: the status is in them. */
function langChain(
  client: string,
  modelAt: (place: Place) => BaseChatModel,
  modelPrefix = '',
): Client {
  const withTool = (place: Place) => {
    const model = modelAt(place);
    if (model.bindTools === undefined) throw new Error('the model knows no tools');
    return model.bindTools([TOOL]);
  };
  return {
    name: client,
    modelPrefix,
    threw: (error, status) => statusOf(error) === status,
    async text(place, prompt) {
      return (await modelAt(place).invoke(prompt)).text;
    },
    async stream(place, prompt) {
      const pieces: string[] = [];
      for await (const { text } of await modelAt(place).stream(prompt)) pieces.push(text);
      return pieces;
    },
    tools: (place) => loop((messages) => withTool(place).invoke(messages)),
    streamedTools: (place) =>
      loop(async (messages) => {
        let whole: AIMessageChunk | null = null;
        for await (const chunk of await withTool(place).stream(messages)) {
          whole = whole === null ? chunk : whole.concat(chunk);
        }
        if (whole === null) throw new Error('nothing came');
        return whole;
      }),
    async vision(place) {
      const content = [
        { type: 'text', text: PICTURE.prompt },
        { type: 'image_url', image_url: { url: PICTURE.url } },
      ];
      return (await modelAt(place).invoke([new HumanMessage({ content })])).text;
    },
    json: (place) =>
      modelAt(place)
        .withStructuredOutput({ title: 'weather', ...WEATHER.schema }, { method: 'jsonSchema' })
        .invoke('How is the weather?'),
  };
}

/** It sends pictures only to models that it knows by how their name begins. */
export const GOOGLES = 'gemini-2.5-';

export const LANGCHAIN_CLIENTS: readonly Client[] = [
  langChain('`@langchain/openai`', ({ origin, key, model }) => {
    const configuration = { baseURL: `${origin}/v1` };
    return new ChatOpenAI({ model, apiKey: key, maxRetries: 0, configuration });
  }),
  langChain('`@langchain/openai`, responses', ({ origin, key, model }) => {
    const configuration = { baseURL: `${origin}/v1` };
    const useResponsesApi = true;
    return new ChatOpenAI({ model, apiKey: key, maxRetries: 0, configuration, useResponsesApi });
  }),
  langChain(
    '`@langchain/anthropic`',
    ({ origin, key, model }) =>
      new ChatAnthropic({ model, apiKey: key, maxRetries: 0, anthropicApiUrl: origin }),
  ),
  langChain(
    '`@langchain/google-genai`',
    ({ origin, key, model }) =>
      new ChatGoogleGenerativeAI({ model, apiKey: key, maxRetries: 0, baseUrl: origin }),
    GOOGLES,
  ),
];
