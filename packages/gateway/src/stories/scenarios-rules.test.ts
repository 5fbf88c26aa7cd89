import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '@keywell/simulator/start-simulator';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';

type Sketch = NonNullable<Parameters<typeof startStory>[0]>;

const keyOf = (id: string) => ({ id, value: `sk-simulated-${id}` });

/** A provider of which nobody has a limit, for what others are too small for. */
let large: Simulator;
beforeAll(async () => {
  const project = { id: 'p', keys: [{ alias: 'large', value: 'sk-large' }] };
  large = await startSimulator({
    profile: { organizations: [{ id: 'o', projects: [project] }], models: [{ id: 'gpt-5' }] },
  });
});
afterAll(() => large.close());

const stories: Story[] = [];
afterEach(async () => {
  for (const story of stories.splice(0)) await story.close();
});

async function begin(sketch: Sketch = {}): Promise<Story> {
  const story = await startStory(sketch);
  stories.push(story);
  return story;
}

const ask = (story: Story, more: object = {}): Promise<Seen> =>
  postJson(
    { url: story.url, key: STORY_KEY },
    { model: 'smart', messages: [{ role: 'user', content: 'hello' }], ...more },
  );

const verdictsOf = async (story: Story, seen: Seen): Promise<readonly string[]> => {
  const record = await story.recordOf(String(seen.headers['keywell-request-id']));
  return record.timeline.flatMap((event) => (event.kind === 'verdict' ? [event.class] : []));
};

const codeIn = ({ text }: Seen): unknown => {
  const { error }: { error: { code: unknown } } = JSON.parse(text);
  return error.code;
};

const LARGE = { messages: [{ role: 'user', content: 'word '.repeat(2000) }] };

describe('a request larger than a limit', () => {
  const limitOf = (tokensPerMinute: number): Sketch => ({ model: { limits: { tokensPerMinute } } });

  it('is the caller’s to make smaller: 400, no Retry-After, no wait, and nothing is cooled', async () => {
    const story = await begin({ ...limitOf(1000), keys: [{ id: 'a' }], pool: { maxWaitMs: 9000 } });
    const seen = await ask(story, LARGE);
    expect(seen.status).toBe(400);
    expect(codeIn(seen)).toBe('request_exceeds_limits');
    expect(seen.headers['retry-after']).toBeUndefined();
    expect(seen.headers['x-should-retry']).toBe('false');
    expect(seen.tookMs).toBeLessThan(2000);
    expect(story.called()).toEqual({ a: 1 });
    expect(await verdictsOf(story, seen)).toEqual(['too_large_for_limit']);
    expect(story.key('a')).toMatchObject({ state: 'ready', cooldowns: [] });
    expect((await ask(story)).status).toBe(200);
  });

  it('is not sent again to a limit that was learned by it', async () => {
    const story = await begin({ ...limitOf(1000), keys: [{ id: 'a' }] });
    await ask(story, LARGE);
    const again = await ask(story, LARGE);
    expect([again.status, codeIn(again)]).toEqual([400, 'request_exceeds_limits']);
    expect(story.called(), 'the limit is known now').toEqual({ a: 1 });
  });

  it('is asked once of each domain that may be larger, and served by the one that is', async () => {
    const story = await begin({
      ...limitOf(1000),
      keys: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
      providers: ({ url }) => [
        { id: 'small', baseUrl: url, keys: [keyOf('a'), keyOf('b')] },
        { id: 'large', baseUrl: large.url, keys: [{ id: 'c', value: 'sk-large' }] },
      ],
      pool: {
        tiers: [{ targets: [{ provider: 'small' }] }, { targets: [{ provider: 'large' }] }],
      },
    });
    const seen = await ask(story, LARGE);
    expect(seen.status).toBe(200);
    expect(story.called()).toEqual({ a: 1, b: 1 });
    expect(large.counts().total.calls).toBe(1);
    expect(await verdictsOf(story, seen)).toEqual([
      'too_large_for_limit',
      'too_large_for_limit',
      'success',
    ]);
    expect((await ask(story, LARGE)).status).toBe(200);
    expect(story.called(), 'both limits are known now').toEqual({ a: 1, b: 1 });
    expect(story.node.keys().every(({ cooldowns }) => cooldowns.length === 0)).toBe(true);
  });
});

describe('too many calls at the same time', () => {
  it('cap the account at what it bears: the others wait their turn and are served', async () => {
    const story = await begin({
      face: 'anthropic',
      kind: 'anthropic',
      keys: [{ id: 'a' }],
      model: { limits: { concurrent: 3 }, firstByteMs: 1000 },
      pool: { maxWaitMs: 20_000 },
    });
    const seen = await Promise.all(Array.from({ length: 8 }, () => ask(story)));
    expect(seen.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    // Those sent before the first refusal came back are refused once each, at most five; then no more are sent than the account bears.
    const refused = story.simulator.refusals().length;
    expect(refused).toBeGreaterThanOrEqual(1);
    expect(refused).toBeLessThanOrEqual(5);
    expect(story.called()).toEqual({ a: 8 + refused });
    expect(story.key('a')).toMatchObject({ inFlight: 0 });
  });
});

describe('everything was sent and nothing came back', () => {
  const silent = async (retryAmbiguous: 'once' | 'never'): Promise<Story> => {
    const story = await begin({ pool: { retryAmbiguous, firstByteTimeoutMs: 150 } });
    story.simulator.set({ fault: 'stall_silent' });
    return story;
  };

  it('once: one attempt elsewhere, counted and told as a possible double charge', async () => {
    const story = await silent('once');
    const seen = await ask(story);
    expect(seen.status).toBe(504);
    expect(seen.headers['x-should-retry']).toBe('false');
    expect(story.simulator.counts().total.calls).toBe(2);
    expect(story.metric('keywell_possible_double_charges_total')).toBe(1);
    expect(await verdictsOf(story, seen)).toEqual(['ambiguous_accept', 'ambiguous_accept']);
  });

  it('never: one call, and the caller is told not to repeat it', async () => {
    const story = await silent('never');
    const seen = await ask(story);
    expect(seen.status).toBe(504);
    expect(seen.headers['x-should-retry']).toBe('false');
    expect(story.called()).toEqual({ a: 1 });
    expect(story.metric('keywell_possible_double_charges_total')).toBe(0);
  });

  it('never, whatever the route says, for an answer that the provider stores', async () => {
    const story = await silent('once');
    const seen = await ask(story, { store: true });
    expect(seen.status).toBe(504);
    expect(story.called()).toEqual({ a: 1 });
  });
});

describe('what is about the request or about nobody', () => {
  it('unknown: an answer that is none is asked for once more elsewhere, and marks nothing', async () => {
    const story = await begin();
    story.simulator.set({ fault: 'garbage' });
    const seen = await ask(story);
    expect(seen.status).toBe(502);
    expect(story.simulator.counts().total.calls).toBe(2);
    expect(await verdictsOf(story, seen)).toEqual(['unknown', 'unknown']);
    expect(story.node.keys().every(({ cooldowns }) => cooldowns.length === 0)).toBe(true);
  });

  it('transient: one retry elsewhere, and not another', async () => {
    const story = await begin();
    story.simulator.set({ fault: 'server_error' });
    const seen = await ask(story);
    expect(seen.status).toBe(502);
    expect(story.simulator.counts().total.calls).toBe(2);
    expect(await verdictsOf(story, seen)).toEqual(['transient', 'transient']);
  });
});

describe('what a balance still pays for', () => {
  it('“can only afford N”: larger needs go elsewhere, smaller ones stay', async () => {
    const story = await begin({ face: 'openrouter', kind: 'openrouter' });
    story.simulator.set({ fault: 'quota_exhausted', code: 'can_only_afford', key: 'a', count: 1 });
    expect((await ask(story, { max_tokens: 4000 })).status).toBe(200);
    expect(story.called()['a']).toBe(1);
    expect((await ask(story, { max_tokens: 4000 })).status).toBe(200);
    expect(story.called()['a'], 'what was refused is not asked for again').toBe(1);
    expect((await ask(story, { max_tokens: 100 })).status).toBe(200);
    expect(story.called()['a'], 'what is affordable is').toBe(2);
    expect((await ask(story, { max_tokens: 4000 })).status).toBe(200);
    expect((await ask(story)).status).toBe(200);
    expect(story.called()['a'], 'a small one that was served says nothing of large ones').toBe(2);
  });
});

describe('a small call where larger needs are kept away', () => {
  it('that meets an overloaded provider is told that, not when the larger ones may come back', async () => {
    const story = await begin({ face: 'openrouter', kind: 'openrouter', keys: [{ id: 'a' }] });
    story.simulator.set({ fault: 'quota_exhausted', code: 'can_only_afford', key: 'a', count: 1 });
    expect((await ask(story, { max_tokens: 4000 })).status).toBe(429);
    story.simulator.set({ fault: 'overloaded' });
    const small = await ask(story, { max_tokens: 100 });
    expect(small.status).toBe(503);
    expect(codeIn(small)).toBe('pool_unavailable');
    expect(small.headers['retry-after']).toBeUndefined();
  });
});

describe('a key whose configured organization is not its own', () => {
  it('is refused by name, and neither dead nor cooled: the configuration is wrong', async () => {
    const story = await begin({
      keys: [{ id: 'a', weight: 1e9, organization: 'org-elsewhere' }, { id: 'b' }],
    });
    const seen = await ask(story);
    expect(await verdictsOf(story, seen)).toEqual(['unknown']);
    expect(story.called()).toEqual({ a: 1 });
    expect(story.key('a')).toMatchObject({ state: 'ready', cooldowns: [] });
  });
});

describe('everything is cooled for 8 s', () => {
  it('with 2 s of patience the call is refused at once, with 10 s it waits and succeeds', async () => {
    const story = await begin({ keys: [{ id: 'a' }], pool: { maxWaitMs: 30_000 } });
    story.simulator.set({ fault: 'rate_limited', retryAfterMs: 8000, count: 1 });
    const patience = (ms: number): Promise<Seen> =>
      postJson(
        { url: story.url, key: STORY_KEY, headers: { 'keywell-max-wait-ms': String(ms) } },
        { model: 'smart', messages: [{ role: 'user', content: 'hello' }] },
      );
    expect((await patience(0)).status).toBe(429);
    const patient = patience(10_000);
    const hasty = await patience(2000);
    expect([hasty.status, codeIn(hasty)]).toEqual([429, 'pool_exhausted']);
    expect(['8', '9']).toContain(hasty.headers['retry-after']);
    expect(hasty.tookMs).toBeLessThan(1000);
    const served = await patient;
    expect(served.status).toBe(200);
    expect(Number(served.headers['keywell-wait-ms'])).toBeGreaterThan(7000);
    expect(story.called()).toEqual({ a: 2 });
  });
});
