import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';

const target = (story: Story) => ({ url: story.url, key: STORY_KEY });
const body = (model: string): object => ({
  model,
  messages: [{ role: 'user', content: 'hello' }],
});
const ask = (story: Story): Promise<Seen> => postJson(target(story), body(story.freshModel()));

const bodyOf = (seen: Seen): unknown => JSON.parse(seen.text);

/** Nothing a caller may know: keys, their names and places, the provider's billing words. */
function expectNothingLeaked(seen: Seen): void {
  const shown = seen.text + JSON.stringify(seen.headers);
  expect(shown).not.toMatch(/sk-simulated|org-[abc]|proj_|"[abc]"|billing|insufficient_quota/);
}

describe('every key is exhausted', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ pools: 20 });
  });
  beforeEach(() => story.reset());
  afterAll(() => story.close());

  it('says so with the soonest end, at once, and calls nobody', async () => {
    story.simulator.set({ fault: 'rate_limited', key: 'a', retryAfterMs: 30_000 });
    story.simulator.set({ fault: 'rate_limited', key: 'b', retryAfterMs: 8000 });
    story.simulator.set({ fault: 'quota_exhausted', key: 'c' });
    const first = await ask(story);
    expect(first.status).toBe(429);
    expect(story.called()).toEqual({ a: 1, b: 1, c: 1 });
    const later = [await ask(story), await ask(story), await ask(story)];
    for (const seen of [first, ...later]) {
      expect(seen.status).toBe(429);
      expect(bodyOf(seen)).toMatchObject({ error: { code: 'pool_exhausted', type: 'requests' } });
      expect(['8', '9']).toContain(seen.headers['retry-after']);
      expectNothingLeaked(seen);
    }
    // the best of three: this process also runs the provider and the test
    expect(Math.min(...later.map(({ tookMs }) => tookMs))).toBeLessThan(50);
    expect(story.simulator.counts().total.calls).toBe(3);
    expect(story.metric('keywell_pool_exhausted_total')).toBe(4);
  });

  it('tells SDKs not to sleep on more than a minute', async () => {
    story.simulator.set({ fault: 'quota_exhausted' });
    const seen = await ask(story);
    expect(seen.status).toBe(429);
    expect(Number(seen.headers['retry-after'])).toBeGreaterThan(290);
    expect(seen.headers['x-should-retry']).toBe('false');
  });

  it('serves again when the end has come', async () => {
    story.simulator.set({ fault: 'rate_limited', retryAfterMs: 1000, durationMs: 500 });
    expect((await ask(story)).status).toBe(429);
    const model = story.freshModel();
    const answered = await until(
      async () => {
        const seen = await postJson(target(story), body(model));
        return seen.status === 200 && seen;
      },
      'the cooldown to end',
      3000,
    );
    expect(answered.clean).toBe(true);
    expect(story.simulator.counts().total.calls).toBe(4);
  });

  it('is a 503 when keys are dead, which no time brings back', async () => {
    const single = await startStory({ keys: [{ id: 'a' }] });
    try {
      single.simulator.set({ fault: 'dead_key' });
      const seen = await ask(single);
      const again = await postJson(target(single), body('smart'));
      for (const refused of [seen, again]) {
        expect(refused.status).toBe(503);
        expect(bodyOf(refused)).toMatchObject({ error: { code: 'pool_unavailable' } });
        expectNothingLeaked(refused);
      }
      expect(single.called()).toEqual({ a: 1 });
    } finally {
      await single.close();
    }
  });

  it('is a 404 where no key may use the model', async () => {
    story.simulator.set({ fault: 'model_forbidden' });
    const seen = await ask(story);
    expect(seen.status).toBe(404);
    expect(bodyOf(seen)).toMatchObject({ error: { code: 'model_not_found' } });
    expectNothingLeaked(seen);
  });
});

describe('how long a refusal lasts', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ pools: 20 });
  });
  beforeEach(() => story.reset());
  afterAll(() => story.close());

  const httpDate = (inMs: number): string => new Date(Date.now() + inMs).toUTCString();

  it.each([
    ['seconds', () => ['retry-after: 12'], 12, 12.7],
    ['milliseconds, the finer of the two', () => ['retry-after-ms: 2500'], 2.5, 2.7],
    ['an HTTP date', () => [`retry-after: ${httpDate(40_000)}`], 38, 42.5],
    ['a date that is past', () => [`retry-after: ${httpDate(-40_000)}`], 0.5, 60],
    ['the year 9999', () => ['retry-after: Fri, 31 Dec 9999 23:59:59 GMT'], 0.5, 35 * 86_400],
    ['a negative number', () => ['retry-after: -5'], 0.5, 60],
    ['a text', () => ['retry-after: soon'], 0.5, 60],
    ['a number without end', () => [`retry-after: ${'9'.repeat(400)}`], 0.5, 35 * 86_400],
  ] as const)('is read from Retry-After as %s', async (_, headers, least, most) => {
    story.simulator.set({ fault: 'slow_down', key: 'a' });
    story.simulator.set({ fault: 'extra_headers', key: 'a', headers: [...headers()] });
    expect((await ask(story)).status).toBe(200);
    const [cooldown] = story.key('a').cooldowns;
    expect(cooldown?.class).toMatch(/^(slow_down|window_exhausted_long)$/);
    expect((cooldown?.endsInMs ?? Number.NaN) / 1000).toBeGreaterThan(least - 0.3);
    expect((cooldown?.endsInMs ?? Number.NaN) / 1000).toBeLessThan(most);
    expect(story.called()['a']).toBe(1);
  });
});

describe('keys that share a quota', () => {
  it('are both cooled by one verdict, without a second call', async () => {
    const story = await startStory({
      pools: 4,
      keys: [
        { id: 'a', domain: ['org-1'], weight: 1e9 },
        { id: 'b', domain: ['org-1'], weight: 1 },
        { id: 'c', domain: ['org-2'] },
      ],
    });
    try {
      for (const fault of ['quota_exhausted', 'rate_limited'] as const) {
        story.reset();
        story.simulator.set({ fault, organization: 'org-1' });
        expect((await ask(story)).status).toBe(200);
        expect((await ask(story)).status).toBe(200);
        expect(story.called()).toEqual({ a: 1, c: 2 });
        expect(story.key('b').cooldowns).toEqual(story.key('a').cooldowns.map(near));
      }
    } finally {
      await story.close();
    }
  });

  const near = (cooldown: { endsInMs: number }): unknown => ({
    ...cooldown,
    endsInMs: expect.closeTo(cooldown.endsInMs, -2),
  });
});

describe('a second tier', () => {
  it('serves when the first has nothing left, and only then', async () => {
    const story = await startStory({
      pools: 4,
      pool: {
        tiers: [{ targets: [{ keys: ['a', 'b'] }] }, { targets: [{ keys: ['c'] }] }],
      },
    });
    try {
      expect((await ask(story)).status).toBe(200);
      expect(story.called()['c']).toBeUndefined();
      story.reset();
      story.simulator.set({ fault: 'quota_exhausted', key: 'a' });
      story.simulator.set({ fault: 'rate_limited', key: 'b' });
      const seen = await ask(story);
      expect(seen.status).toBe(200);
      expect(story.called()).toEqual({ a: 1, b: 1, c: 1 });
      const record = await story.recordOf(String(seen.headers['keywell-request-id']));
      const attempts = record.timeline.filter(({ kind }) => kind === 'attempt');
      expect(attempts).toMatchObject([
        { key: 'a', why: 'first', tier: 0 },
        { key: 'b', why: 'rotation', tier: 0 },
        { key: 'c', why: 'fallback', tier: 1 },
      ]);
      expect((await ask(story)).status).toBe(200);
      expect(story.called()).toEqual({ a: 1, b: 1, c: 2 });
    } finally {
      await story.close();
    }
  });
});

describe('an endpoint in trouble', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ pools: 6, keys: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] });
  });
  beforeEach(() => story.reset());
  afterAll(() => story.close());

  it('is asked three times at most when it is overloaded, and no key is to blame', async () => {
    story.simulator.set({ fault: 'overloaded' });
    const seen = await ask(story);
    expect(seen.status).toBe(503);
    expect(story.simulator.counts().total.calls).toBe(3);
    expectNothingLeaked(seen);
    for (const key of story.node.keys()) expect(key.cooldowns).toEqual([]);
    const record = await story.recordOf(String(seen.headers['keywell-request-id']));
    expect(record.timeline.filter(({ kind }) => kind === 'wait').length).toBeLessThanOrEqual(2);
  });

  it('that is overloaded once serves after a moment', async () => {
    story.simulator.set({ fault: 'overloaded', count: 1 });
    expect((await ask(story)).status).toBe(200);
    expect(story.simulator.counts().total.calls).toBe(2);
  });

  it('fails one request after one retry when it answers 500 to everything', async () => {
    story.simulator.set({ fault: 'server_error' });
    const seen = await ask(story);
    expect(seen.status).toBe(502);
    expect(seen.headers['x-should-retry']).toBe('false');
    expect(story.simulator.counts().total.calls).toBe(2);
    for (const key of story.node.keys()) expect(key.cooldowns).toEqual([]);
  });

  it('retries no more than the pool’s budget: a storm stays one call each, and a little', async () => {
    story.simulator.set({ fault: 'server_error' });
    const model = story.freshModel();
    const all = Array.from({ length: 200 }, () => postJson(target(story), body(model)));
    expect(new Set((await Promise.all(all)).map(({ status }) => status))).toEqual(new Set([502]));
    // 30 for ten seconds, and a tenth of 200 requests
    expect(story.simulator.counts().total.calls).toBeLessThanOrEqual(200 + 50);
    expect(story.metric('keywell_retries_denied_total')).toBeGreaterThanOrEqual(150);
  });

  it('that flaps on one key of five fails no call, and costs a tenth more calls', async () => {
    const five = await startStory({ keys: ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id })) });
    try {
      five.simulator.set({ fault: 'server_error', key: 'a', probability: 0.5 });
      const statuses = new Map<number, number>();
      for (let round = 0; round < 20; round += 1) {
        const all = Array.from({ length: 20 }, () => postJson(target(five), body('smart')));
        for (const { status } of await Promise.all(all)) {
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      }
      expect(Object.fromEntries(statuses)).toEqual({ 200: 400 });
      expect(five.simulator.counts().total.calls).toBeLessThanOrEqual(480);
      await five.quiet();
    } finally {
      await five.close();
    }
  });
});

describe('an endpoint where nobody listens', () => {
  it('costs one quick attempt, and the other provider serves', async () => {
    const gone = await startStory();
    const closed = gone.simulator.url;
    await gone.close();
    const story = await startStory({
      pools: 2,
      providers: (simulator) => [
        { id: 'gone', baseUrl: closed, keys: [{ id: 'g', weight: 1e9 }] },
        { id: 'here', baseUrl: simulator.url, keys: [{ id: 'a', value: 'sk-simulated-a' }] },
      ],
      pool: {
        tiers: [{ targets: [{ provider: 'gone', weight: 1e9 }, { provider: 'here' }] }],
      },
    });
    try {
      const seen = await ask(story);
      expect(seen.status).toBe(200);
      expect(seen.tookMs).toBeLessThan(1000);
      expect(seen.headers['keywell-provider']).toBe('here');
      const record = await story.recordOf(String(seen.headers['keywell-request-id']));
      const verdicts = record.timeline.filter(({ kind }) => kind === 'verdict');
      expect(verdicts).toMatchObject([
        { class: 'transient', status: 0, evidence: 'failure=connect' },
        { class: 'success' },
      ]);
      expect(story.node.keys().every(({ state }) => state === 'ready')).toBe(true);
    } finally {
      await story.close();
    }
  });
});
