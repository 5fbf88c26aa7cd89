import { setImmediate } from 'node:timers/promises';
import type { Story } from '@keywell/testkit/gateway-story';
import { expect } from 'vitest';
import { PICTURE, PROMPT, WEATHER_HEARD, type Client, type Place } from './client.contract.ts';

/** What a client is asked to do, and how it is known that it did. */
export interface ClientOperation {
  readonly name: string;
  readonly run: (client: Client, place: Place, story: Story) => Promise<void>;
}

/** What a call throws; throws itself where the call goes well. */
async function errorOf(call: Promise<unknown>): Promise<unknown> {
  const [outcome] = await Promise.allSettled([call]);
  if (outcome.status === 'fulfilled') throw new Error('nothing was thrown');
  return outcome.reason;
}

/**
 * What a call gives, and the rejections that it leaves to nobody: LangChain's client of Google has such a promise in each stream, and a
 * test runner takes it for a failure of its own.
 */
async function withStrays(run: () => Promise<unknown>): Promise<readonly unknown[]> {
  const others = process.listeners('unhandledRejection');
  const strays: unknown[] = [];
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (reason) => strays.push(reason));
  try {
    const result = await run();
    await setImmediate();
    return [result, ...strays];
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const other of others) process.on('unhandledRejection', other);
  }
}

const OPERATIONS: Readonly<Record<string, ClientOperation['run']>> = {
  async text(client, place) {
    expect(await client.text(place, PROMPT)).toContain(PROMPT);
  },
  async stream(client, place) {
    const pieces = (await client.stream(place, PROMPT)).filter((piece) => piece !== '');
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join('')).toContain(PROMPT);
  },
  async tools(client, place) {
    expect(await client.tools(place)).toMatch(WEATHER_HEARD);
  },
  async 'tools, streamed'(client, place) {
    expect(await client.streamedTools(place)).toMatch(WEATHER_HEARD);
  },
  async vision(client, place) {
    expect(await client.vision(place)).toContain(`1 image: ${PICTURE.mediaType}`);
  },
  async 'JSON schema'(client, place) {
    expect(await client.json(place)).toEqual({ city: 'simulated', days: 1 });
  },
  async 'unknown model'(client, place) {
    const error = await errorOf(client.text({ ...place, model: 'no-such-model' }, PROMPT));
    expect(error).toSatisfy((thrown: unknown) => client.threw(thrown, 404));
  },
  async 'rate limit'(client, place, story) {
    story.simulator.set({ fault: 'rate_limited', retryAfterMs: 60_000 });
    const error = await errorOf(client.text(place, PROMPT));
    expect(error).toSatisfy((thrown: unknown) => client.threw(thrown, 429));
  },
  async 'broken stream'(client, place, story) {
    story.simulator.set({ fault: 'die_mid_stream', events: 4 });
    const thrown = await withStrays(() => errorOf(client.stream(place, PROMPT)));
    for (const error of thrown) expect(error).toBeInstanceOf(Error);
  },
};

export const CLIENT_OPERATIONS: readonly ClientOperation[] = Object.entries(OPERATIONS).map(
  ([name, run]) => ({ name, run }),
);
