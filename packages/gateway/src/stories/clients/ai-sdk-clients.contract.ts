import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogle } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import {
  APICallError,
  generateText,
  isStepCount,
  jsonSchema,
  Output,
  streamText,
  tool,
  type LanguageModel,
} from 'ai';
import { PICTURE, WEATHER, type Client, type Place } from './client.contract.ts';

const weather = {
  get_weather: tool({
    description: WEATHER.description,
    inputSchema: jsonSchema<Record<string, unknown>>(WEATHER.schema),
    execute: (input) => WEATHER.call(input),
  }),
};

/** Vercel's `ai`, which speaks through a provider package. */
function aiSdk(name: string, modelAt: (place: Place) => LanguageModel): Client {
  const always = (place: Place) => ({ model: modelAt(place), maxRetries: 0 });
  const toolsAsked = { prompt: WEATHER.prompt, tools: weather, stopWhen: isStepCount(3) };
  // Left alone, it prints what a stream throws.
  const onError = () => undefined;
  return {
    name,
    threw: (error, status) => APICallError.isInstance(error) && error.statusCode === status,
    async text(place, prompt) {
      return (await generateText({ ...always(place), prompt })).text;
    },
    async stream(place, prompt) {
      const pieces: string[] = [];
      for await (const part of streamText({ ...always(place), prompt, onError }).fullStream) {
        if (part.type === 'text-delta') pieces.push(part.text);
        if (part.type === 'error') throw part.error;
      }
      return pieces;
    },
    async tools(place) {
      return (await generateText({ ...always(place), ...toolsAsked })).text;
    },
    async streamedTools(place) {
      return await streamText({ ...always(place), ...toolsAsked, onError }).text;
    },
    async vision(place) {
      const { mediaType, base64: data, prompt: text } = PICTURE;
      const content = [
        { type: 'text' as const, text },
        { type: 'file' as const, mediaType, data },
      ];
      const messages = [{ role: 'user' as const, content }];
      return (await generateText({ ...always(place), messages })).text;
    },
    async json(place) {
      const answer = await generateText({
        ...always(place),
        prompt: 'How is the weather?',
        output: Output.object({ schema: jsonSchema(WEATHER.schema) }),
      });
      return answer.output;
    },
  };
}

export const AI_SDK_CLIENTS: readonly Client[] = [
  aiSdk('`ai`, `@ai-sdk/openai`', ({ origin, key, model }) =>
    createOpenAI({ baseURL: `${origin}/v1`, apiKey: key })(model),
  ),
  aiSdk('`ai`, `@ai-sdk/openai` chat', ({ origin, key, model }) =>
    createOpenAI({ baseURL: `${origin}/v1`, apiKey: key }).chat(model),
  ),
  aiSdk('`ai`, `@ai-sdk/anthropic`', ({ origin, key, model }) =>
    createAnthropic({ baseURL: `${origin}/v1`, apiKey: key })(model),
  ),
  aiSdk('`ai`, `@ai-sdk/google`', ({ origin, key, model }) =>
    createGoogle({ baseURL: `${origin}/v1beta`, apiKey: key })(model),
  ),
];
