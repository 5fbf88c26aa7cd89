/** The official SDK reads what the Responses codec writes: whole answers, streams through its accumulator, and errors in both. */
import OpenAI from 'openai';
import { bareRequest } from '@keywell/wire/canonical/request';
import type { AnswerStamp } from '@keywell/wire/canonical/codec';
import { Drops } from '@keywell/wire/canonical/drops';
import { unfoldResponse } from '@keywell/wire/canonical/fold-stream.contract';
import { SAMPLE_RESPONSES, sampleResponse } from '@keywell/wire/canonical/samples.contract';
import { responsesCodec } from '@keywell/wire/openai-responses/codec';
import { renderError, renderStreamError } from '@keywell/wire/openai-responses/render-error';
import { describe, expect, it } from 'vitest';

const STAMP: AnswerStamp = {
  id: 'r1',
  model: 'alias',
  createdAt: 1_700_000_000,
  includeUsage: true,
  request: bareRequest('openai-responses', 'alias', []),
};
const SAMPLES = [...SAMPLE_RESPONSES].filter(([, { choices }]) => choices.length === 1);
const ASK = { model: 'alias', input: 'Hi' };
const ERROR = { code: 'upstream_error', message: 'The provider failed.', param: null } as const;

/** A client to which every call is answered with this. */
function client(body: string, type: string, status = 200): OpenAI {
  const answer = () =>
    Promise.resolve(new Response(body, { status, headers: { 'content-type': type } }));
  return new OpenAI({
    apiKey: 'sk-x',
    baseURL: 'http://keywell.test/v1',
    maxRetries: 0,
    fetch: answer,
  });
}

function streamText(name: string): string {
  const encoder = responsesCodec.streamEncoder(STAMP);
  const response = SAMPLE_RESPONSES.get(name) ?? sampleResponse([]);
  return unfoldResponse(response, 4)
    .map((event) => encoder.encode(event))
    .join('');
}

describe('the official SDK', () => {
  it.each(SAMPLES)('reads a whole answer: %s', async (_, response) => {
    const body = responsesCodec.encodeResponse(response, STAMP, new Drops());
    const read = await client(JSON.stringify(body), 'application/json').responses.create(ASK);
    const texts = response.choices[0]?.parts.flatMap((part) =>
      part.kind === 'text' ? [part.text] : [],
    );
    expect(read.output_text).toBe(texts?.join(''));
  });

  it.each(SAMPLES)('accumulates a stream to the same answer: %s', async (name, response) => {
    const stream = client(streamText(name), 'text/event-stream').responses.stream(ASK);
    const numbers: number[] = [];
    stream.on('event', (event) => numbers.push(event.sequence_number));
    const final = await stream.finalResponse();
    expect(numbers).toEqual(numbers.map((_, index) => index));
    const body = responsesCodec.encodeResponse(response, STAMP, new Drops());
    const plain = JSON.parse(JSON.stringify(final.output)) as unknown[];
    expect(plain).toMatchObject(JSON.parse(JSON.stringify(body['output'])) as unknown[]);
    expect(final.status).toBe(body['status']);
  });

  it('throws what a refusal says', async () => {
    const refused = client(renderError(ERROR), 'application/json', 502).responses.create(ASK);
    await expect(refused).rejects.toMatchObject({ status: 502, code: 'upstream_error' });
  });

  it('throws in the middle of a stream, from its accumulator and from the bare stream', async () => {
    const text = streamText('text');
    const begun = text.slice(0, text.indexOf('event: response.output_text.done'));
    const open = client(begun + renderStreamError(ERROR), 'text/event-stream');
    const thrown = { code: 'upstream_error', type: 'server_error', message: ERROR.message };
    await expect(open.responses.stream(ASK).finalResponse()).rejects.toMatchObject(thrown);
    const events: string[] = [];
    const bare = async () => {
      const stream = await open.responses.create({ ...ASK, stream: true });
      for await (const event of stream) events.push(event.type);
    };
    await expect(bare()).rejects.toMatchObject(thrown);
    expect(events.at(-1)).toBe('response.output_text.delta');
  });
});
