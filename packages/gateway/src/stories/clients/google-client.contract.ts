import {
  ApiError,
  GoogleGenAI,
  type Content,
  type GenerateContentConfig,
  type GenerateContentResponse,
} from '@google/genai';
import { only, PICTURE, WEATHER, type Client, type Place } from './client.contract.ts';

const googleAt = ({ origin, key }: Place): GoogleGenAI =>
  new GoogleGenAI({
    apiKey: key,
    httpOptions: { baseUrl: origin, retryOptions: { attempts: 1 } },
  });

type Ask = (contents: Content[], config: GenerateContentConfig) => Promise<Content>;

async function loop(ask: Ask): Promise<string> {
  const { name, description, schema, prompt } = WEATHER;
  const declaration = { name, description, parametersJsonSchema: schema };
  const config = { tools: [{ functionDeclarations: [declaration] }] };
  const contents: Content[] = [{ role: 'user', parts: [{ text: prompt }] }];
  const first = await ask(contents, config);
  const call = only(first.parts?.flatMap((part) => part.functionCall ?? []));
  const output = WEATHER.call(call.args);
  const answered = {
    name,
    response: { output },
    ...(call.id === undefined ? {} : { id: call.id }),
  };
  contents.push(first, { role: 'user', parts: [{ functionResponse: answered }] });
  const { parts } = await ask(contents, config);
  return (parts ?? []).map(({ text }) => text ?? '').join('');
}

const contentOf = (answer: GenerateContentResponse): Content =>
  answer.candidates?.[0]?.content ?? {};

/** Google's official client. It has one class for what a server refuses, with the status in it. */
export const googleGenAi: Client = {
  name: '`@google/genai`',
  threw: (error, status) => error instanceof ApiError && error.status === status,
  async text(place, contents) {
    const { model } = place;
    return (await googleAt(place).models.generateContent({ model, contents })).text ?? '';
  },
  async stream(place, contents) {
    const { model } = place;
    const pieces: string[] = [];
    const stream = await googleAt(place).models.generateContentStream({ model, contents });
    for await (const { text } of stream) pieces.push(text ?? '');
    return pieces;
  },
  tools: (place) =>
    loop(async (contents, config) =>
      contentOf(
        await googleAt(place).models.generateContent({ model: place.model, contents, config }),
      ),
    ),
  streamedTools: (place) =>
    loop(async (contents, config) => {
      const { model } = place;
      const parts: Content['parts'] = [];
      const asked = { model, contents, config };
      for await (const event of await googleAt(place).models.generateContentStream(asked)) {
        parts.push(...(contentOf(event).parts ?? []));
      }
      return { role: 'model', parts };
    }),
  async vision(place) {
    const { mediaType: mimeType, base64: data, prompt: text } = PICTURE;
    const answer = await googleAt(place).models.generateContent({
      model: place.model,
      contents: [{ role: 'user', parts: [{ text }, { inlineData: { mimeType, data } }] }],
    });
    return answer.text ?? '';
  },
  async json(place) {
    const answer = await googleAt(place).models.generateContent({
      model: place.model,
      contents: 'How is the weather?',
      config: { responseMimeType: 'application/json', responseJsonSchema: WEATHER.schema },
    });
    return JSON.parse(answer.text ?? '');
  },
};
