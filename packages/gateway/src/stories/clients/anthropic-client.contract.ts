import Anthropic, { NotFoundError, RateLimitError } from '@anthropic-ai/sdk';
import type {
  Message,
  MessageCreateParamsNonStreaming,
  MessageParam,
} from '@anthropic-ai/sdk/resources/messages/messages';
import { only, PICTURE, WEATHER, type Client, type Place } from './client.contract.ts';

const anthropicAt = ({ origin, key }: Place): Anthropic =>
  new Anthropic({ apiKey: key, baseURL: origin, maxRetries: 0 });

const LIMIT = 500;

type Ask = (body: MessageCreateParamsNonStreaming) => Promise<Message>;

const said = ({ content }: Message): string =>
  content.map((block) => (block.type === 'text' ? block.text : '')).join('');

async function loop({ model }: Place, ask: Ask): Promise<string> {
  const { name, description, schema, prompt } = WEATHER;
  const { type, properties, required } = schema;
  const tools = [
    { name, description, input_schema: { type, properties, required: [...required] } },
  ];
  const messages: MessageParam[] = [{ role: 'user', content: prompt }];
  const first = await ask({ model, messages, tools, max_tokens: LIMIT });
  const call = only(first.content.filter((block) => block.type === 'tool_use'));
  const content = WEATHER.call(call.input);
  messages.push(
    { role: 'assistant', content: first.content },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content }] },
  );
  return said(await ask({ model, messages, tools, max_tokens: LIMIT }));
}

/** The official client's Messages. */
export const anthropicMessages: Client = {
  name: '`@anthropic-ai/sdk`',
  threw: (error, status) => error instanceof (status === 404 ? NotFoundError : RateLimitError),
  async text(place, content) {
    const messages = [{ role: 'user' as const, content }];
    const { model } = place;
    return said(await anthropicAt(place).messages.create({ model, messages, max_tokens: LIMIT }));
  },
  async stream(place, content) {
    const messages = [{ role: 'user' as const, content }];
    const { model } = place;
    const stream = anthropicAt(place).messages.stream({ model, messages, max_tokens: LIMIT });
    const pieces: string[] = [];
    stream.on('text', (piece) => pieces.push(piece));
    await stream.finalMessage();
    return pieces;
  },
  tools: (place) => loop(place, (body) => anthropicAt(place).messages.create(body)),
  streamedTools: (place) =>
    loop(place, (body) => anthropicAt(place).messages.stream(body).finalMessage()),
  async vision(place) {
    const { mediaType, base64: data, prompt: text } = PICTURE;
    const source = { type: 'base64' as const, media_type: mediaType, data };
    const content = [
      { type: 'image' as const, source },
      { type: 'text' as const, text },
    ];
    const answer = await anthropicAt(place).messages.create({
      model: place.model,
      messages: [{ role: 'user', content }],
      max_tokens: LIMIT,
    });
    return said(answer);
  },
  async json(place) {
    const answer = await anthropicAt(place).messages.create({
      model: place.model,
      messages: [{ role: 'user', content: 'How is the weather?' }],
      max_tokens: LIMIT,
      output_config: { format: { type: 'json_schema', schema: WEATHER.schema } },
    });
    return JSON.parse(said(answer));
  },
};
