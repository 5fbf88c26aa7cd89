/** The official SDK against Azure's simulated paths: deployments, versions, keys, the filter. */
import { AzureOpenAI, NotFoundError } from 'openai';
import { afterEach, describe, expect, test } from 'vitest';
import type { SimulatorProfile } from '../../profile/profile-schema.ts';
import { startSimulator } from '../../start-simulator.ts';
import type { Simulator } from '../../start-simulator.ts';

const KEY = 'azure-simulated-key-a';
const PROFILE: SimulatorProfile = {
  organizations: [{ id: 'org-1', projects: [{ id: 'p', keys: [{ alias: 'a', value: KEY }] }] }],
  models: [{ id: 'my-gpt' }, { id: 'my-embed', kind: 'embeddings', dimensions: 4 }],
};

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function start(
  deployment = 'my-gpt',
): Promise<{ simulator: Simulator; client: AzureOpenAI }> {
  const simulator = await startSimulator({ profile: PROFILE });
  open.push(simulator);
  const client = new AzureOpenAI({
    apiKey: KEY,
    endpoint: simulator.origin,
    apiVersion: '2025-01-01-preview',
    deployment,
    maxRetries: 0,
  });
  return { simulator, client };
}

const ask = (
  { origin }: Simulator,
  path: string,
  headers: Readonly<Record<string, string>> = { 'api-key': KEY },
): Promise<Response> =>
  fetch(`${origin}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], model: 'my-gpt' }),
  });

const MESSAGES = [{ role: 'user' as const, content: 'hi' }];

describe('a deployment', () => {
  test('is the model, whatever the body names, and a stream begins with the filter', async () => {
    const { simulator, client } = await start();
    const answer = await client.chat.completions.create({ model: 'other', messages: MESSAGES });
    expect(answer).toMatchObject({ model: 'my-gpt', object: 'chat.completion' });
    const stream = await client.chat.completions.create({
      model: 'other',
      messages: MESSAGES,
      stream: true,
    });
    const seen: number[] = [];
    let text = '';
    for await (const chunk of stream) {
      seen.push(chunk.choices.length);
      text += chunk.choices[0]?.delta.content ?? '';
    }
    expect(seen.slice(0, 2)).toEqual([0, 1]);
    expect(text).toBe(answer.choices[0]?.message.content);
    expect(simulator.counts().keys['a']).toMatchObject({
      byDialect: { azure: 2 },
      byOperation: { 'chat.completions': 2 },
    });
  });

  test('may embed, and must exist', async () => {
    const { client } = await start('my-embed');
    const made = await client.embeddings.create({
      model: '',
      input: 'x',
      encoding_format: 'float',
    });
    expect(made.data[0]?.embedding).toHaveLength(4);
    const missing = (await start('nobodys')).client;
    const sent = missing.chat.completions.create({ model: '', messages: MESSAGES });
    await expect(sent).rejects.toMatchObject({ status: 404, code: 'DeploymentNotFound' });
  });
});

test('a version must be named but under /openai/v1, and a key comes in either header', async () => {
  const { simulator, client } = await start();
  const old = '/openai/deployments/my-gpt/chat/completions';
  const missing = await ask(simulator, old);
  expect(missing.status).toBe(404);
  expect(await missing.json()).toEqual({ error: { code: '404', message: 'Resource not found' } });
  expect((await ask(simulator, `${old}?api-version=2025-01-01-preview`)).status).toBe(200);
  const bearer = { authorization: `Bearer ${KEY}` };
  expect((await ask(simulator, '/openai/v1/chat/completions', bearer)).status).toBe(200);
  expect((await ask(simulator, '/openai/v1/chat/completions', {})).status).toBe(401);
  const plain = new AzureOpenAI({
    apiKey: KEY,
    endpoint: simulator.origin,
    apiVersion: '2025-03-01-preview',
    maxRetries: 0,
  });
  const response = await plain.responses.create({ model: 'my-gpt', input: 'hi' });
  expect(response.status).toBe('completed');
  await expect(client.responses.retrieve('resp_x')).rejects.toThrow(NotFoundError);
});

test('a prompt that asks for it is filtered', async () => {
  const { client } = await start();
  const messages = [{ role: 'user' as const, content: 'Simulate a filtered prompt' }];
  const sent = client.chat.completions.create({ model: '', messages });
  await expect(sent).rejects.toMatchObject({
    status: 400,
    code: 'content_filter',
    error: { innererror: { code: 'ResponsibleAIPolicyViolation' } },
  });
});

test('limits and faults are those of every other path, in Azure’s words', async () => {
  const { simulator, client } = await start();
  simulator.set({ fault: 'rate_limited', retryAfterMs: 6000 });
  const sent = client.chat.completions.create({ model: '', messages: MESSAGES });
  await expect(sent).rejects.toMatchObject({
    status: 429,
    message: expect.stringContaining('Please retry after 6 seconds'),
  });
});
