import { describe, expect, it } from 'vitest';
import { consumerKey, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { callRaw, type Seen } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';
import { ask, begin, hello, untilWaiting, waiting } from './waiting-story.contract.ts';
import type { WorkerBirth } from '../worker/messages.ts';
import { WorkerHandle } from '../node/worker-handle.ts';

/** The provider refuses the key's next call and names this wait. */
async function cool(story: Story, retryAfterMs: number): Promise<void> {
  story.simulator.set({ fault: 'rate_limited', retryAfterMs, count: 1 });
  expect((await ask(story, { maxWaitMs: 0 })).status).toBe(429);
}

const codeOf = ({ text }: Seen): unknown => {
  const body: { error?: { code?: unknown } } = JSON.parse(text);
  return body.error?.code;
};

describe('everything is cooled', () => {
  it('for 8 s: a caller with 2 s of patience is refused at once, and told when', async () => {
    const story = await begin();
    await cool(story, 8000);
    const seen = await ask(story, { maxWaitMs: 2000 });
    expect(seen.status).toBe(429);
    expect(codeOf(seen)).toBe('pool_exhausted');
    // The cooldown's own jitter may carry it over the second.
    expect(['8', '9']).toContain(seen.headers['retry-after']);
    expect(seen.tookMs).toBeLessThan(1000);
    expect(story.called()).toEqual({ a: 1 });
    expect(story.metric('keywell_wait_refusals_total{reason="projection"}')).toBe(1);
  });

  it('and comes back within the patience: the call waits and succeeds', async () => {
    const story = await begin();
    await cool(story, 800);
    const seen = await ask(story);
    expect(seen.status).toBe(200);
    expect(Number(seen.headers['keywell-wait-ms'])).toBeGreaterThan(500);
    expect(Number(seen.headers['keywell-wait-ms'])).toBeLessThan(2000);
    expect(seen.headers['keywell-attempts']).toBe('1');
    expect(story.called()).toEqual({ a: 2 });
    const record = await story.recordOf(String(seen.headers['keywell-request-id']));
    expect(record.timeline.map(({ kind }) => kind)).toContain('wait');
    expect(record.waitMs).toBeGreaterThan(500);
    await story.quiet();
    expect(waiting(story)).toBe(0);
  });

  it('and nobody may wait: the call is refused at once', async () => {
    const story = await begin({ pool: { maxWaitMs: 0 } });
    await cool(story, 800);
    expect((await ask(story, { maxWaitMs: 10_000 })).status).toBe(429);
  });

  it('and it is cleared by hand: who waits goes on at once', async () => {
    const story = await begin();
    await cool(story, 9000);
    const seen = ask(story);
    await untilWaiting(story, 1);
    story.node.clearCooldowns({});
    expect((await seen).status).toBe(200);
    expect((await seen).tookMs).toBeLessThan(5000);
  });

  it('longer than it first seemed: who would not start in time is told so when that is known', async () => {
    const story = await begin();
    await cool(story, 400);
    story.simulator.set({ fault: 'rate_limited', retryAfterMs: 20_000 });
    const seen = await ask(story);
    expect(seen.status).toBe(429);
    expect(Number(seen.headers['retry-after'])).toBeGreaterThanOrEqual(19);
    expect(seen.tookMs).toBeLessThan(3000);
    expect(story.called()).toEqual({ a: 2 });
  });
});

describe('a queue that is longer than patience', () => {
  it('is told at once to whoever would come to its turn too late, with when that would be', async () => {
    const story = await begin({
      model: { limits: { requestsPerMinute: 60 } },
      pool: { maxWaitMs: 3000 },
    });
    // The bucket is used up, and from then on one call comes back a second.
    const first = await Promise.all(Array.from({ length: 60 }, () => ask(story)));
    expect(new Set(first.map(({ status }) => status))).toEqual(new Set([200]));
    const isDry = async () => (await ask(story, { maxWaitMs: 0 })).status === 429;
    await until(isDry, 'the bucket to be empty', 5000);
    const before = story.simulator.counts().total.calls;
    const seen = await Promise.all(Array.from({ length: 30 }, () => ask(story)));
    const served = seen.filter(({ status }) => status === 200);
    const toldAtOnce = seen.filter(({ status, tookMs }) => status === 429 && tookMs < 1500);
    expect(served.length).toBeGreaterThanOrEqual(2);
    expect(served.length).toBeLessThanOrEqual(6);
    expect(toldAtOnce.length).toBeGreaterThanOrEqual(10);
    for (const { headers } of toldAtOnce) expect(Number(headers['retry-after'])).toBeGreaterThan(3);
    const projected = story.metric('keywell_wait_refusals_total{reason="projection"}');
    expect(projected).toBeGreaterThanOrEqual(toldAtOnce.length);
    // Nobody was sent in vain: whoever was called for was served.
    expect(story.simulator.counts().total.calls).toBeLessThanOrEqual(before + served.length + 3);
  });
});

describe('keywell-max-wait-ms', () => {
  it.each(['-1', 'soon', '1.5', ''])(
    'of %j is refused, and says what would be right',
    async (value) => {
      const story = await begin();
      const seen = await ask(story, { maxWaitMs: value });
      expect(seen.status).toBe(400);
      expect(seen.text).toContain('whole number of milliseconds');
      expect(story.called()).toEqual({});
    },
  );

  it('shorter than the pool needs refuses the call at once', async () => {
    const story = await begin();
    await cool(story, 700);
    const seen = await ask(story, { maxWaitMs: 300 });
    expect(seen.status).toBe(429);
    expect(seen.tookMs).toBeLessThan(300);
  });

  it('counts all waits of a call together', async () => {
    const story = await begin();
    await cool(story, 600);
    // Whole seconds are named as well, so that each wait is one. Refused once more after the first, half a second is left.
    story.simulator.set({ fault: 'rate_limited', retryAfterMs: 600, count: 1 });
    const seen = await ask(story, { maxWaitMs: 1500 });
    expect(seen.status).toBe(429);
    expect(['1', '2']).toContain(seen.headers['retry-after']);
    expect(Number(seen.headers['keywell-wait-ms'])).toBeGreaterThan(300);
    expect(story.called()).toEqual({ a: 2 });
  });
});

describe('a second tier', () => {
  const tiers = [{ targets: [{ keys: ['a'] }] }, { targets: [{ keys: ['b'] }] }];
  const keys = [{ id: 'a' }, { id: 'b' }];

  it('is asked at once when the first is dry', async () => {
    const story = await begin({ keys, pool: { tiers } });
    story.simulator.set({ fault: 'rate_limited', key: 'a', retryAfterMs: 500 });
    expect((await ask(story)).status).toBe(200);
    const seen = await ask(story);
    expect(seen.status).toBe(200);
    expect(seen.headers['keywell-wait-ms']).toBeUndefined();
    expect(story.called()).toEqual({ a: 1, b: 2 });
  });

  it('is not asked while the first comes back in time', async () => {
    const story = await begin({ keys, pool: { tiers, spillAfterMs: 3000 } });
    story.simulator.set({ fault: 'rate_limited', key: 'a', retryAfterMs: 400, count: 1 });
    expect((await ask(story)).status).toBe(200);
    expect(story.called()).toEqual({ a: 1, b: 1 });
    const seen = await ask(story);
    expect(seen.status).toBe(200);
    expect(Number(seen.headers['keywell-wait-ms'])).toBeGreaterThan(200);
    expect(story.called()).toEqual({ a: 2, b: 1 });
  });

  it('is asked at once where the first comes back too late to wait for', async () => {
    const story = await begin({ keys, pool: { tiers, spillAfterMs: 300 } });
    story.simulator.set({ fault: 'rate_limited', key: 'a', retryAfterMs: 60_000 });
    expect((await ask(story)).status).toBe(200);
    const seen = await ask(story);
    expect(seen.status).toBe(200);
    expect(seen.tookMs).toBeLessThan(1000);
    expect(story.called()).toEqual({ a: 1, b: 2 });
  });
});

describe('a stream that waits', () => {
  const waitingTimes = { silenceMs: 200, commentEveryMs: 150 };
  const more = { stream: true };

  it('is a plain refusal while nothing was sent', async () => {
    const story = await begin({ waitingTimes });
    await cool(story, 8000);
    const seen = await ask(story, { maxWaitMs: 100, more });
    expect(seen.status).toBe(429);
    expect(seen.headers['content-type']).toContain('application/json');
  });

  it('gets comments after the silence, and then its events as ever', async () => {
    const story = await begin({ waitingTimes });
    await cool(story, 900);
    const seen = await ask(story, { more });
    expect(seen.status).toBe(200);
    expect(seen.clean).toBe(true);
    expect(seen.headers['content-type']).toContain('text/event-stream');
    const blocks = seen.text.split('\n\n');
    const comments = blocks.filter((block) => block.startsWith(':'));
    expect(comments.length).toBeGreaterThanOrEqual(2);
    expect(new Set(comments)).toEqual(new Set([': waiting for capacity']));
    expect(blocks[0]).toBe(': waiting for capacity');
    expect(seen.text.trimEnd().endsWith('data: [DONE]')).toBe(true);
  });

  it('is told inside the stream what goes wrong after that, and does not look whole', async () => {
    const story = await begin({ waitingTimes });
    await cool(story, 600);
    story.simulator.set({ fault: 'rate_limited', retryAfterMs: 30_000 });
    const seen = await ask(story, { more });
    expect(seen.status).toBe(200);
    expect(seen.text).toContain('"code":"pool_exhausted"');
    expect(seen.text).toMatch(/Try again in (?:29|3\d) s\./);
    expect(seen.text).not.toContain('[DONE]');
    expect(seen.clean).toBe(false);
  });
});

describe('who waits', () => {
  it('and leaves, leaves nothing behind', async () => {
    const story = await begin();
    await cool(story, 1500);
    const callers = Array.from({ length: 5 }, () =>
      callRaw(story.port, { key: STORY_KEY }, { model: 'smart', ...hello }),
    );
    await untilWaiting(story, 5);
    for (const { socket } of callers) socket.resetAndDestroy();
    await untilWaiting(story, 0);
    await story.quiet();
    expect(story.called()).toEqual({ a: 1 });
    const record = await until(async () => (await story.records()).at(-1) ?? null, 'the record');
    expect(record).toMatchObject({ status: 499, aborted: true });
    expect(record.timeline.at(-2)).toMatchObject({ kind: 'wait', why: 'the caller left' });
  });

  it('goes on by a new configuration: by its keys, and not once it is disabled', async () => {
    const story = await begin({ consumers: [{}, { id: 'other' }] });
    await cool(story, 9000);
    const mine = ask(story);
    const others = ask(story, { key: consumerKey(1) });
    await untilWaiting(story, 2);
    const { snapshot } = story;
    const [provider] = snapshot.providers;
    const [web, other] = snapshot.consumers;
    const [a] = provider?.keys ?? [];
    if (provider === undefined || a === undefined || web === undefined || other === undefined) {
      throw new Error('the story has lost its parts');
    }
    // A key of another organization that the simulator takes for the same: it knows values, not ids.
    const fresh = { ...a, id: 'fresh', domain: ['org-fresh'], fingerprint: 'ffffffff' };
    await story.node.publish({
      ...snapshot,
      version: 2,
      providers: [{ ...provider, keys: [fresh] }],
      consumers: [web, { ...other, enabled: false }],
    });
    expect((await mine).status).toBe(200);
    expect((await others).status).toBe(403);
  });

  it('is told, and not cut, when the node stops before its turn comes', async () => {
    const story = await begin();
    await cool(story, 9000);
    const seen = ask(story);
    await untilWaiting(story, 1);
    const cut = await story.node.drain(1500);
    expect((await seen).status).toBe(429);
    expect(cut).toBe(0);
  });

  it('finds a place though another has taken them all', async () => {
    const story = await begin({ pool: { maxWaiting: 4 }, consumers: [{}, { id: 'small' }] });
    await cool(story, 900);
    const flood = Array.from({ length: 10 }, () => ask(story));
    await untilWaiting(story, 4);
    const small = await ask(story, { key: consumerKey(1) });
    expect(small.status).toBe(200);
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
    expect(story.metric('keywell_wait_refusals_total{reason="full"}')).toBe(6);
    expect(story.metric('keywell_wait_refusals_total{reason="displaced"}')).toBe(1);
  });
});

describe('a thousand callers that wait for one key', () => {
  const crowd = { pool: { maxWaiting: 2000 }, traffic: { maxConnections: 5000 } };

  it('do not fall upon it when its cooldown ends', async () => {
    const story = await begin(crowd);
    await cool(story, 3000);
    const all = Array.from({ length: 1000 }, () => ask(story));
    await untilWaiting(story, 1000);
    // As long as models take: until then nobody knows whether what the key said before holds.
    story.simulator.set({ fault: 'slow_first_byte', waitMs: 400 });
    const seen = await Promise.all(all);
    expect(seen.filter(({ status }) => status === 200)).toHaveLength(1000);
    const starts = story.simulator.calls().map(({ startedMs }) => startedMs);
    // The first of them is the refusal that cooled it.
    const back = starts.toSorted((one, other) => one - other).slice(1);
    const first = back[0] ?? 0;
    expect(back.filter((at) => at < first + 350).length).toBeLessThan(60);
  });

  it('ask it a few times, not a thousand, when it is still dry', async () => {
    const story = await begin(crowd);
    await cool(story, 2500);
    const all = Array.from({ length: 1000 }, () => ask(story));
    await untilWaiting(story, 1000);
    story.simulator.set({ fault: 'rate_limited', retryAfterMs: 30_000 });
    const seen = await Promise.all(all);
    expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([429]));
    expect(story.simulator.counts().total.calls).toBeLessThanOrEqual(1 + 40);
  });
});

describe('two workers', () => {
  it('both go on when a cooldown is cleared by hand', async () => {
    const story = await begin({ workers: 2 });
    await cool(story, 9000);
    const all = Array.from({ length: 40 }, () => ask(story));
    await untilWaiting(story, 40);
    story.node.clearCooldowns({});
    const seen = await Promise.all(all);
    expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([200]));
    expect(Math.max(...seen.map(({ tookMs }) => tookMs))).toBeLessThan(6000);
  });

  it('go on when one ends while callers of both wait', async () => {
    const handles = new Map<number, WorkerHandle>();
    const story = await begin({
      workers: 2,
      spawn: (birth: WorkerBirth, events) => {
        const handle = new WorkerHandle(birth, events);
        handles.set(birth.worker, handle);
        return handle;
      },
    });
    await cool(story, 5000);
    const answers = Array.from({ length: 40 }, () =>
      ask(story).then(
        ({ status }) => status,
        () => 'cut' as const,
      ),
    );
    await untilWaiting(story, 40);
    await handles.get(2)?.terminate();
    const seen = await Promise.all(answers);
    const served = seen.filter((status) => status === 200).length;
    expect(served).toBeGreaterThan(0);
    expect(served + seen.filter((status) => status === 'cut').length).toBe(40);
    expect(seen).toContain('cut');
    await story.quiet();
    expect(waiting(story)).toBe(0);
    expect((await ask(story)).status).toBe(200);
  });
});
