/** What was remembered of a refusal does not outlive `keys clear`. */
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

let story: Story;
beforeAll(async () => {
  story = await startStory({
    workers: 2,
    keys: [{ id: 'a' }, { id: 'b' }],
    pools: 20,
    pool: { maxWaitMs: 20_000 },
  });
});
beforeEach(() => story.reset());
afterAll(() => story.close());

const ask = (model: string, waitMs = 0): Promise<Seen> =>
  postJson(
    { url: story.url, key: STORY_KEY, headers: { 'keywell-max-wait-ms': String(waitMs) } },
    { model, messages: [{ role: 'user', content: 'hello' }] },
  );
const clear = (): void => {
  story.simulator.reset();
  expect(story.node.clearCooldowns({ provider: 'openai' }).length).toBeGreaterThan(0);
};
const after = ({ status, headers }: Seen) => [status, Number(headers['retry-after'])];

describe('keys that are cleared', () => {
  it('serve the next call, whichever worker it comes to', async () => {
    const model = story.freshModel();
    story.simulator.set({ fault: 'rate_limited', retryAfterMs: 40_000 });
    const refused = await Promise.all(Array.from({ length: 8 }, () => ask(model)));
    expect(refused.every(({ status }) => status === 429)).toBe(true);
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThanOrEqual(40);
    clear();
    const served = await Promise.all(Array.from({ length: 16 }, () => ask(model)));
    expect(served.every(({ status }) => status === 200)).toBe(true);
    expect(served.every(({ headers }) => headers['keywell-attempts'] === '1')).toBe(true);
  });

  it('let calls go that wait for their end', async () => {
    const model = story.freshModel();
    story.simulator.set({ fault: 'rate_limited', retryAfterMs: 15_000 });
    expect((await ask(model)).status).toBe(429);
    const waiting = [1, 2, 3, 4].map(() => ask(model, 20_000));
    await until(() => story.metric('keywell_requests_waiting') === 4, 'all to wait');
    clear();
    const served = await Promise.all(waiting);
    expect(served.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    for (const { tookMs } of served) expect(tookMs).toBeLessThan(5000);
  });

  it('are told with the time of their next refusal, not of the one before', async () => {
    const model = story.freshModel();
    story.simulator.set({ fault: 'rate_limited', retryAfterMs: 50_000 });
    const [, first] = after(await ask(model));
    expect(first).toBeGreaterThanOrEqual(50);
    clear();
    story.simulator.set({ fault: 'rate_limited', retryAfterMs: 4000 });
    for (let turn = 0; turn < 4; turn += 1) {
      const [status, seconds] = after(await ask(model));
      expect(status).toBe(429);
      expect(seconds).toBeLessThanOrEqual(5);
    }
  });

  it('are not told at all by a call that was refused before they were cleared and fails of something else', async () => {
    const model = story.freshModel();
    story.simulator.set({ fault: 'rate_limited', key: 'a', retryAfterMs: 50_000 });
    story.simulator.set({ fault: 'rate_limited', key: 'b', retryAfterMs: 50_000 });
    await ask(model);
    clear();
    story.simulator.set({ fault: 'overloaded' });
    const seen = await ask(model);
    expect(seen.status).toBe(503);
    expect(Number(seen.headers['retry-after'] ?? 0)).toBeLessThan(50);
  });
});
