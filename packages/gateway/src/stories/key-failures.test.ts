import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';

type Fault = Parameters<Story['simulator']['set']>[0];

const target = (story: Story) => ({ url: story.url, key: STORY_KEY });
const body = (model: string, content = 'hello'): object => ({
  model,
  messages: [{ role: 'user', content }],
});
const ask = (story: Story, content = 'hello'): Promise<Seen> =>
  postJson(target(story), body(story.freshModel(), content));

const bodyOf = (seen: Seen): unknown => JSON.parse(seen.text);

/** Nothing a caller may know: keys, their names and places, the provider's billing words. */
function expectNothingLeaked(seen: Seen): void {
  const shown = seen.text + JSON.stringify(seen.headers);
  expect(shown).not.toMatch(/sk-simulated|org-[abc]|proj_|"[abc]"|billing|insufficient_quota/);
}

describe('a connection that breaks before any answer', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ pools: 2 });
  });
  afterAll(() => story.close());

  it('is ambiguous when it is fresh: the provider may have taken the call', async () => {
    story.simulator.set({ fault: 'die_before_headers', key: 'a' });
    const seen = await ask(story);
    expect(seen.status).toBe(200);
    const record = await story.recordOf(String(seen.headers['keywell-request-id']));
    const verdicts = record.timeline.filter((event) => event.kind === 'verdict');
    expect(verdicts).toMatchObject([{ class: 'ambiguous_accept' }, { class: 'success' }]);
  });
});

describe('one of three keys fails', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({
      pools: 80,
      pool: { deadlineMs: 10_000, firstByteTimeoutMs: 200, idleTimeoutMs: 200 },
    });
  });
  beforeEach(() => story.reset());
  afterAll(() => story.close());

  /** Fault, verdict, scope of the cooldown, and about how long it lasts in seconds. */
  const MARKING: readonly [Fault, string, string, number][] = [
    [{ fault: 'quota_exhausted' }, 'funds_exhausted', 'node', 300],
    [
      { fault: 'quota_exhausted', code: 'project_spend_limit_exceeded' },
      'funds_exhausted',
      'node',
      300,
    ],
    [{ fault: 'dead_key' }, 'credential_dead', 'key', 900],
    [{ fault: 'account_deactivated' }, 'credential_dead', 'key', 900],
    [{ fault: 'model_forbidden' }, 'model_forbidden', 'key_group', 3600],
    [{ fault: 'rate_limited' }, 'window_exhausted_short', 'node_group', 20],
    [
      { fault: 'rate_limited', dimension: 'tokens_minute', retryAfterMs: 7000 },
      'window_exhausted_short',
      'node_group',
      7,
    ],
    [
      { fault: 'rate_limited', dimension: 'requests_day', retryAfterMs: 172_800 },
      'window_exhausted_long',
      'node_group',
      173,
    ],
    [{ fault: 'slow_down', retryAfterMs: 2000 }, 'slow_down', 'node_group', 2],
    [{ fault: 'slow_down' }, 'slow_down', 'node_group', 1],
    [{ fault: 'error_body', code: 'insufficient_quota' }, 'funds_exhausted', 'node', 300],
  ];
  const UNMARKING: readonly [Fault, string][] = [
    [{ fault: 'overloaded' }, 'provider_overloaded'],
    [{ fault: 'server_error' }, 'transient'],
    [{ fault: 'bad_gateway' }, 'transient'],
    [{ fault: 'gateway_timeout' }, 'transient'],
    // Both on a connection that has served before: that it broke says nothing about this call.
    [{ fault: 'refuse_connection' }, 'transient'],
    [{ fault: 'die_before_headers' }, 'transient'],
    [{ fault: 'die_after_headers' }, 'transient'],
    [{ fault: 'die_mid_stream' }, 'transient'],
    [{ fault: 'stall_silent' }, 'ambiguous_accept'],
    [{ fault: 'stall_after_headers' }, 'transient'],
    [{ fault: 'stall_mid_stream' }, 'transient'],
    [{ fault: 'error_body' }, 'transient'],
    [{ fault: 'error_body', code: 'server_is_overloaded' }, 'provider_overloaded'],
    [{ fault: 'garbage' }, 'unknown'],
    [{ fault: 'cut_json' }, 'unknown'],
    [{ fault: 'html' }, 'unknown'],
    [{ fault: 'html_error', status: 401 }, 'unknown'],
    [{ fault: 'html_error', status: 403 }, 'unknown'],
    [{ fault: 'html_error', status: 407 }, 'unknown'],
    [{ fault: 'huge_error', status: 403 }, 'unknown'],
    [{ fault: 'wrong_type' }, 'unknown'],
    [{ fault: 'redirect' }, 'unknown'],
    [{ fault: 'not_http' }, 'unknown'],
    [{ fault: 'gzip' }, 'unknown'],
    [{ fault: 'huge_headers' }, 'unknown'],
  ];

  /** The first call meets the fault on key `a`, the second attempt is served by another. */
  async function expectRescued(fault: Fault, of: string): Promise<void> {
    story.simulator.set({ ...fault, key: 'a' });
    const seen = await ask(story);
    expect(seen).toMatchObject({ status: 200, clean: true });
    const { a, ...others } = story.called();
    expect(a).toBe(1);
    expect(Object.values(others)).toEqual([1]);
    const record = await story.recordOf(String(seen.headers['keywell-request-id']));
    const verdicts = record.timeline.filter(({ kind }) => kind === 'verdict');
    expect(verdicts).toMatchObject([{ class: of }, { class: 'success' }]);
    expectNothingLeaked(seen);
    expect([story.key('b').state, story.key('c').state]).toEqual(['ready', 'ready']);
    await story.quiet();
  }

  it.each(MARKING)(
    '%o is judged %s, cools its %s for %i s, and another key serves',
    async (fault, of, scope, seconds) => {
      await expectRescued(fault, of);
      const cooled = story.key('a').cooldowns;
      expect(cooled).toMatchObject([{ class: of, scope }]);
      const endsInS = (cooled[0]?.endsInMs ?? 0) / 1000;
      expect(endsInS).toBeGreaterThan(seconds - 1);
      expect(endsInS).toBeLessThanOrEqual(seconds + 1);
      const told = await until(() => story.key('a').cooldowns[0]?.evidence ?? false, 'evidence');
      expect(told).toContain('status=');
      expect((await ask(story)).status).toBe(200);
      expect(story.called()['a'], 'no call reaches a key known dry').toBe(1);
    },
  );

  it.each(UNMARKING)(
    '%o is judged %s, marks nothing, and another key serves',
    async (fault, of) => {
      await expectRescued(fault, of);
      expect(story.key('a').cooldowns).toEqual([]);
    },
  );

  it.each([
    [{ fault: 'slow_first_byte', waitMs: 100 }],
    [{ fault: 'bytewise' }],
    [{ fault: 'informational' }],
    [{ fault: 'extra_headers' }],
  ] satisfies [Fault][])('%o is no failure at all', async (fault) => {
    story.simulator.set({ ...fault, key: 'a' });
    const seen = await ask(story);
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(story.called()).toEqual({ a: 1 });
    expect(Object.keys(seen.headers)).not.toContain('set-cookie');
    expect(seen.headers['server']).toBeUndefined();
  });

  it('401s from two unrelated organizations are the provider’s trouble until a key is accepted', async () => {
    story.simulator.set({ fault: 'dead_key' });
    const refused = await ask(story);
    expect(refused.status).toBe(503);
    expect(story.called()).toEqual({ a: 1, b: 1, c: 1 });
    expect(story.node.keys().map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
    story.simulator.clear();
    expect((await ask(story)).status).toBe(200);
    expect(
      [story.key('b').state, story.key('c').state],
      'the others’ refusals count again',
    ).toEqual(['cooled', 'cooled']);
    await until(() => story.cooled.at(-1)?.action === 'set', 'what was put back');
    const kept = story.cooled.slice(-2);
    expect(kept.map(({ scopeId }) => scopeId.slice(-2)).toSorted()).toEqual(['/b', '/c']);
    for (const told of [...kept, ...story.key('b').cooldowns, ...story.key('c').cooldowns]) {
      expect(told).toMatchObject({
        class: 'credential_dead',
        evidence: expect.stringContaining('status=401'),
      });
    }
  });

  it('a region that is blocked is blocked for the sibling keys too', async () => {
    story.simulator.set({ fault: 'region_blocked' });
    const refused = await ask(story);
    expect(refused.status).toBe(503);
    expect(story.simulator.counts().total.calls).toBe(1);
    expect(story.node.keys().map(({ state }) => state)).toEqual(['cooled', 'cooled', 'cooled']);
    expectNothingLeaked(refused);
  });
});

describe('what the caller did', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ pools: 20 });
  });
  beforeEach(() => story.reset());
  afterAll(() => story.close());

  const expectUntouched = (): void => {
    for (const key of story.node.keys()) {
      expect(key).toMatchObject({ state: 'ready', failures: 0, inFlight: 0, cooldowns: [] });
    }
  };

  it('is explained in the provider’s words, tried once, and marks nothing', async () => {
    story.simulator.set({ fault: 'invalid_request', message: 'messages[0] is too clever.' });
    const seen = await ask(story);
    expect(seen.status).toBe(400);
    expect(bodyOf(seen)).toMatchObject({
      error: { message: 'messages[0] is too clever.', code: 'invalid_prompt' },
    });
    expect(seen.headers['x-should-retry']).toBe('false');
    expect(story.called()).toEqual({ a: 1 });
    expectUntouched();
  });

  it('loses key material and account ids on its way', async () => {
    const secret = 'sk-simulated-a';
    const message = `Key ${secret} of org-AbCd1234EfGh5678 and jo@example.org: no. %73 ${encodeURIComponent(secret)}`;
    story.simulator.set({ fault: 'invalid_request', message });
    const seen = await ask(story);
    expect(seen.status).toBe(400);
    expect(seen.text).toContain('[masked]');
    expect(seen.text).not.toMatch(/sk-simulated|AbCd1234|jo@example/);
  });

  it.each(['insufficient_quota', 'Rate limit reached for gpt-5. Please try again in 20s', '429'])(
    'marks nothing when the prompt says %j and comes back inside a 400',
    async (prompt) => {
      story.simulator.set({ fault: 'invalid_request' });
      const seen = await ask(story, prompt);
      expect(seen.status).toBe(400);
      expect(seen.text).toContain(prompt);
      expect(story.called()).toEqual({ a: 1 });
      expectUntouched();
    },
  );

  it('stays readable when the provider quotes a prompt of 200 KB', async () => {
    story.simulator.set({ fault: 'invalid_request' });
    const seen = await ask(story, 'long '.repeat(40_000));
    expect(seen.status).toBe(400);
    expect(bodyOf(seen)).toMatchObject({ error: { type: 'invalid_request_error' } });
    expect(story.called()).toEqual({ a: 1 });
    expectUntouched();
  });

  it('a hundred times over changes no key', async () => {
    story.simulator.set({ fault: 'invalid_request' });
    const model = story.freshModel();
    const all = Array.from({ length: 100 }, () => postJson(target(story), body(model)));
    expect(new Set((await Promise.all(all)).map(({ status }) => status))).toEqual(new Set([400]));
    expect(story.simulator.counts().total.calls).toBe(100);
    expectUntouched();
  });
});
