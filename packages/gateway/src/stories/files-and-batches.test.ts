/** Files and batches live with one account of the provider, and belong to the consumer who made them. */
import OpenAI, { APIError, toFile } from 'openai';
import type { ObjectChange } from '@keywell/core/ownership/owned-object';
import { memoryObjectStore } from '@keywell/storage/objects/memory-object-store';
import { consumerKey, startStory, type Story } from '@keywell/testkit/gateway-story';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const ALL = { models: ['*'] };
const CONSUMERS = [
  { id: 'web', ...ALL },
  { id: 'other', ...ALL },
  { id: 'narrow', models: ['cheap'] },
  { id: 'thrifty', ...ALL, budget: { amountMicros: 1e9, period: 'day' as const } },
];

let story: Story;
const store = memoryObjectStore();
const remember = (changes: readonly ObjectChange[]): boolean => {
  store.applyNow(changes);
  return true;
};

beforeAll(async () => {
  story = await startStory({ workers: 2, pools: 3, consumers: CONSUMERS, onObjects: remember });
});
afterAll(() => story.close());
beforeEach(() => story.reset());

const client = (consumer = 0, at: Story = story): OpenAI =>
  new OpenAI({ apiKey: consumerKey(consumer), baseURL: at.url, maxRetries: 0 });

const notes = (text = 'some notes') => toFile(Buffer.from(text), 'notes.txt');
const upload = (consumer = 0, text?: string) =>
  notes(text).then((file) => client(consumer).files.create({ file, purpose: 'user_data' }));

const line = (body: object, id = 'one'): string =>
  JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body });
const HELLO = { role: 'user' as const, content: 'Say hello' };
const ASK = { model: 'smart', messages: [HELLO] };
const uploadBatch = async (lines: readonly string[], consumer = 0) => {
  const file = await toFile(Buffer.from(lines.join('\n')), 'batch.jsonl');
  return client(consumer).files.create({ file, purpose: 'batch' });
};

/** The calls that only go where the file is: the key that was not asked has none. */
const onlyOneKeyWasCalled = (calls: number): void => {
  expect(Object.values(story.called())).toEqual([calls]);
};

describe('a file', () => {
  it('is kept with one account, and read, listed and deleted there', async () => {
    const { id } = await upload();
    expect(await client().files.retrieve(id)).toMatchObject({ id, filename: 'notes.txt' });
    expect(await (await client().files.content(id)).text()).toBe('some notes');
    const page = await client().files.list();
    expect(page.data.map((file) => file.id)).toContain(id);
    expect(await client().files.delete(id)).toMatchObject({ id, deleted: true });
    onlyOneKeyWasCalled(4);
    await expect(client().files.retrieve(id)).rejects.toMatchObject({ status: 404 });
    onlyOneKeyWasCalled(4);
    expect((await client().files.list()).data.map((file) => file.id)).not.toContain(id);
  });

  it('is nobody else’s: not to see, not to list, not to name, not to delete', async () => {
    const { id } = await upload();
    const other = client(1);
    await expect(other.files.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await expect(other.files.content(id)).rejects.toMatchObject({ status: 404 });
    await expect(other.files.delete(id)).rejects.toMatchObject({ status: 404 });
    expect((await other.files.list()).data).toEqual([]);
    await expect(
      other.batches.create({
        input_file_id: id,
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
      }),
    ).rejects.toMatchObject({ status: 404 });
    const part = { type: 'file' as const, file: { file_id: id } };
    const ask = { model: 'smart', messages: [{ role: 'user' as const, content: [part] }] };
    await expect(other.chat.completions.create(ask)).rejects.toMatchObject({
      status: 404,
      param: 'file_id',
    });
    onlyOneKeyWasCalled(1);
    expect(await client().files.retrieve(id)).toMatchObject({ id });
  });

  it('is reached by its own key alone, however many others are drawn first', async () => {
    const { id } = await upload();
    const [used] = Object.keys(story.called());
    for (let turn = 0; turn < 5; turn += 1) await client().files.retrieve(id);
    expect(story.called()).toEqual({ [used ?? '']: 6 });
  });

  it('is told as out of reach for now when its account is dry, and asked for nowhere else', async () => {
    const { id } = await upload();
    const [used = ''] = Object.keys(story.called());
    story.simulator.set({ fault: 'quota_exhausted', key: used });
    await client().chat.completions.create({ model: story.freshModel(), messages: [HELLO] });
    const called = story.called();
    const refusal: unknown = await client()
      .files.retrieve(id)
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ status: 429, code: 'pool_exhausted' });
    const after = refusal instanceof APIError ? refusal.headers?.get('retry-after') : null;
    expect(Number(after)).toBeGreaterThan(290);
    expect(story.called()).toEqual(called);
  });

  it('is read while the limit of the model is used up: that counts calls of the model', async () => {
    const { id } = await upload();
    const [used = ''] = Object.keys(story.called());
    story.simulator.set({ fault: 'rate_limited', key: used, retryAfterMs: 30_000 });
    await client().chat.completions.create({ model: story.freshModel(), messages: [HELLO] });
    expect(await client().files.retrieve(id)).toMatchObject({ id });
  });

  it.each(['nothing', '..', '%2e%2e', 'a%2Fb'])(
    'named %s is not there, and nobody is asked',
    async (id) => {
      const answer = await fetch(`${story.url}/files/${id}`, {
        headers: { authorization: `Bearer ${consumerKey(0)}` },
      });
      expect(answer.status).toBe(404);
      expect(story.called()).toEqual({});
    },
  );

  it('goes to the pool that the header names, and not to one that the caller may not call', async () => {
    const headers = { 'keywell-model': 'smart' };
    const file = await client().files.create(
      { file: await notes(), purpose: 'user_data' },
      { headers },
    );
    expect(file.id).toMatch(/^file-/);
    await expect(
      client(2).files.create({ file: await notes(), purpose: 'user_data' }, { headers }),
    ).rejects.toMatchObject({ status: 403 });
    await expect(upload(2)).rejects.toMatchObject({ status: 400 });
    onlyOneKeyWasCalled(1);
  });

  it('that the provider refuses is refused in its words, and cools nothing', async () => {
    const form = new FormData();
    form.set('purpose', 'nonsense');
    form.set('file', new Blob(['x']), 'x.txt');
    const answer = await fetch(`${story.url}/files`, {
      method: 'POST',
      headers: { authorization: `Bearer ${consumerKey(0)}` },
      body: form,
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('is not one of');
    expect(story.node.keys().every(({ state }) => state === 'ready')).toBe(true);
    onlyOneKeyWasCalled(1);
  });

  it('that is gone at the provider is 404 and cools nothing', async () => {
    const { id } = await upload();
    story.simulator.reset();
    await expect(client().files.retrieve(id)).rejects.toMatchObject({ status: 404 });
    expect(story.node.keys().every(({ state }) => state === 'ready')).toBe(true);
  });
});

describe('a batch', () => {
  it('runs where its file is, with the model the target has, and its output is the caller’s', async () => {
    const file = await uploadBatch([line(ASK), '', line(ASK, 'two')]);
    const text = await (await client().files.content(file.id)).text();
    expect(text).toContain('"model":"gpt-5"');
    expect(text).not.toContain('smart');
    let batch = await client().batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    });
    for (let turn = 0; turn < 3 && batch.status !== 'completed'; turn += 1) {
      batch = await client().batches.retrieve(batch.id);
    }
    expect(batch).toMatchObject({ status: 'completed', request_counts: { completed: 2 } });
    const output = batch.output_file_id ?? '';
    expect(await (await client().files.content(output)).text()).toContain('"custom_id":"two"');
    await expect(client(1).files.content(output)).rejects.toMatchObject({ status: 404 });
    await expect(client(1).batches.retrieve(batch.id)).rejects.toMatchObject({ status: 404 });
    const listed = (await client().batches.list()).data;
    expect(listed.find(({ id }) => id === batch.id)?.status).toBe('completed');
    expect((await client(1).batches.list()).data).toEqual([]);
    expect(Object.keys(story.called())).toHaveLength(1);
  });

  it('can be cancelled', async () => {
    const file = await uploadBatch([line(ASK)]);
    const batch = await client().batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    });
    expect(await client().batches.cancel(batch.id)).toMatchObject({ status: 'cancelling' });
  });

  it.each([
    ['names a model that the caller may not call', [line(ASK)], 2, 403],
    ['names a model there is not', [line({ ...ASK, model: 'dumb' })], 0, 404],
    ['names two models', [line(ASK), line({ ...ASK, model: 'gpt-5' })], 0, 400],
    ['holds a line that is no JSON', [line(ASK), '{'], 0, 400],
    ['names no model', [line({ messages: [] })], 0, 400],
    ['holds no line', ['', ' '], 0, 400],
    [
      'names a file of nobody’s',
      [
        line({
          ...ASK,
          messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-x' } }] }],
        }),
      ],
      0,
      404,
    ],
  ] as const)(
    'whose file %s is refused before anything is sent',
    async (_, lines, consumer, status) => {
      await expect(uploadBatch(lines, consumer)).rejects.toMatchObject({ status });
      expect(story.called()).toEqual({});
    },
  );

  it('is not started with a file that was not read as one', async () => {
    const { id } = await upload();
    await expect(
      client().batches.create({
        input_file_id: id,
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
      }),
    ).rejects.toMatchObject({ status: 400, param: 'input_file_id' });
    const form = new FormData();
    form.set('purpose', new Blob(['batch']), 'purpose.txt');
    form.set('file', new Blob([line({ ...ASK, model: 'secret' })]), 'x.jsonl');
    const answer = await fetch(`${story.url}/files`, {
      method: 'POST',
      headers: { authorization: `Bearer ${consumerKey(0)}` },
      body: form,
    });
    expect(answer.status).toBe(400);
    onlyOneKeyWasCalled(1);
  });

  it('is not started for a consumer with a budget', async () => {
    await expect(
      client(3).batches.create({
        input_file_id: 'file-1',
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
      }),
    ).rejects.toMatchObject({ status: 403 });
  });
});

describe('a restart', () => {
  it('leaves everybody what is theirs', async () => {
    const { id } = await upload();
    const objects = await store.load();
    const again = await startStory({ consumers: CONSUMERS, objects });
    try {
      const file = await client(0, again).files.list();
      expect(file.data.map((each) => each.id)).toContain(id);
      await expect(client(1, again).files.retrieve(id)).rejects.toMatchObject({ status: 404 });
      expect(again.called()).toEqual({});
      // The simulator started anew and knows nothing of it: the question was let through all the same, to one key.
      await expect(client(0, again).files.retrieve(id)).rejects.toMatchObject({ status: 404 });
      expect(Object.values(again.called())).toEqual([1]);
    } finally {
      await again.close();
    }
  });
});
