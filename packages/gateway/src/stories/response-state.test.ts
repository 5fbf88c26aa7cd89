/** Responses that a provider keeps are gone on from where they are kept, by the consumer who made them. */
import OpenAI, { APIError } from 'openai';
import type { ObjectChange } from '@keywell/core/ownership/owned-object';
import { memoryObjectStore } from '@keywell/storage/objects/memory-object-store';
import { consumerKey, startStory, type Story } from '@keywell/testkit/gateway-story';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const KEYS = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];
const CONSUMERS = [
  { id: 'web', models: ['*'] },
  { id: 'other', models: ['*'] },
  // A simulator that was reset hands out the same ids again: this one has had none of them.
  { id: 'forgetful', models: ['*'] },
];

let story: Story;
const store = memoryObjectStore();
const remember = (changes: readonly ObjectChange[]): boolean => {
  store.applyNow(changes);
  return true;
};

beforeAll(async () => {
  story = await startStory({
    workers: 2,
    keys: KEYS,
    pools: 12,
    consumers: CONSUMERS,
    onObjects: remember,
    pool: { strategy: 'round_robin' },
  });
});
afterAll(() => story.close());
beforeEach(() => story.reset());

const client = (consumer = 0, at: Story = story): OpenAI =>
  new OpenAI({ apiKey: consumerKey(consumer), baseURL: at.url, maxRetries: 0 });
const first = (model: string) => client().responses.create({ model, input: 'My name is Ada.' });
const total = (): number => Object.values(story.called()).reduce((sum, calls) => sum + calls, 0);

describe('a response that is kept', () => {
  it('is gone on from with the key that made it, whoever’s turn it is', async () => {
    const model = story.freshModel();
    let response = await first(model);
    for (let turn = 0; turn < 5; turn += 1) {
      response = await client().responses.create({
        model,
        input: 'And again?',
        previous_response_id: response.id,
      });
    }
    expect(Object.values(story.called())).toEqual([6]);
    expect(total()).toBe(6);
  });

  it('is known from the first event of a stream, and can be streamed on from', async () => {
    const model = story.freshModel();
    const stream = await client().responses.create({ model, input: 'Hello', stream: true });
    let id = '';
    for await (const event of stream) if (event.type === 'response.created') id = event.response.id;
    const more = client().responses.stream({ model, input: 'More', previous_response_id: id });
    expect((await more.finalResponse()).status).toBe('completed');
    expect(Object.values(story.called())).toEqual([2]);
  });

  it('is read, listed and deleted where it is', async () => {
    const { id } = await first(story.freshModel());
    expect(await client().responses.retrieve(id)).toMatchObject({ id });
    const items = await client().responses.inputItems.list(id);
    expect(items.data).toHaveLength(1);
    await expect(client().responses.cancel(id)).rejects.toMatchObject({ status: 400 });
    await client().responses.delete(id);
    expect(Object.values(story.called())).toEqual([5]);
    await expect(client().responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
    expect(total()).toBe(5);
  });

  it('is nobody else’s, and nobody is asked about what is unknown', async () => {
    const model = story.freshModel();
    const { id } = await first(model);
    const other = client(1);
    const ask = { model, input: 'What is my name?' };
    for (const previous of [id, 'resp_unknown']) {
      await expect(
        other.responses.create({ ...ask, previous_response_id: previous }),
      ).rejects.toMatchObject({ status: 404, param: 'previous_response_id' });
    }
    await expect(other.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await expect(other.responses.delete(id)).rejects.toMatchObject({ status: 404 });
    await expect(other.responses.create({ ...ask, conversation: 'conv_1' })).rejects.toMatchObject({
      status: 404,
      param: 'conversation',
    });
    expect(total()).toBe(1);
  });

  it('cannot be reached by a name that is spelled with escapes', async () => {
    const model = story.freshModel();
    const { id } = await first(model);
    const answer = await fetch(`${story.url}/responses`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${consumerKey(1)}`,
        'content-type': 'application/json',
      },
      body: `{"model":"${model}","input":"x","previous\\u005fresponse_id":"${id}"}`,
    });
    expect(answer.status).toBe(404);
    expect(total()).toBe(1);
  });

  it('is not kept where that was not wanted', async () => {
    const model = story.freshModel();
    const { id } = await client(2).responses.create({ model, input: 'Hello', store: false });
    await expect(
      client(2).responses.create({ model, input: 'And?', previous_response_id: id }),
    ).rejects.toMatchObject({ status: 404 });
    expect(total()).toBe(1);
  });
});

describe('where it is kept being dry', () => {
  it('is told with the time of that account, and answered nowhere else', async () => {
    const model = story.freshModel();
    const { id } = await first(model);
    const [used = ''] = Object.keys(story.called());
    story.simulator.set({ fault: 'rate_limited', key: used, retryAfterMs: 30_000 });
    const refusal: unknown = await client()
      .responses.create({ model, input: 'And?', previous_response_id: id })
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ status: 429, code: 'pool_exhausted' });
    const after = refusal instanceof APIError ? refusal.headers?.get('retry-after') : null;
    expect(['30', '31']).toContain(after);
    expect(Object.keys(story.called())).toEqual([used]);
    // Whoever does not go on from there is served by the others.
    await first(model);
    expect(Object.keys(story.called())).toHaveLength(2);
  });

  it('is a 503 when its key is dead', async () => {
    const model = story.freshModel();
    const { id } = await first(model);
    const [used = ''] = Object.keys(story.called());
    story.simulator.set({ fault: 'dead_key', key: used });
    await expect(
      client().responses.create({ model, input: 'And?', previous_response_id: id }),
    ).rejects.toMatchObject({ status: 503, code: 'pool_unavailable' });
    expect(Object.keys(story.called())).toEqual([used]);
  });
});

describe('a model whose providers keep nothing', () => {
  it('says that it cannot go on from a response, before anybody is asked', async () => {
    const plain = await startStory({
      consumers: CONSUMERS,
      providers: ({ url }) => [
        { kind: 'groq', dialects: ['openai-chat'], baseUrl: url, keys: [{ id: 'a' }] },
      ],
    });
    try {
      await expect(
        client(0, plain).responses.create({
          model: 'smart',
          input: 'And?',
          previous_response_id: 'resp_1',
        }),
      ).rejects.toMatchObject({
        status: 400,
        param: 'previous_response_id',
        message: expect.stringContaining('do not speak the Responses API'),
      });
      expect(plain.called()).toEqual({});
    } finally {
      await plain.close();
    }
  });
});

describe('a restart', () => {
  it('leaves responses with whom they were, and where', async () => {
    const model = story.freshModel();
    const { id } = await first(model);
    const [used = ''] = Object.keys(story.called());
    const kept = async () => (await store.load()).find((object) => object.id === id);
    await expect.poll(kept, { timeout: 3000 }).toBeDefined();
    const objects = await store.load();
    const again = await startStory({ keys: KEYS, consumers: CONSUMERS, objects });
    try {
      const ask = { model: 'smart', input: 'And?', previous_response_id: id };
      await expect(client(1, again).responses.create(ask)).rejects.toMatchObject({ status: 404 });
      expect(again.called()).toEqual({});
      // The simulator started anew and has forgotten it; its refusal comes from the one key that may know.
      await expect(client(0, again).responses.create(ask)).rejects.toMatchObject({ status: 400 });
      expect(Object.keys(again.called())).toEqual([used]);
    } finally {
      await again.close();
    }
  });
});
