/** What has no route of its own goes to a provider as it came: opened by an operator, with keys chosen as for every call. */
import OpenAI, { NotFoundError } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { consumerKey, startStory, type Story } from '@keywell/testkit/gateway-story';

const RULES = [
  'POST /fine_tuning/jobs',
  'GET /fine_tuning/**',
  'POST /fine_tuning/jobs/*/cancel',
  '/vector_stores',
  '/vector_stores/**',
];

let story: Story;

beforeAll(async () => {
  story = await startStory({
    workers: 2,
    consumers: [
      { id: 'trainer', models: ['openai/gpt-5'], passthrough: ['openai'] },
      { id: 'chatter', models: ['*'] },
      { id: 'reader', models: [], passthrough: ['*'] },
    ],
    providers: ({ url }) => [
      {
        id: 'openai',
        baseUrl: url,
        passthrough: RULES,
        keys: ['a', 'b'].map((id) => ({ id, value: `sk-simulated-${id}`, domain: ['org-1'] })),
      },
      { id: 'closed', baseUrl: url, keys: [{ id: 'c', value: 'sk-simulated-c' }] },
    ],
    keys: [{ id: 'a', domain: ['org-1'] }, { id: 'b', domain: ['org-1'] }, { id: 'c' }],
  });
});
afterAll(() => story.close());
beforeEach(() => story.reset());

const client = (consumer = 0, provider = 'openai'): OpenAI =>
  new OpenAI({
    apiKey: consumerKey(consumer),
    baseURL: `${story.url}/providers/${provider}`,
    maxRetries: 0,
  });
const JOB = { model: 'gpt-5', training_file: 'file-1' };
const calls = (): number => Object.values(story.called()).reduce((sum, count) => sum + count, 0);
const get = (path: string, consumer = 0): Promise<Response> =>
  fetch(`${story.url}${path}`, { headers: { authorization: `Bearer ${consumerKey(consumer)}` } });

describe('OpenAI’s own client, with the base URL of a provider here', () => {
  it('trains a model: made, read, listed, cancelled, each with one call', async () => {
    const { jobs } = client().fineTuning;
    const { id, status } = await jobs.create(JOB);
    expect(status).toBe('queued');
    expect(await jobs.retrieve(id)).toMatchObject({ id, model: 'gpt-5' });
    expect((await jobs.list({ limit: 5 })).data.map((job) => job.id)).toEqual([id]);
    expect(await jobs.cancel(id)).toMatchObject({ id, status: 'cancelled' });
    expect(calls()).toBe(4);
  });

  it('keeps a vector store and deletes it', async () => {
    const { vectorStores } = client();
    const { id } = await vectorStores.create({ name: 'notes' });
    expect(await vectorStores.retrieve(id)).toMatchObject({ name: 'notes' });
    expect(await vectorStores.delete(id)).toMatchObject({ deleted: true });
    await expect(vectorStores.retrieve(id)).rejects.toThrow(NotFoundError);
    expect(calls()).toBe(4);
  });

  it('is told in the provider’s words what is not there, and no key is the worse for it', async () => {
    await expect(client().fineTuning.jobs.retrieve('ftjob-none')).rejects.toMatchObject({
      status: 404,
      code: 'fine_tune_not_found',
    });
    expect(calls()).toBe(1);
    expect(story.node.keys().map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
    expect(story.node.keys().flatMap(({ cooldowns }) => cooldowns)).toEqual([]);
  });

  it('is served by another key when one is dead', async () => {
    story.simulator.set({ fault: 'dead_key', key: 'a' });
    for (let turn = 0; turn < 4; turn += 1) await client().fineTuning.jobs.list();
    expect(story.called()['b']).toBe(4);
    expect(story.called()['a'] ?? 0).toBeLessThanOrEqual(1);
  });
});

describe('what is not opened', () => {
  it.each([
    { method: 'GET', path: '/fine_tuning', words: /"GET \/fine_tuning" is not open/ },
    { method: 'DELETE', path: '/fine_tuning/jobs/x', words: /"DELETE \/fine_tuning\/jobs\/x"/ },
    {
      method: 'GET',
      path: '/assistants',
      words: /"openai" would have to list it at "passthrough"/,
    },
  ])(
    'is $method $path: refused, and told how it would be opened',
    async ({ method, path, words }) => {
      const answer = await fetch(`${story.url}/providers/openai${path}`, {
        method,
        headers: { authorization: `Bearer ${consumerKey(0)}` },
      });
      expect(answer.status).toBe(404);
      expect((await answer.text()).replaceAll('\\', '')).toMatch(words);
      expect(calls()).toBe(0);
    },
  );

  it('is anything to a consumer that may not pass calls through', async () => {
    const answer = await get('/providers/openai/vector_stores', 1);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toMatch(/may not pass calls through to/);
    expect(calls()).toBe(0);
  });

  it('is a provider that opens nothing, and one that is not there: whoever may not call learns of neither', async () => {
    expect((await get('/providers/closed/vector_stores', 2)).status).toBe(404);
    expect((await get('/providers/nobody/vector_stores', 2)).status).toBe(404);
    const one = await (await get('/providers/closed/vector_stores')).text();
    const other = await (await get('/providers/nobody/vector_stores')).text();
    const shape = (text: string): string =>
      text.replace(/closed|nobody/g, 'x').replace(/req[\w-]+/g, '');
    expect(shape(one)).toBe(shape(other));
    expect(calls()).toBe(0);
  });

  it.each(['/providers', '/providers/', '/providers/openai', '/providers//x', '/providers/../x'])(
    '%s leads nowhere',
    async (path) => {
      const answer = await get(path);
      expect([400, 404]).toContain(answer.status);
      expect(calls()).toBe(0);
    },
  );

  it('is a model that the caller may not call', async () => {
    await expect(
      client(2).fineTuning.jobs.create({ ...JOB, model: 'gpt-5' }),
    ).rejects.toMatchObject({ status: 403, code: 'model_not_allowed' });
    await expect(
      client(0).fineTuning.jobs.create({ ...JOB, model: 'gpt-5-large' }),
    ).rejects.toMatchObject({ status: 403, code: 'model_not_allowed' });
    expect(calls()).toBe(0);
  });

  it('has no place in the list of models, nor as a model', async () => {
    const { data } = await new OpenAI({ apiKey: consumerKey(1), baseURL: story.url }).models.list();
    expect(data.map(({ id }) => id)).toEqual(['smart']);
    const chat = (model: string) =>
      new OpenAI({ apiKey: consumerKey(1), baseURL: story.url, maxRetries: 0 }).chat.completions
        .create({ model, messages: [{ role: 'user', content: 'hello' }] })
        .catch((error: unknown) => error);
    expect(await chat('passthrough:openai')).toMatchObject({ status: 404 });
    expect(await chat('openai/passthrough')).toMatchObject({ status: 404 });
    expect(calls()).toBe(0);
  });
});

it('is told in the log with method and path and without a query, under a label of its own, with an unknown cost', async () => {
  const answer = await get('/providers/openai/vector_stores?limit=3&secret=canary');
  expect(answer.headers.get('keywell-provider')).toBe('openai');
  expect(answer.headers.get('keywell-model')).toBeNull();
  expect(answer.headers.get('keywell-cost')).toBeNull();
  await answer.text();
  const record = await story.recordOf(answer.headers.get('keywell-request-id') ?? '');
  expect(record).toMatchObject({
    method: 'GET',
    path: '/v1/providers/openai/vector_stores',
    operation: 'passthrough',
    pool: 'passthrough:openai',
    model: null,
    provider: 'openai',
    status: 200,
    costMicros: null,
  });
  expect(JSON.stringify(record)).not.toContain('canary');
  expect(
    story.metric('keywell_requests_total{operation="passthrough",status="2xx"}'),
  ).toBeGreaterThan(0);
  expect(story.metric('keywell_cost_unknown_total')).toBe(0);
  expect(story.node.pools().map(({ pool }) => pool)).toEqual(['chat', 'passthrough:openai']);
});
