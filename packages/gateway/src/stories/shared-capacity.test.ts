import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { consumerKey, startStory, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const ANSWER = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-5',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
});

/** A provider that takes so many calls a second, a few at once, and refuses the rest with the wait until the next. */
async function tightProvider(perSecond: number, burst: number): Promise<string> {
  let level = burst;
  let at = performance.now();
  const server: Server = createServer((request, response) => {
    const now = performance.now();
    level = Math.min(burst, level + ((now - at) / 1000) * perSecond);
    at = now;
    request.resume();
    request.on('end', () => {
      if (level >= 1) {
        level -= 1;
        response.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER);
        return;
      }
      const waitMs = Math.ceil(((1 - level) / perSecond) * 1000);
      response
        .writeHead(429, { 'content-type': 'application/json', 'retry-after-ms': String(waitMs) })
        .end(
          '{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}',
        );
    });
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  ends.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${port}/v1`;
}

async function begin(provider: string, weights: readonly number[]): Promise<Story> {
  const story = await startStory({
    providers: () => [{ baseUrl: provider, keys: [{ id: 'a' }] }],
    consumers: weights.map((weight, index) => ({ id: `tenant-${index}`, weight })),
    pool: { maxWaitMs: 30_000, maxWaiting: 500 },
  });
  ends.push(() => story.close());
  return story;
}

const ask = (story: Story, tenant: number): Promise<Seen> =>
  postJson(
    { url: story.url, key: consumerKey(tenant) },
    { model: 'smart', messages: [{ role: 'user', content: 'hello' }] },
  );

/** Keeps so many calls of a tenant under way until the time is over; the answers that came before. */
async function flood(
  story: Story,
  tenant: number,
  of: { readonly width: number; readonly untilMs: number },
): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  const caller = async (): Promise<void> => {
    while (performance.now() < of.untilMs) {
      const answer = await ask(story, tenant);
      if (performance.now() < of.untilMs) seen.push(answer);
    }
  };
  await Promise.all(Array.from({ length: of.width }, caller));
  return seen;
}

const worst = (seen: readonly Seen[]): number => Math.max(...seen.map(({ tookMs }) => tookMs));

describe('a provider that is too small for all', () => {
  it('serves a small tenant its share, soon, while another floods', async () => {
    const story = await begin(await tightProvider(25, 3), [1, 1]);
    const untilMs = performance.now() + 4000;
    const [big, small] = await Promise.all([
      flood(story, 0, { width: 60, untilMs }),
      flood(story, 1, { width: 2, untilMs }),
    ]);
    expect(new Set([...big, ...small].map(({ status }) => status))).toEqual(new Set([200]));
    // Two callers of one tenant wait for a turn or two each, sixty of the other for all the rest.
    expect(small.length).toBeGreaterThan(20);
    expect(worst(small)).toBeLessThan(1500);
    expect(worst(big)).toBeGreaterThan(1.5 * worst(small));
  });

  it('serves tenants by their weights', async () => {
    const story = await begin(await tightProvider(40, 3), [6, 2]);
    const untilMs = performance.now() + 4000;
    const [heavy, light] = await Promise.all([
      flood(story, 0, { width: 30, untilMs }),
      flood(story, 1, { width: 30, untilMs }),
    ]);
    const share = heavy.length / (heavy.length + light.length);
    expect(share).toBeGreaterThan(0.68);
    expect(share).toBeLessThan(0.82);
  });
});
