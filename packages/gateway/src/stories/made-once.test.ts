/** An upload and a new batch are there twice when they are sent twice: only a certain refusal lets another key have them. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import OpenAI, { APIError, toFile } from 'openai';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const LINE = JSON.stringify({
  custom_id: 'one',
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model: 'smart', messages: [{ role: 'user', content: 'hello' }] },
});

type Answer = (response: ServerResponse) => void;
const json =
  (status: number, value: unknown): Answer =>
  (response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify(value));
const error = (status: number, message: string, code: string): Answer =>
  json(status, { error: { message, type: code, code } });

/** What the provider answers, in order; then that all is well. */
let answers: Answer[] = [];
let asked: string[] = [];
let story: Story;
const provider: Server = createServer((request, response) => {
  request.resume().on('end', () => {
    const { url = '', headers } = request;
    asked.push(`${url} ${headers.authorization}`);
    const made = url.includes('/files')
      ? { id: `file-${asked.length}`, object: 'file', purpose: 'batch' }
      : { id: `batch_${asked.length}`, object: 'batch', status: 'validating' };
    (answers.shift() ?? json(200, made))(response);
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const address = provider.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const keys = ['a', 'b'].map((id) => ({ id, domain: [id] }));
  story = await startStory({
    providers: () => [{ kind: 'openai', baseUrl: `http://127.0.0.1:${port}/v1`, keys }],
  });
});
afterAll(async () => {
  await story.close();
  provider.closeAllConnections();
  provider.close();
});
beforeEach(() => {
  story.reset();
  answers = [];
  asked = [];
});

const client = (): OpenAI => new OpenAI({ apiKey: STORY_KEY, baseURL: story.url, maxRetries: 0 });
const upload = async () =>
  client().files.create({ file: await toFile(Buffer.from(LINE), 'batch.jsonl'), purpose: 'batch' });
const begin = (file: string) =>
  client().batches.create({
    input_file_id: file,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });

/** Each is made with whatever it needs, which is asked for before. */
const MAKING: readonly (readonly [string, () => Promise<() => Promise<{ id: string }>>])[] = [
  ['an upload', () => Promise.resolve(upload)],
  [
    'a new batch',
    async () => {
      const { id } = await upload();
      return () => begin(id);
    },
  ],
];

const UNCERTAIN: readonly (readonly [string, Answer, status: number])[] = [
  ['a 500', json(500, {}), 502],
  ['a 500 with words', error(500, 'The server had an error', 'server_error'), 502],
  ['a 502 of a proxy', (response) => void response.writeHead(502).end('<html>Bad gateway'), 502],
  ['a 503', error(503, 'The server is overloaded', 'overloaded'), 502],
  ['a 504 of a proxy', (response) => void response.writeHead(504).end(), 502],
  ['a 200 that cannot be read', (response) => void response.writeHead(200).end('<html>'), 502],
  ['a redirect', (response) => void response.writeHead(302, { location: '/x' }).end(), 502],
  ['a reset', (response) => void response.destroy(), 504],
];

const CERTAIN: readonly (readonly [string, Answer])[] = [
  ['a rate limit', error(429, 'Rate limit reached', 'rate_limit_exceeded')],
  ['an empty account', error(429, 'You exceeded your current quota', 'insufficient_quota')],
  ['a dead key', error(401, 'Incorrect API key provided', 'invalid_api_key')],
];

describe.each(MAKING)('%s', (_name, prepare) => {
  it.each(UNCERTAIN)('is not sent again after %s', async (_how, answer, status) => {
    const make = await prepare();
    asked = [];
    answers = [answer];
    const failed: unknown = await make().catch((thrown: unknown) => thrown);
    expect(failed).toBeInstanceOf(APIError);
    expect(failed).toMatchObject({ status });
    const headers = failed instanceof APIError ? failed.headers : undefined;
    expect(headers?.get('x-should-retry')).toBe('false');
    expect(asked).toHaveLength(1);
  });
});

describe('an upload', () => {
  it.each(CERTAIN)('goes to another key after %s', async (_how, answer) => {
    answers = [answer];
    expect((await upload()).id).toBe('file-2');
    expect(new Set(asked).size).toBe(2);
  });

  it('that is read again after a 500 is only read', async () => {
    const { id } = await upload();
    answers = [json(500, {})];
    expect(await client().files.retrieve(id)).toMatchObject({ object: 'file' });
    expect(asked).toHaveLength(3);
  });
});
