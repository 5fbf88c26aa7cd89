import OpenAI, { NotFoundError, RateLimitError } from 'openai';
import type {
  ChatCompletion,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import type {
  Response,
  ResponseCreateParamsNonStreaming,
  ResponseInput,
} from 'openai/resources/responses/responses';
import { only, PICTURE, WEATHER, type Client, type Place } from './client.contract.ts';

export const openAiAt = ({ origin, key }: Place): OpenAI =>
  new OpenAI({ apiKey: key, baseURL: `${origin}/v1`, maxRetries: 0 });

const threw = (error: unknown, status: 404 | 429): boolean =>
  error instanceof (status === 404 ? NotFoundError : RateLimitError);

type AskChat = (
  body: Omit<ChatCompletionCreateParamsNonStreaming, 'stream'>,
) => Promise<ChatCompletion>;

const saidInChat = (answer: ChatCompletion): string => answer.choices[0]?.message.content ?? '';

async function chatTools({ model }: Place, ask: AskChat): Promise<string> {
  const { name, description, schema: parameters, prompt } = WEATHER;
  const tools = [{ type: 'function' as const, function: { name, description, parameters } }];
  const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: prompt }];
  const first = await ask({ model, messages, tools });
  const message = first.choices[0]?.message;
  const call = only(message?.tool_calls);
  if (message === undefined || call.type !== 'function') throw new Error('no call of a function');
  const content = WEATHER.call(JSON.parse(call.function.arguments));
  messages.push(message, { role: 'tool', tool_call_id: call.id, content });
  return saidInChat(await ask({ model, messages, tools }));
}

/** The official client's Chat Completions. */
export const openAiChat: Client = {
  name: '`openai`, chat',
  threw,
  async text(place, content) {
    const chat = openAiAt(place).chat.completions;
    const { model } = place;
    return saidInChat(await chat.create({ model, messages: [{ role: 'user', content }] }));
  },
  async stream(place, content) {
    const stream = await openAiAt(place).chat.completions.create({
      model: place.model,
      messages: [{ role: 'user', content }],
      stream: true,
    });
    const pieces: string[] = [];
    for await (const { choices } of stream) pieces.push(choices[0]?.delta.content ?? '');
    return pieces;
  },
  tools: (place) => chatTools(place, (body) => openAiAt(place).chat.completions.create(body)),
  streamedTools: (place) =>
    chatTools(place, (body) => openAiAt(place).chat.completions.stream(body).finalChatCompletion()),
  async vision(place) {
    const content = [
      { type: 'text' as const, text: PICTURE.prompt },
      { type: 'image_url' as const, image_url: { url: PICTURE.url } },
    ];
    const messages = [{ role: 'user' as const, content }];
    return saidInChat(
      await openAiAt(place).chat.completions.create({ model: place.model, messages }),
    );
  },
  async json(place) {
    const answer = await openAiAt(place).chat.completions.create({
      model: place.model,
      messages: [{ role: 'user', content: 'How is the weather?' }],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'weather', schema: WEATHER.schema, strict: true },
      },
    });
    return JSON.parse(saidInChat(answer));
  },
};

type AskResponses = (body: Omit<ResponseCreateParamsNonStreaming, 'stream'>) => Promise<Response>;

async function responsesTools({ model }: Place, ask: AskResponses): Promise<string> {
  const { name, description, schema: parameters, prompt } = WEATHER;
  const tools = [{ type: 'function' as const, name, description, parameters, strict: true }];
  const input: ResponseInput = [{ role: 'user', content: prompt }];
  const first = await ask({ model, input, tools, store: false });
  const call = only(first.output.filter((item) => item.type === 'function_call'));
  const output = WEATHER.call(JSON.parse(call.arguments));
  input.push(...first.output.filter((item) => item.type === 'reasoning'), call, {
    type: 'function_call_output',
    call_id: call.call_id,
    output,
  });
  return (await ask({ model, input, tools, store: false })).output_text;
}

/** The official client's Responses. */
export const openAiResponses: Client = {
  name: '`openai`, responses',
  threw,
  async text(place, input) {
    return (await openAiAt(place).responses.create({ model: place.model, input })).output_text;
  },
  async stream(place, input) {
    const stream = openAiAt(place).responses.stream({ model: place.model, input });
    const pieces: string[] = [];
    for await (const event of stream) {
      if (event.type === 'response.output_text.delta') pieces.push(event.delta);
    }
    await stream.finalResponse();
    return pieces;
  },
  tools: (place) => responsesTools(place, (body) => openAiAt(place).responses.create(body)),
  streamedTools: (place) =>
    responsesTools(place, (body) => openAiAt(place).responses.stream(body).finalResponse()),
  async vision(place) {
    const content = [
      { type: 'input_text' as const, text: PICTURE.prompt },
      { type: 'input_image' as const, image_url: PICTURE.url, detail: 'auto' as const },
    ];
    const input = [{ role: 'user' as const, content }];
    return (await openAiAt(place).responses.create({ model: place.model, input })).output_text;
  },
  async json(place) {
    const { output_text: text } = await openAiAt(place).responses.create({
      model: place.model,
      input: 'How is the weather?',
      text: {
        format: { type: 'json_schema', name: 'weather', schema: WEATHER.schema, strict: true },
      },
    });
    return JSON.parse(text);
  },
};
