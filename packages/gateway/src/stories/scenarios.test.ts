import { afterEach, describe, expect, it } from 'vitest';
import { consumerKey, startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';

type Sketch = NonNullable<Parameters<typeof startStory>[0]>;
type Fault = Parameters<Story['simulator']['set']>[0];

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

const askMany = (story: Story, count: number): Promise<readonly Seen[]> =>
  Promise.all(Array.from({ length: count }, () => ask(story)));

const statuses = (seen: readonly Seen[]): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(seen, ({ status }) => status)].map(([status, of]) => [status, of.length]),
  );

describe('five keys of which four are dead by 402', () => {
  it('from the second request on, no call reaches a dead key', async () => {
    const dead = ['a', 'b', 'c', 'd'];
    const story = await begin({
      face: 'openrouter',
      kind: 'openrouter',
      keys: [...dead.map((id) => ({ id, weight: 1e9 })), { id: 'e', weight: 1e-9 }],
    });
    for (const key of dead) story.simulator.set({ fault: 'quota_exhausted', key });
    expect((await ask(story)).status).toBe(200);
    expect(story.called()).toEqual({ a: 1, b: 1, c: 1, d: 1, e: 1 });
    expect(statuses(await askMany(story, 50))).toEqual({ 200: 50 });
    expect(story.called()).toEqual({ a: 1, b: 1, c: 1, d: 1, e: 51 });
    const streamed = await ask(story, { stream: true });
    expect(streamed).toMatchObject({ status: 200, clean: true });
    expect(story.called()).toEqual({ a: 1, b: 1, c: 1, d: 1, e: 52 });
  });
});

describe('a workspace’s usage limit with a date', () => {
  it('cools that workspace to the date; another workspace’s key of the organization serves on', async () => {
    const story = await begin({
      face: 'anthropic',
      kind: 'anthropic',
      keys: [
        { id: 'a', weight: 1e9, domain: ['acme', 'research'] },
        { id: 'sibling', domain: ['acme', 'research'] },
        { id: 'b', domain: ['acme', 'product'] },
      ],
    });
    const day = 86_400_000;
    const date = new Date(Math.floor(Date.now() / day + 10) * day);
    story.simulator.set({
      fault: 'usage_limit',
      key: 'a',
      until: date.toISOString().slice(0, 10),
    });
    for (let call = 0; call < 5; call += 1) expect((await ask(story)).status).toBe(200);
    expect(story.called(), 'the sibling is of the same workspace').toEqual({ a: 1, b: 5 });
    for (const id of ['a', 'sibling']) {
      const [cooldown] = story.key(id).cooldowns;
      expect(cooldown).toMatchObject({ class: 'funds_exhausted', scope: 'node' });
      const endsAt = Date.now() + (cooldown?.endsInMs ?? 0);
      expect(endsAt).toBeGreaterThan(date.getTime() - 1000);
      expect(endsAt).toBeLessThan(date.getTime() + 3000);
    }
  });
});

describe('a storm of 529s', () => {
  /** Two endpoints of Anthropic's dialect with a key each; the first is drawn nearly always. */
  const twoEndpoints: Sketch = {
    face: 'anthropic',
    keys: [{ id: 'a' }, { id: 'b' }],
    providers: ({ url }) => [
      {
        id: 'first',
        kind: 'anthropic',
        baseUrl: url,
        keys: [{ id: 'a', value: 'sk-simulated-a' }],
      },
      {
        id: 'second',
        kind: 'anthropic',
        baseUrl: url,
        keys: [{ id: 'b', value: 'sk-simulated-b' }],
      },
    ],
    pool: {
      tiers: [{ targets: [{ provider: 'first', weight: 1e9 }, { provider: 'second' }] }],
    },
  };

  it('takes each call to the other endpoint after one attempt, and touches no key', async () => {
    const story = await begin(twoEndpoints);
    story.simulator.set({ fault: 'overloaded', key: 'a' });
    for (let call = 1; call <= 10; call += 1) {
      const seen = await ask(story);
      expect([seen.status, seen.headers['keywell-provider']]).toEqual([200, 'second']);
      expect(seen.tookMs).toBeLessThan(1000);
      expect(story.called()).toEqual({ a: call, b: call });
    }
    expect(story.key('a')).toMatchObject({ state: 'ready', cooldowns: [] });
    expect(story.cooled).toEqual([]);
  });

  it('opens the endpoint’s breaker when half of twenty attempts met it, not a key’s cooldown', async () => {
    const story = await begin(twoEndpoints);
    story.simulator.set({ fault: 'overloaded', key: 'a' });
    for (let call = 0; call < 20; call += 1) expect((await ask(story)).status).toBe(200);
    const cooled = await until(() => story.key('a').cooldowns[0] ?? false, 'the breaker');
    expect(cooled).toMatchObject({ scope: 'endpoint_group', class: 'provider_overloaded' });
    expect(cooled.endsInMs).toBeLessThanOrEqual(30_000);
    expect((await ask(story)).status).toBe(200);
    expect(story.called()).toEqual({ a: 20, b: 21 });
  });

  it('of two in a hundred cools nothing and fails nobody', async () => {
    const story = await begin(twoEndpoints);
    story.simulator.set({ fault: 'overloaded', probability: 0.02 });
    const all: Seen[] = [];
    for (let round = 0; round < 25; round += 1) all.push(...(await askMany(story, 16)));
    expect(statuses(all)).toEqual({ 200: 400 });
    const refused = story.simulator.refusals().length;
    expect(refused).toBeGreaterThan(0);
    expect(story.simulator.counts().total.calls).toBe(400 + refused);
    expect(story.node.keys().flatMap(({ cooldowns }) => cooldowns)).toEqual([]);
    expect(story.cooled).toEqual([]);
  });
});

describe('a stream whose first event is an error', () => {
  it.each([
    ['anthropic', 'anthropic', 'overloaded_error', 'provider_overloaded'],
    ['openai', 'openai', 'insufficient_quota', 'funds_exhausted'],
    ['openrouter', 'openrouter', 'server_error', 'transient'],
  ] as const)('of %s (%s, %s): the caller sees one clean stream of another key', async (...row) => {
    const [face, kind, code, of] = row;
    const story = await begin({ face, kind });
    story.simulator.set({ fault: 'error_event', key: 'a', code });
    const seen = await ask(story, { stream: true });
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(seen.text).not.toContain('error');
    expect(seen.text.split('data: [DONE]')).toHaveLength(2);
    expect(story.called()['a']).toBe(1);
    expect(story.simulator.counts().total.calls).toBe(2);
    const record = await story.recordOf(String(seen.headers['keywell-request-id']));
    const verdicts = record.timeline.filter((event) => event.kind === 'verdict');
    expect(verdicts).toMatchObject([{ class: of }, { class: 'success' }]);
  });
});

describe('no secret', () => {
  const FAULTS: readonly Fault[] = [
    { fault: 'dead_key' },
    { fault: 'account_deactivated' },
    { fault: 'quota_exhausted' },
    { fault: 'usage_limit' },
    { fault: 'rate_limited' },
    { fault: 'rate_limited', dimension: 'requests_day' },
    { fault: 'slow_down' },
    { fault: 'model_forbidden' },
    { fault: 'region_blocked' },
    { fault: 'overloaded' },
    { fault: 'server_error' },
    { fault: 'invalid_request', message: 'The key sk-simulated-canary-a is odd.' },
    { fault: 'error_event' },
    { fault: 'error_body' },
    { fault: 'huge_error' },
    { fault: 'die_mid_stream' },
  ];

  it.each([
    ['openai', 'openai'],
    ['anthropic', 'anthropic'],
    ['gemini', 'gemini'],
    ['groq', 'groq'],
    ['openrouter', 'openrouter'],
    ['azure', 'azure-openai'],
  ] as const)(
    'is in answers, headers, logs, metrics or events, whatever %s says',
    async (...row) => {
      const [face, kind] = row;
      const keys = ['canary-a', 'canary-b'];
      const story = await begin({
        face,
        kind,
        keys: keys.map((id) => ({ id, domain: [`${id}-house`] })),
        pool: { firstByteTimeoutMs: 500 },
      });
      const seen: Seen[] = [];
      for (const [place, fault] of FAULTS.entries()) {
        story.reset();
        story.simulator.set(fault);
        const inBand = fault.fault === 'error_event' || fault.fault === 'die_mid_stream';
        seen.push(await ask(story, { stream: inBand || place % 2 === 0 }));
      }
      const { node } = story;
      const shown = seen.map(({ headers, text }) => JSON.stringify(headers) + text).join('\n');
      const kept = [
        JSON.stringify(await story.records()),
        node.metrics([]),
        JSON.stringify([story.events, story.cooled, node.keys(), node.pools(), story.sightings]),
        JSON.stringify(story.snapshot),
      ].join('\n');
      const secrets = [...keys.map((id) => `sk-simulated-${id}`), consumerKey(0)];
      for (const secret of secrets) {
        for (const form of [secret, secret.slice(-12), encodeURIComponent(secret)]) {
          expect(shown.includes(form), `an answer holds ${form}`).toBe(false);
          expect(kept.includes(form), `a log, metric or event holds ${form}`).toBe(false);
        }
      }
      expect(/canary|-house|proj_/.test(shown), 'an answer names an account').toBe(false);
    },
  );
});
