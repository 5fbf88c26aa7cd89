/** What a batch cost is counted once: with the first answer that tells of its end, at the share that its provider takes for batches. */
import { createServer, type Server } from 'node:http';
import OpenAI, { toFile } from 'openai';
import type { ObjectChange } from '@keywell/core/ownership/owned-object';
import type { TokenPrice } from '@keywell/core/snapshot/snapshot';
import { memoryObjectStore } from '@keywell/storage/objects/memory-object-store';
import { consumerKey, startStory, type Story } from '@keywell/testkit/gateway-story';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const USAGE = {
  input_tokens: 1001,
  input_tokens_details: { cached_tokens: 1 },
  output_tokens: 500,
  output_tokens_details: { reasoning_tokens: 100 },
  total_tokens: 1501,
};
/** 1000 × 2 + 1 × 1 + 500 × 8, halved and rounded up. */
const COST = 3001;
const PRICE = { inputMicros: 2_000_000, cachedInputMicros: 1_000_000, outputMicros: 8_000_000 };
const LISTED = { ...PRICE, batchPercent: 50 };

/** What the provider says of the batch. */
let batch: object = {};
let models: string[] = [];
const provider: Server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const text = Buffer.concat(chunks).toString();
    models.push(...[...text.matchAll(/"model":"([^"]+)"/g)].map(([, model = '']) => model));
    const made = (request.url ?? '').includes('/files')
      ? { id: 'file-1', object: 'file', purpose: 'batch' }
      : { id: 'batch_1', object: 'batch', status: 'in_progress', ...batch };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(made));
  });
});
let origin = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const address = provider.address();
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v1`;
});
afterAll(() => {
  provider.closeAllConnections();
  provider.close();
});

let story: Story;
const store = memoryObjectStore();
const remember = (changes: readonly ObjectChange[]): boolean => {
  store.applyNow(changes);
  return true;
};
afterEach(() => story.close());

async function start(price: TokenPrice | null, more: object = {}): Promise<void> {
  models = [];
  batch = {};
  story = await startStory({
    workers: 2,
    providers: () => [{ kind: 'openai', baseUrl: origin, keys: [{ id: 'a' }] }],
    pool: {
      tiers: [
        {
          targets: [
            { model: 'gpt-other', price: { ...LISTED, inputMicros: 9 } },
            { model: 'gpt-batch', price },
          ],
        },
      ],
    },
    onObjects: remember,
    ...more,
  });
}

const client = (): OpenAI =>
  new OpenAI({ apiKey: consumerKey(0), baseURL: story.url, maxRetries: 0 });
const LINE = {
  custom_id: 'one',
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model: 'openai/gpt-batch', messages: [{ role: 'user', content: 'hello' }] },
};

async function begin(): Promise<void> {
  const file = await toFile(Buffer.from(JSON.stringify(LINE)), 'batch.jsonl');
  await client().files.create({ file, purpose: 'batch' });
  expect(models).toEqual(['gpt-batch']);
  await client().batches.create({
    input_file_id: 'file-1',
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
}

/** Reads the batch, and gives what the log has of it. */
async function read() {
  const { response } = await client().batches.retrieve('batch_1').withResponse();
  const record = await story.recordOf(response.headers.get('keywell-request-id') ?? '');
  return { ...record, told: response.headers.get('keywell-cost') };
}

const ENDED = { status: 'completed', request_counts: { total: 2, completed: 2, failed: 0 } };

describe('what a batch cost', () => {
  it('is counted with the answer that first tells of its end, and with no other', async () => {
    await start(LISTED);
    await begin();
    expect(await read()).toMatchObject({ costMicros: 0, usage: null });
    batch = { ...ENDED, usage: USAGE };
    const all = await Promise.all([read(), read(), read(), read()]);
    expect(
      all.map(({ costMicros }) => costMicros).toSorted((a, b) => Number(a) - Number(b)),
    ).toEqual([0, 0, 0, COST]);
    const counted = all.find(({ costMicros }) => costMicros === COST);
    expect(counted).toMatchObject({
      costEstimated: false,
      told: String(COST),
      usage: { inputTokens: 1001, cachedTokens: 1, outputTokens: 500, reasoningTokens: 100 },
    });
    expect(counted?.timeline).toContainEqual(
      expect.objectContaining({ kind: 'verdict', costMicros: COST }),
    );
    expect(await read()).toMatchObject({ costMicros: 0, usage: null });
    await story.close();
    await start(LISTED, { objects: await store.load() });
    batch = { ...ENDED, usage: USAGE };
    expect(await read()).toMatchObject({ costMicros: 0, usage: null });
  });

  it.each([
    ['its model has no price', null, { ...ENDED, usage: USAGE }],
    ['nobody knows the share for batches', PRICE, { ...ENDED, usage: USAGE }],
    ['the provider does not tell what it used', LISTED, ENDED],
  ])('is unknown, once, where %s', async (_, price, told) => {
    await start(price);
    await begin();
    batch = told;
    expect(await read()).toMatchObject({ costMicros: null, told: null });
    expect(await read()).toMatchObject({ costMicros: 0 });
  });

  it('is an estimate where long calls have a price of their own', async () => {
    await start({ ...LISTED, longContext: [{ ...PRICE, aboveInputTokens: 100 }] });
    await begin();
    batch = { ...ENDED, usage: USAGE };
    expect(await read()).toMatchObject({ costMicros: COST, costEstimated: true });
  });

  it('is nothing where nothing of it was carried out', async () => {
    await start(LISTED);
    await begin();
    batch = { status: 'failed', request_counts: { total: 2, completed: 0, failed: 2 } };
    expect(await read()).toMatchObject({ costMicros: 0, costEstimated: false });
  });
});
