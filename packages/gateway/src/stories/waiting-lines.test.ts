import { describe, expect, it } from 'vitest';
import { consumerKey, type Story, type StorySketch } from '@keywell/testkit/gateway-story';
import type { Seen } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';
import { ask, begin, untilWaiting } from './waiting-story.contract.ts';

describe('a call that names the one target that may serve it', () => {
  /** Host `a` is dry for so long, host `b` has all it ever had. */
  async function beginDry(retryAfterMs: number): Promise<Story> {
    const hosts = ['a', 'b'];
    const story = await begin({
      providers: ({ url }) =>
        hosts.map((id) => ({
          id: `host-${id}`,
          baseUrl: url,
          keys: [{ id, value: `sk-simulated-${id}` }],
        })),
      keys: hosts.map((id) => ({ id })),
      consumers: [{}, { id: 'other' }],
      pool: { tiers: [{ targets: hosts.map((id) => ({ provider: `host-${id}` })) }] },
    });
    story.simulator.set({ fault: 'rate_limited', key: 'a', retryAfterMs, count: 1 });
    expect((await ask(story, { maxWaitMs: 0, more: NAMED })).status).toBe(429);
    return story;
  }
  const NAMED = { model: 'host-a/gpt-5' };

  it('is refused at once where that comes back too late, and told when', async () => {
    const story = await beginDry(30_000);
    const seen = await ask(story, { maxWaitMs: 2000, more: NAMED });
    expect(seen.status).toBe(429);
    expect(seen.tookMs).toBeLessThan(1000);
    expect(Number(seen.headers['retry-after'])).toBeGreaterThanOrEqual(29);
    expect(story.called()).toEqual({ a: 1 });
  });

  it('keeps no larger call from the others while it waits, and is served where it waits for', async () => {
    const story = await beginDry(3000);
    const named = ask(story, { more: { ...NAMED, messages: [{ role: 'user', content: 'a' }] } });
    await untilWaiting(story, 1);
    const large = { messages: [{ role: 'user', content: 'hello '.repeat(100) }] };
    const other = { key: consumerKey(1), more: large };
    for (let call = 0; call < 5; call += 1) {
      const seen = await ask(story, { ...other, maxWaitMs: 500 });
      expect(seen.status).toBe(200);
      expect(seen.headers['keywell-provider']).toBe('host-b');
    }
    story.simulator.set({ fault: 'rate_limited', key: 'b', retryAfterMs: 6000 });
    expect((await ask(story, { ...other, maxWaitMs: 0 })).status).toBe(429);
    const others = Array.from({ length: 4 }, () => ask(story, other));
    await untilWaiting(story, 5);
    const seen = await Promise.all([named, ...others]);
    expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([200]));
    await story.quiet();
  });

  it('refuses nobody who does not want to wait and need not', async () => {
    const story = await beginDry(5000);
    const named = ask(story, { more: NAMED });
    await untilWaiting(story, 1);
    for (let call = 0; call < 5; call += 1) {
      const seen = await ask(story, { maxWaitMs: 0 });
      expect(seen.status).toBe(200);
      expect(seen.headers['keywell-provider']).toBe('host-b');
    }
    story.node.clearCooldowns({});
    expect((await named).status).toBe(200);
  });
});

describe('a line that has formed', () => {
  it('goes on to the keys that have room, however often another one refuses', async () => {
    const story = await begin({
      keys: ['a', 'b', 'c'].map((id) => ({ id })),
      pool: { maxWaitMs: 2000 },
    });
    for (const key of ['a', 'b', 'c']) {
      story.simulator.set({ fault: 'rate_limited', key, retryAfterMs: 900, count: 1 });
    }
    expect((await ask(story, { maxWaitMs: 0 })).status).toBe(429);
    story.simulator.set({ fault: 'rate_limited', key: 'c', retryAfterMs: 100 });
    const untilMs = performance.now() + 3500;
    const statuses: number[] = [];
    const caller = async (): Promise<void> => {
      while (performance.now() < untilMs) statuses.push((await ask(story)).status);
    };
    await Promise.all(Array.from({ length: 40 }, caller));
    expect(new Set(statuses)).toEqual(new Set([200]));
    // A line that began anew with each refusal would let some thirty go in a second.
    expect(statuses.length).toBeGreaterThan(300);
  });
});

describe('a call that waits for the first tier while the second has room', () => {
  const tiers = [{ targets: [{ keys: ['a'] }] }, { targets: [{ keys: ['b'] }] }];
  const flowingFirst = (requestsPerMinute: number, pool: StorySketch['pool']): StorySketch => ({
    keys: [...(flowing(requestsPerMinute).keys ?? []), { id: 'b' }],
    pool: { tiers, ...pool },
  });
  const statusesOf = (seen: readonly Seen[]) => new Set(seen.map(({ status }) => status));

  it('goes to the second where it finds no place to wait', async () => {
    const story = await begin(flowingFirst(60, { spillAfterMs: 2500, maxWaiting: 2 }));
    await Promise.all(Array.from({ length: 60 }, () => ask(story, { maxWaitMs: 0 })));
    const seen = await Promise.all(Array.from({ length: 10 }, () => ask(story)));
    expect(statusesOf(seen)).toEqual(new Set([200]));
    expect(story.called()['b']).toBeGreaterThanOrEqual(8);
  });

  it('goes to the second when its patience ends before it would have spilled', async () => {
    const story = await begin(flowingFirst(60, { spillAfterMs: 5000 }));
    await Promise.all(Array.from({ length: 60 }, () => ask(story, { maxWaitMs: 0 })));
    const patient = { maxWaitMs: 1500 };
    const seen = await Promise.all(Array.from({ length: 5 }, () => ask(story, patient)));
    expect(statusesOf(seen)).toEqual(new Set([200]));
    expect(story.called()['b']).toBeGreaterThanOrEqual(3);
  });
});

/** A key whose limit comes back all the time, as configured. */
const flowing = (requestsPerMinute: number): StorySketch => ({
  keys: [
    {
      id: 'a',
      limits: [
        {
          groups: [],
          dimension: 'requests_minute',
          limit: requestsPerMinute,
          refill: 'continuous',
        },
      ],
    },
  ],
});

/** The answer where it is a refusal; never where it is none. */
const refused = async (answer: Promise<Seen>): Promise<Seen> => {
  const seen = await answer;
  return seen.status === 429 ? seen : new Promise(() => undefined);
};

describe('who waits', () => {
  it('and is sent away after all is told when it would have started: it does not stand before itself', async () => {
    const story = await begin({
      ...flowing(6),
      pool: { maxWaitMs: 60_000 },
    });
    for (let call = 0; call < 6; call += 1) expect((await ask(story)).status).toBe(200);
    const seen = ask(story);
    await untilWaiting(story, 1);
    await story.node.drain(1000);
    // One call comes back in ten seconds.
    expect(['10', '11']).toContain((await seen).headers['retry-after']);
  });

  it('and loses its place to another is told when its own turn would have come', async () => {
    const story = await begin({
      ...flowing(60),
      consumers: [{}, { id: 'small' }],
      pool: { maxWaitMs: 60_000, maxWaiting: 10 },
    });
    await Promise.all(Array.from({ length: 60 }, () => ask(story, { maxWaitMs: 0 })));
    const isKnown = async (): Promise<boolean> => {
      const { status, headers } = await ask(story, { maxWaitMs: 0 });
      return status === 429 && headers['x-ratelimit-remaining-requests'] === '0';
    };
    await until(isKnown, 'it to be known that nothing is left', 5000);
    const flood = Array.from({ length: 10 }, () => ask(story));
    await untilWaiting(story, 10);
    const small = ask(story, { key: consumerKey(1) });
    const [displaced] = await Promise.all([Promise.race(flood.map(refused)), small]);
    expect(Number(displaced?.headers['retry-after'])).toBeGreaterThan(5);
    await Promise.all([story.node.drain(600), ...flood]);
  });
});
