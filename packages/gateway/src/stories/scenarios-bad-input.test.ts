import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';

type Sketch = NonNullable<Parameters<typeof startStory>[0]>;
type Fault = Parameters<Story['simulator']['set']>[0];

const FACES = [
  ['openai', 'openai'],
  ['anthropic', 'anthropic'],
  ['gemini', 'gemini'],
  ['groq', 'groq'],
  ['openrouter', 'openrouter'],
  ['azure', 'azure-openai'],
] as const;

const NONSENSE = ['negative', 'huge', 'nan', 'empty', 'year_9999'] as const;
/** Nobody knows for how long, so it is a guess: never the 35 days that the numbers would make of it. */
const LONGEST_GUESS_S = 60;

const begin = (sketch: Sketch): Promise<Story> =>
  startStory({
    pool: { firstByteTimeoutMs: 2000 },
    model: { limits: { requestsPerMinute: 1000, tokensPerMinute: 1_000_000 } },
    ...sketch,
  });

const ask = (story: Story, more: object = {}): Promise<Seen> =>
  postJson(
    { url: story.url, key: STORY_KEY },
    { model: story.freshModel(), messages: [{ role: 'user', content: 'hello' }], ...more },
  );

/** Whatever came: the next call that finds everything well again is served, and nothing is left in use. */
async function expectNothingStuck(story: Story): Promise<void> {
  await story.quiet();
  expect(story.events.filter(({ kind }) => kind === 'worker_restarted')).toEqual([]);
  story.simulator.clear();
  story.node.clearCooldowns({});
  expect((await ask(story)).status).toBe(200);
}

describe.each(FACES)('limit headers of %s that are no numbers', (face, kind) => {
  let story: Story;
  beforeAll(async () => {
    story = await begin({ face, kind, pools: 40 });
  });
  beforeEach(() => story.reset());
  afterAll(() => story.close());

  it.each(NONSENSE)('%s: a refusal cools for a guess, and another key serves', async (nonsense) => {
    story.simulator.set({ fault: 'rate_limited', key: 'a', retryAfterMs: 5000 });
    story.simulator.set({ fault: 'nonsense_headers', key: 'a', nonsense });
    expect(await ask(story)).toMatchObject({ status: 200, clean: true });
    expect(story.called()['a']).toBe(1);
    const [cooldown] = story.key('a').cooldowns;
    expect(cooldown?.class).toBe('window_exhausted_short');
    expect((cooldown?.endsInMs ?? Number.NaN) / 1000).toBeGreaterThan(0);
    expect((cooldown?.endsInMs ?? Number.NaN) / 1000).toBeLessThan(LONGEST_GUESS_S);
    await expectNothingStuck(story);
  });

  it('on a good answer change nothing: the key goes on serving', async () => {
    const model = { model: story.freshModel() };
    for (const nonsense of NONSENSE) {
      story.simulator.set({ id: 'odd', fault: 'nonsense_headers', nonsense });
      expect((await ask(story, model)).status).toBe(200);
      expect((await ask(story, { ...model, stream: true })).status).toBe(200);
    }
    expect(story.called()).toEqual({ a: 2 * NONSENSE.length });
    expect(story.key('a')).toMatchObject({ state: 'ready', cooldowns: [] });
  });

  it('and none at all are no reason to trust less: the refusal’s own words count', async () => {
    story.simulator.set({ fault: 'rate_limited', key: 'a', retryAfterMs: 5000 });
    story.simulator.set({ fault: 'no_headers', key: 'a' });
    expect((await ask(story)).status).toBe(200);
    const [cooldown] = story.key('a').cooldowns;
    expect(cooldown).toMatchObject({ class: 'window_exhausted_short', scope: 'node_group' });
    expect(story.called()['a']).toBe(1);
  });
});

describe('error bodies that nobody can read', () => {
  let story: Story;
  beforeAll(async () => {
    story = await begin({ pools: 60 });
  });
  beforeEach(() => story.reset());
  afterAll(() => story.close());

  /** What a status says by itself; what no row of the table fits is nobody's, and is told as it is. */
  const SERVED: readonly [Fault['fault'], number, string][] = [
    ['huge_error', 429, 'slow_down'],
    ['huge_error', 500, 'transient'],
    ['huge_error', 503, 'provider_overloaded'],
    ['huge_error', 529, 'provider_overloaded'],
    ['html_error', 429, 'slow_down'],
    ['html_error', 500, 'transient'],
    ['html_error', 503, 'provider_overloaded'],
    ['invalid_text', 402, 'funds_exhausted'],
    ['invalid_text', 429, 'slow_down'],
    ['invalid_text', 500, 'transient'],
  ];
  it.each(SERVED)('%s under %i is %s, and another key serves', async (fault, status, of) => {
    for (const stream of [false, true]) {
      story.reset();
      story.simulator.set({ fault, key: 'a', status });
      const seen = await ask(story, { stream });
      expect(seen).toMatchObject({ status: 200, clean: true });
      expect(story.called()['a']).toBe(1);
      const record = await story.recordOf(String(seen.headers['keywell-request-id']));
      const verdicts = record.timeline.filter((event) => event.kind === 'verdict');
      expect(verdicts).toMatchObject([{ class: of }, { class: 'success' }]);
    }
    await expectNothingStuck(story);
  });

  it.each([
    ['huge_error', 400],
    ['html_error', 400],
    ['html_error', 404],
  ] as const)(
    '%s under %i costs one call, marks nothing and is explained',
    async (fault, status) => {
      story.simulator.set({ fault, status });
      const seen = await ask(story);
      expect(seen.status).toBe(400);
      expect(JSON.parse(seen.text)).toMatchObject({ error: { type: 'invalid_request_error' } });
      expect(seen.text).toContain(`status ${status}`);
      expect(seen.text.length).toBeLessThan(1000);
      expect(seen.text).not.toContain('html');
      expect(story.called()).toEqual({ a: 1 });
      expect(story.node.keys().every(({ cooldowns }) => cooldowns.length === 0)).toBe(true);
    },
  );

  it.each([
    ['huge_error', 500],
    ['html_error', 500],
    ['invalid_text', 500],
    ['huge_error', 403],
    ['html_error', 403],
    ['html_error', 401],
  ] as const)(
    'every key’s, %s under %i: one honest error, in time and small, and no key is marked',
    async (fault, status) => {
      story.simulator.set({ fault, status });
      const seen = await ask(story);
      expect(seen.status).toBe(502);
      expect(JSON.parse(seen.text)).toMatchObject({ error: { code: 'upstream_error' } });
      expect(seen.text.length).toBeLessThan(1000);
      expect(seen.text).not.toContain('html');
      expect(story.simulator.counts().total.calls).toBe(2);
      expect(story.node.keys().every(({ cooldowns }) => cooldowns.length === 0)).toBe(true);
      await expectNothingStuck(story);
    },
  );
});

describe('what a vendor says of a bad request in a shape of its own', () => {
  let story: Story;
  afterEach(() => story.close());

  it.each(FACES)('%s: reaches the caller in the caller’s dialect', async (face, kind) => {
    story = await begin({ face, kind });
    story.simulator.set({ fault: 'invalid_text', status: 400 });
    const seen = await ask(story);
    expect(seen.status).toBe(400);
    expect(JSON.parse(seen.text)).toMatchObject({
      error: { message: expect.stringMatching(/^Something failed: /) },
    });
    expect(story.called()).toEqual({ a: 1 });
    expect(story.key('a').cooldowns).toEqual([]);
  });
});

describe('a provider whose clock is wrong by an hour', () => {
  let story: Story;
  afterEach(() => story.close());

  it.each([
    ['anthropic', 'anthropic', 3_600_000],
    ['anthropic', 'anthropic', -3_600_000],
    ['openai', 'openai', 3_600_000],
    ['openai', 'openai', -3_600_000],
  ] as const)('%s (%s), %i ms: is cooled as long as it says', async (face, kind, skewMs) => {
    story = await begin({ face, kind, pools: 4 });
    story.simulator.set({ fault: 'rate_limited', key: 'a', retryAfterMs: 5000 });
    story.simulator.set({ fault: 'skewed_clock', key: 'a', skewMs });
    expect((await ask(story)).status).toBe(200);
    const [cooldown] = story.key('a').cooldowns;
    expect((cooldown?.endsInMs ?? 0) / 1000).toBeGreaterThan(4);
    expect((cooldown?.endsInMs ?? 0) / 1000).toBeLessThanOrEqual(7.2);
    expect(story.called()['a']).toBe(1);
    await expectNothingStuck(story);
  });
});
