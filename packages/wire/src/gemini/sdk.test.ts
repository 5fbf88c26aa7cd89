/** The official SDK against what is encoded here: it is the judge of whether a caller of Gemini can read it. */
import { GoogleGenAI, type GenerateContentResponse } from '@google/genai';
import { describe, expect, it } from 'vitest';
import type { AnswerStamp } from '../canonical/codec.ts';
import { textPart } from '../canonical/content.ts';
import { Drops } from '../canonical/drops.ts';
import { unfoldResponse } from '../canonical/fold-stream.contract.ts';
import { thinking, toolCall, turn } from '../canonical/sample-parts.contract.ts';
import {
  FULL_USAGE,
  sampleChoice,
  sampleRequest,
  sampleResponse,
} from '../canonical/samples.contract.ts';
import type { JsonObject } from '../json/value.ts';
import { geminiCodec } from './codec.ts';
import { encodeEmbedResponse } from './embed.ts';
import { renderTokenCount } from './count-tokens.ts';
import { renderModel, renderModelList } from './models.ts';
import { renderError, renderStreamError } from './render-error.ts';

const STAMP: AnswerStamp = {
  id: 'kw-1',
  model: 'smart',
  createdAt: 1_760_000_000,
  includeUsage: true,
  request: sampleRequest([turn('user', textPart('Hi'))]),
};
const SIGNATURE = { origin: 'anthropic-messages', value: 'c2ln' } as const;
const ANSWER = sampleResponse(
  [
    sampleChoice(
      [
        thinking('They want the sky.', SIGNATURE),
        textPart('Grey, with 🌧️ later.'),
        toolCall('call_a', 'get_weather', '{"city":"Köln"}'),
        toolCall('call_b', 'get_time', '{}'),
      ],
      { stop: 'tool_calls' },
    ),
  ],
  { usage: FULL_USAGE },
);

interface Sent {
  readonly url: string;
  readonly body: JsonObject;
}

/** A client whose calls are all answered alike, and what it sent. */
function client(answer: string, type = 'application/json', status = 200) {
  const sent: Sent[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const body = typeof init?.body === 'string' ? JSON.parse(init.body) : {};
    sent.push({ url: input instanceof Request ? input.url : String(input), body });
    return new Response(answer, { status, headers: { 'content-type': type } });
  };
  const httpOptions = { baseUrl: 'https://gateway.example', fetch };
  return { ai: new GoogleGenAI({ apiKey: 'kw_test', httpOptions }), sent };
}

const whole = JSON.stringify(geminiCodec.encodeResponse(ANSWER, STAMP, new Drops()));
function stream(): string {
  const encoder = geminiCodec.streamEncoder(STAMP);
  return unfoldResponse(ANSWER, 3)
    .map((event) => encoder.encode(event))
    .join('');
}
const model = 'smart';

/** As the SDK's own `text`, which warns where there is more than text. */
function spoken({ candidates }: GenerateContentResponse): string {
  const parts = candidates?.[0]?.content?.parts ?? [];
  return parts.map((part) => (part.thought === true ? '' : (part.text ?? ''))).join('');
}

describe('the official SDK', () => {
  it('reads an answer', async () => {
    const { ai } = client(whole);
    const answer = await ai.models.generateContent({ model, contents: 'Hi' });
    expect(spoken(answer)).toBe('Grey, with 🌧️ later.');
    expect(answer.functionCalls).toEqual([
      { id: 'call_a', name: 'get_weather', args: { city: 'Köln' } },
      { id: 'call_b', name: 'get_time', args: {} },
    ]);
    expect(answer.usageMetadata?.totalTokenCount).toBe(1540);
    expect(answer.candidates?.[0]?.finishReason).toBe('STOP');
  });

  it('reads a stream to its end', async () => {
    const { ai } = client(stream(), 'text/event-stream');
    let text = '';
    const calls: unknown[] = [];
    let reason: string | undefined;
    for await (const chunk of await ai.models.generateContentStream({ model, contents: 'Hi' })) {
      text += spoken(chunk);
      calls.push(...(chunk.functionCalls ?? []));
      reason = chunk.candidates?.[0]?.finishReason ?? reason;
    }
    expect([text, calls.length, reason]).toEqual(['Grey, with 🌧️ later.', 2, 'STOP']);
  });

  it('remembers a streamed answer in its chat, and its next turn has the foreign proof', async () => {
    const { ai, sent } = client(stream(), 'text/event-stream');
    const chat = ai.chats.create({ model });
    for await (const _ of await chat.sendMessageStream({ message: 'Hi' }));
    for await (const _ of await chat.sendMessageStream({
      message: [
        { functionResponse: { id: 'call_a', name: 'get_weather', response: { output: 'grey' } } },
        { functionResponse: { id: 'call_b', name: 'get_time', response: { error: 'no clock' } } },
      ],
    }));
    const next = geminiCodec.decodeRequest(sent[1]?.body ?? {}, { model, stream: true });
    if (!next.ok) throw new Error(next.message);
    expect(next.value.turns).toMatchObject([
      turn('user', textPart('Hi')),
      turn(
        'assistant',
        thinking('They want the sky.', SIGNATURE),
        textPart('Grey, with 🌧️ later.'),
        toolCall('call_a', 'get_weather', '{"city":"Köln"}'),
        toolCall('call_b', 'get_time', '{}'),
      ),
      {
        parts: [
          { callId: 'call_a', isError: false },
          { callId: 'call_b', isError: true },
        ],
      },
    ]);
  });

  it('throws what an error says, in an answer and in the middle of a stream', async () => {
    const error = { code: 'pool_exhausted', message: 'Later.', param: null } as const;
    const refused = client(renderError(error), 'application/json', 429);
    await expect(
      refused.ai.models.generateContent({ model, contents: 'Hi' }),
    ).rejects.toMatchObject({
      name: 'ApiError',
      status: 429,
    });
    const cut = stream().split('\n\n').slice(0, 3).join('\n\n');
    const broken = client(`${cut}\n\n${renderStreamError(error)}`, 'text/event-stream');
    const chunks = await broken.ai.models.generateContentStream({ model, contents: 'Hi' });
    const read = async (): Promise<void> => {
      for await (const _ of chunks);
    };
    await expect(read()).rejects.toMatchObject({ name: 'ApiError', status: 429 });
  });

  it('sends requests that are understood whole', async () => {
    const { ai, sent } = client(whole);
    await ai.models.generateContent({
      model,
      contents: ['Hi', { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }],
      config: {
        systemInstruction: 'Be brief.',
        temperature: 0.5,
        responseMimeType: 'application/json',
        responseJsonSchema: { type: 'object' },
        thinkingConfig: { thinkingBudget: 0 },
        tools: [
          { functionDeclarations: [{ name: 'f', parametersJsonSchema: { type: 'object' } }] },
        ],
      },
    });
    expect(sent[0]?.url).toContain('/models/smart:generateContent');
    const request = geminiCodec.decodeRequest(sent[0]?.body ?? {}, { model, stream: false });
    expect(request).toMatchObject({
      ok: true,
      value: {
        turns: [
          turn('system', textPart('Be brief.')),
          { role: 'user', parts: [{ kind: 'text' }, { kind: 'image' }] },
        ],
        tools: [{ name: 'f' }],
        output: { kind: 'json_schema' },
        sampling: { temperature: 0.5 },
        reasoning: { budgetTokens: 0 },
        extensions: {},
      },
    });
  });

  it('reads counts, embeddings and models', async () => {
    const counted = await client(renderTokenCount(7)).ai.models.countTokens({
      model,
      contents: 'Hi',
    });
    expect(counted.totalTokens).toBe(7);
    const vectors = { vectors: [[0.5], [1]], inputTokens: 3 };
    const body = JSON.stringify(encodeEmbedResponse(vectors, 'batchEmbedContents'));
    const embedded = await client(body).ai.models.embedContent({ model, contents: ['a', 'b'] });
    expect(embedded.embeddings).toEqual([{ values: [0.5] }, { values: [1] }]);
    const listed = {
      id: 'smart',
      displayName: null,
      inputTokenLimit: 1000,
      outputTokenLimit: null,
      embeds: false,
    };
    const got = await client(renderModel(listed)).ai.models.get({ model });
    expect(got).toMatchObject({ name: 'models/smart', inputTokenLimit: 1000 });
    expect(got.supportedActions).toContain('generateContent');
    const list = await client(renderModelList([listed])).ai.models.list();
    expect(list.page.map(({ name }) => name)).toEqual(['models/smart']);
  });
});
