import { consumerKey, startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';
import type { StoredSpend } from '@keywell/core/budgets/spend';
import { afterEach, describe, expect, it } from 'vitest';
import { WorkerHandle } from '../node/worker-handle.ts';

type Sketch = NonNullable<Parameters<typeof startStory>[0]>;

const DOLLAR = 1_000_000;
/** A tenth of a dollar for each output token, nothing for input: a call that may take one token costs 0.1 $. */
const PRICE = { inputMicros: 0, cachedInputMicros: 0, outputMicros: 100_000 * DOLLAR };
const TARGET = { price: PRICE, contextLength: 100 };

let story: Story;
afterEach(() => story.close());

async function startBudgeted(amount: number, more: Sketch = {}): Promise<void> {
  story = await startStory({
    consumers: [{ budget: { amountMicros: amount * DOLLAR, period: 'day' } }, { id: 'free' }],
    pool: { tiers: [{ targets: [TARGET] }], firstByteTimeoutMs: 300 },
    model: { answerWords: 1 },
    ...more,
  });
}

const ask = (
  more: object = {},
  key = STORY_KEY,
  headers: Readonly<Record<string, string>> = {},
): Promise<Seen> =>
  postJson(
    { url: story.url, key, headers },
    { model: 'smart', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }], ...more },
  );

const spent = () => story.node.spend().find(({ consumer }) => consumer === 'web');
const statuses = (seen: readonly Seen[]): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(seen, ({ status }) => String(status))].map(([status, of]) => [
      status,
      of.length,
    ]),
  );

describe('a budget', () => {
  it('of 1 $ lets ten of fifty concurrent calls of 0.1 $ pass, over all workers', async () => {
    await startBudgeted(1, {
      workers: 2,
      model: { answerWords: 1, firstByteMs: 1500 },
      pool: { tiers: [{ targets: [TARGET] }] },
    });
    const seen = await Promise.all(Array.from({ length: 50 }, () => ask()));
    expect(statuses(seen)).toEqual({ 200: 10, 402: 40 });
    expect(story.called()).toEqual({ a: 10 });
    await until(() => spent()?.heldMicros === 0, 'every call to be booked');
    expect(spent()).toMatchObject({ spentMicros: DOLLAR });
    expect((await ask()).status).toBe(402);
    expect((await ask({}, consumerKey(1))).status).toBe(200);
  });

  it('takes what a call cost, not what it might have', async () => {
    await startBudgeted(2);
    for (let call = 0; call < 5; call += 1) {
      expect((await ask({ max_tokens: 10 })).status).toBe(200);
    }
    await until(() => spent()?.heldMicros === 0, 'every call to be booked');
    const records = await story.records();
    const tokens = records.reduce((sum, { usage }) => sum + (usage?.outputTokens ?? 0), 0);
    expect(tokens).toBeGreaterThan(0);
    expect(spent()?.spentMicros).toBe((tokens * DOLLAR) / 10);
    expect((await ask({ max_tokens: 20 })).status).toBe(402);
  });

  it('refuses in the caller’s dialect, and says when it renews', async () => {
    await startBudgeted(0.05);
    const seen = await ask();
    expect(seen.status).toBe(402);
    expect(seen.headers).toMatchObject({ 'x-should-retry': 'false' });
    expect(JSON.parse(seen.text)).toMatchObject({
      error: { type: 'insufficient_quota', code: 'budget_exhausted' },
    });
    expect(seen.text).toMatch(/0\.05 USD a day .* renews at \d{4}-\d\d-\d\dT00:00:00\.000Z/);
    expect(story.called()).toEqual({});
  });

  it('refuses a pool with a target whose price is unknown: unknown is not free', async () => {
    await startBudgeted(100, {
      pool: { tiers: [{ targets: [TARGET] }, { targets: [{ model: 'gpt-5', price: null }] }] },
    });
    const seen = await ask();
    expect(seen.status).toBe(403);
    expect(seen.text).toContain('price_unknown');
    expect(story.called()).toEqual({});
    expect((await ask({}, consumerKey(1))).status).toBe(200);
  });

  it('takes the price of whoever served, also when the pool has changed while the call waited', async () => {
    await startBudgeted(10, {
      keys: [{ id: 'a' }],
      pool: { tiers: [{ targets: [TARGET] }], maxWaitMs: 20_000 },
    });
    story.simulator.set({ fault: 'rate_limited', retryAfterMs: 15_000, count: 1 });
    expect((await ask({}, STORY_KEY, { 'keywell-max-wait-ms': '0' })).status).toBe(429);
    const waiting = ask();
    await until(() => story.metric('keywell_requests_waiting') === 1, 'the call to wait');
    const { snapshot } = story;
    const [pool] = snapshot.pools;
    const [target] = pool?.tiers[0]?.targets ?? [];
    if (pool === undefined || target === undefined) throw new Error('the story lost its pool');
    const none = { ...target, model: 'no-such-model' };
    const tiers = [{ targets: [none] }, { targets: [target] }];
    await story.node.publish({ ...snapshot, version: 2, pools: [{ ...pool, tiers }] });
    story.node.clearCooldowns({});
    expect((await waiting).status).toBe(200);
    await until(() => spent()?.heldMicros === 0, 'the call to be booked');
    const record = (await story.records()).at(-1);
    expect(record).toMatchObject({ status: 200, upstreamModel: 'gpt-5' });
    expect(spent()?.spentMicros).toBe(((record?.usage?.outputTokens ?? 0) * DOLLAR) / 10);
    expect(spent()?.spentMicros).toBeGreaterThan(0);
  });

  it('takes nothing for refusals, and all that was expected for what may have been carried out', async () => {
    await startBudgeted(10);
    story.simulator.set({ fault: 'rate_limited', retryAfterMs: 50 });
    expect((await ask({ max_tokens: 7 })).status).toBe(429);
    story.reset();
    story.simulator.set({ fault: 'server_error' });
    expect((await ask({ max_tokens: 7 })).status).toBe(502);
    await until(() => spent()?.heldMicros === 0, 'refusals to be booked');
    expect(spent()?.spentMicros).toBe(0);
    story.reset();
    story.simulator.set({ fault: 'stall_silent' });
    expect((await ask({ max_tokens: 7 })).status).toBe(504);
    await until(() => spent()?.heldMicros === 0, 'timeouts to be booked');
    const attempts = Object.values(story.called()).reduce((sum, calls) => sum + calls, 0);
    expect(spent()?.spentMicros).toBe(attempts * 7 * (DOLLAR / 10));
  });

  it('estimates by what the model has answered where a call names no limit', async () => {
    await startBudgeted(10, {
      pool: { tiers: [{ targets: [{ price: PRICE }] }] },
    });
    // Nothing learned yet: 1024 tokens of 0.1 $ are more than there is.
    expect((await ask({ max_tokens: null })).status).toBe(402);
    for (let call = 0; call < 20; call += 1) await ask();
    expect((await ask({ max_tokens: null })).status).toBe(200);
  });

  it('survives a restart, and what was in flight when the process was killed counts as spent', async () => {
    const kept = new Map<string, StoredSpend>();
    const onSpent = (changes: readonly StoredSpend[]): boolean => {
      for (const change of changes) kept.set(change.consumer, change);
      return true;
    };
    await startBudgeted(1, { onSpent, pool: { tiers: [{ targets: [TARGET] }] } });
    for (let call = 0; call < 3; call += 1) await ask();
    story.simulator.set({ fault: 'stall_silent' });
    const cut = ask().catch(() => null);
    await until(() => spent()?.heldMicros === DOLLAR / 10, 'a call in flight');
    // What a killed process leaves is what it kept last, about a second ago.
    await until(() => kept.get('web')?.spentMicros === (4 * DOLLAR) / 10, 'the spend', 3000);
    const spend = [...kept.values()];
    await story.close();
    await cut;
    await startBudgeted(1, { spend });
    expect(spent()).toEqual({ consumer: 'web', spentMicros: (4 * DOLLAR) / 10, heldMicros: 0 });
    const seen = [];
    for (let call = 0; call < 8; call += 1) seen.push(await ask());
    expect(statuses(seen)).toEqual({ 200: 6, 402: 2 });
  });

  it('starts anew in a new period, whatever was kept of the one before', async () => {
    const spend = [{ consumer: 'web', startsAt: Date.UTC(2026, 0, 1), spentMicros: 9 * DOLLAR }];
    await startBudgeted(1, { spend });
    expect((await ask()).status).toBe(200);
  });

  it('books what a crashed worker held, and goes on with the rest', async () => {
    const handles: WorkerHandle[] = [];
    await startBudgeted(1, {
      pool: { tiers: [{ targets: [TARGET] }] },
      spawn: (birth, events) => {
        const handle = new WorkerHandle(birth, events);
        handles.push(handle);
        return handle;
      },
    });
    story.simulator.set({ fault: 'stall_silent' });
    const cut = ask().catch(() => null);
    await until(() => spent()?.heldMicros === DOLLAR / 10, 'a call in flight');
    await handles[0]?.terminate();
    await cut;
    await until(() => spent()?.heldMicros === 0, 'what it held to be booked');
    expect(spent()).toMatchObject({ spentMicros: DOLLAR / 10 });
    await until(
      () => story.events.some(({ kind }) => kind === 'worker_restarted'),
      'a worker',
      9000,
    );
    story.reset();
    const seen = [];
    for (let call = 0; call < 11; call += 1) seen.push(await ask());
    expect(statuses(seen)).toEqual({ 200: 9, 402: 2 });
  });
});
