/** What is charged while and after a call is answered, over a real socket. */
import { afterEach, expect, test } from 'vitest';
import type { SimulatorProfile } from '../profile/profile-schema.ts';
import { startSimulator } from '../start-simulator.ts';
import type { Simulator } from '../start-simulator.ts';

const KEY = 'sk-simulated-key-a';
const WORDS = 20;
/** 20 words by the four-byte estimate. */
const OUTPUT = 26;

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function start(limits: SimulatorProfile['models'][number]['limits']): Promise<Simulator> {
  const profile: SimulatorProfile = {
    organizations: [
      { id: 'org-1', projects: [{ id: 'proj_1', keys: [{ alias: 'a', value: KEY }] }] },
    ],
    models: [{ id: 'gpt-5', answerWords: WORDS, limits }],
  };
  const simulator = await startSimulator({ profile, clock: { now: () => 0, wallNow: () => 0 } });
  open.push(simulator);
  return simulator;
}

const chat = (simulator: Simulator, over: object = {}, signal?: AbortSignal): Promise<Response> =>
  fetch(`${simulator.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}` },
    body: JSON.stringify({
      model: 'gpt-5',
      messages: [{ role: 'user', content: 'four words of text.' }],
      ...over,
    }),
    ...(signal === undefined ? {} : { signal }),
  });

const leftOf = (simulator: Simulator): Record<string, number> =>
  Object.fromEntries(simulator.limits().map(({ dimension, remaining }) => [dimension, remaining]));

test('a stream that breaks off costs what was sent, where output is charged as it is produced', async () => {
  const simulator = await start({ outputTokensPerMinute: 1000, charge: 'as_produced' });
  simulator.set({ fault: 'die_mid_stream', events: 11, count: 1 });
  const broken = await chat(simulator, { stream: true });
  await expect(broken.text()).rejects.toThrow(/terminated/);
  await expect.poll(() => simulator.counts().total.inFlight).toBe(0);
  // 11 of 23 events: role, words, finish, [DONE]
  const sent = Math.floor((OUTPUT * 11) / 23);
  expect(leftOf(simulator)).toEqual({ output_tokens_minute: 1000 - sent });
  await (await chat(simulator, { stream: true })).text();
  expect(leftOf(simulator)).toEqual({ output_tokens_minute: 1000 - sent - OUTPUT });
});

test('input and output are charged when the answer is over, where they are charged at the end', async () => {
  const simulator = await start({ tokensPerMinute: 1000, charge: 'at_end' });
  await (await chat(simulator)).text();
  await expect.poll(() => leftOf(simulator)).toEqual({ tokens_minute: 1000 - 5 - OUTPUT });
});

test('a cap of calls at the same time: the next is refused, and admitted when one has gone', async () => {
  const simulator = await start({ concurrent: 1, requestsPerMinute: 100 });
  simulator.set({ fault: 'stall_after_headers', count: 1 });
  const leaving = new AbortController();
  const held = await chat(simulator, { stream: true }, leaving.signal);
  const refused = await chat(simulator);
  expect(refused.status).toBe(429);
  expect(refused.headers.has('retry-after')).toBe(false);
  expect(await refused.text()).toContain('concurrent requests: Limit 1, Used 1');
  // a refused call costs nothing
  expect(leftOf(simulator)).toEqual({ concurrency: 0, requests_minute: 99 });
  leaving.abort();
  await expect(held.text()).rejects.toThrow(/aborted/);
  await expect.poll(() => leftOf(simulator)['concurrency']).toBe(1);
  await (await chat(simulator)).text();
  expect(simulator.counts().keys['a']).toMatchObject({
    byStatus: { 200: 2, 429: 1 },
    byRefusal: { 'limit:concurrency': 1 },
  });
});

test('a reset empties the limits while calls are under way, and their end takes nothing from the new ones', async () => {
  const simulator = await start({ concurrent: 2, tokensPerMinute: 1000, charge: 'at_end' });
  simulator.set({ fault: 'stall_after_headers', count: 1 });
  const leaving = new AbortController();
  const held = await chat(simulator, { stream: true }, leaving.signal);
  expect(leftOf(simulator)['concurrency']).toBe(1);
  simulator.reset();
  expect(leftOf(simulator)).toEqual({ tokens_minute: 1000, concurrency: 2 });
  leaving.abort();
  await expect(held.text()).rejects.toThrow(/aborted/);
  await expect.poll(() => simulator.counts().total.inFlight).toBe(0);
  expect(leftOf(simulator)).toEqual({ tokens_minute: 1000, concurrency: 2 });
});
