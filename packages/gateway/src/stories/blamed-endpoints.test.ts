import { afterEach, describe, expect, it } from 'vitest';
import { consumerKey, startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';

type Fault = Parameters<Story['simulator']['set']>[0];

/** So many attempts in ten seconds, half of them bad, open a breaker. */
const OPENING = 20;

let story: Story;
afterEach(() => story.close());

const ask = (stream: boolean, key = STORY_KEY): Promise<Seen> =>
  postJson(
    { url: story.url, key },
    { model: 'smart', stream, messages: [{ role: 'user', content: 'hello' }] },
  );

/** Two providers with a key each, `a` and `b`; the first is drawn nearly always. */
async function startTwoProviders(consumers: readonly object[] = [{}]): Promise<void> {
  story = await startStory({
    consumers,
    keys: [{ id: 'a' }, { id: 'b' }],
    providers: ({ url }) => [
      { id: 'first', baseUrl: url, keys: [{ id: 'a', value: 'sk-simulated-a' }] },
      { id: 'second', baseUrl: url, keys: [{ id: 'b', value: 'sk-simulated-b' }] },
    ],
    pool: {
      firstByteTimeoutMs: 100,
      tiers: [{ targets: [{ provider: 'first', weight: 1e9 }, { provider: 'second' }] }],
    },
  });
}

async function askOften(faults: readonly Fault[], stream = false): Promise<readonly Seen[]> {
  for (const fault of faults) story.simulator.set(fault);
  const seen: Seen[] = [];
  for (let call = 0; call < OPENING; call += 1) seen.push(await ask(stream));
  return seen;
}

/** What the worker has told; it answers in order. */
async function cooledByNow(): Promise<Story['cooled']> {
  await story.node.flushLog();
  return story.cooled;
}

describe('an endpoint whose requests another target serves', () => {
  // The first of these finds a fresh connection and is ambiguous, the others find a kept one; all of them are needed.
  it.each<[Fault]>([
    [{ fault: 'server_error', key: 'a' }],
    [{ fault: 'die_before_headers', key: 'a' }],
  ])('is left alone for a while after %o', async (fault) => {
    await startTwoProviders();
    const seen = await askOften([fault]);
    expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([200]));
    expect(story.called()).toEqual({ a: OPENING, b: OPENING });
    const cooled = await until(() => story.key('a').cooldowns[0] ?? false, 'the breaker', 500);
    expect(cooled).toMatchObject({ scope: 'endpoint_group', class: 'transient' });
    expect(story.key('b').cooldowns).toEqual([]);
    expect((await ask(false)).status).toBe(200);
    expect(story.called()).toEqual({ a: OPENING, b: OPENING + 1 });
    expect(await cooledByNow()).toMatchObject([
      { action: 'set', scopeId: 'endpoint_group:first#gpt-5' },
    ]);
  });
});

describe('an endpoint whose requests nobody serves better', () => {
  it('is not to blame while every target fails', async () => {
    await startTwoProviders();
    const seen = await askOften([{ fault: 'server_error' }]);
    expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([502]));
    expect(await cooledByNow()).toEqual([]);
  });

  it('is to blame once three consumers have met it', async () => {
    await startTwoProviders([{}, {}, {}]);
    story.simulator.set({ fault: 'server_error', key: 'a' });
    story.simulator.set({ fault: 'server_error', key: 'b' });
    for (let call = 0; call < OPENING; call += 1) await ask(false, consumerKey(call % 2));
    expect(await cooledByNow()).toEqual([]);
    expect((await ask(false, consumerKey(2))).status).toBe(502);
    await until(() => story.cooled.length === 2, 'both breakers', 500);
    expect(story.cooled.map(({ scopeId }) => scopeId).toSorted()).toEqual([
      'endpoint_group:first#gpt-5',
      'endpoint_group:second#gpt-5',
    ]);
    expect((await ask(false)).status).toBe(503);
  });

  it('is not to blame for a request that two of its keys fail alike, however often', async () => {
    story = await startStory({ keys: [{ id: 'a', weight: 1e9 }, { id: 'b' }] });
    const seen = await askOften([{ fault: 'bad_gateway' }]);
    expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([502]));
    expect(story.called()).toEqual({ a: OPENING, b: OPENING });
    expect(await cooledByNow()).toEqual([]);
  });

  it('is not to blame when the other target’s answer breaks off', async () => {
    await startTwoProviders();
    const seen = await askOften(
      [
        { fault: 'server_error', key: 'a' },
        { fault: 'die_mid_stream', key: 'b' },
      ],
      true,
    );
    expect(seen.some(({ clean }) => clean)).toBe(false);
    expect(await cooledByNow()).toEqual([]);
  });

  it('is not to blame when the same target serves at another key', async () => {
    story = await startStory({ keys: [{ id: 'a', weight: 1e9 }, { id: 'b' }] });
    const seen = await askOften([{ fault: 'server_error', key: 'a' }]);
    expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([200]));
    expect(story.called()).toEqual({ a: OPENING, b: OPENING });
    expect(await cooledByNow()).toEqual([]);
  });
});
