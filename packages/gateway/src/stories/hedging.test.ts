import { openKeyTable } from '@keywell/core/keys/key-table';
import { planKeys } from '@keywell/core/keys/plan';
import { retriesOf } from '@keywell/core/keys/retry-budget';
import { WorkerHandle } from '@keywell/gateway/node/worker-handle';
import { createClock } from '@keywell/gateway/pipeline/clock';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { callRaw, postJson, type Seen } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';
import { afterEach, describe, expect, it } from 'vitest';

type Sketch = NonNullable<Parameters<typeof startStory>[0]>;

/** So many first tokens have to be known before a tail is. */
const WARM = 20;
const LEAST_MS = 150;
const SLOW_MS = 2000;

let story: Story;
afterEach(() => story.close());

const body = (more: object = {}): object => ({
  model: 'smart',
  stream: true,
  messages: [{ role: 'user', content: 'hello' }],
  ...more,
});
const ask = (more: object = {}): Promise<Seen> =>
  postJson({ url: story.url, key: STORY_KEY }, body(more));

/** `a` is drawn nearly always; its first tokens are known to come at once. */
async function startWarm(more: Sketch = {}, tokenShare = 0.5): Promise<void> {
  story = await startStory({
    keys: [{ id: 'a', weight: 1e9 }, { id: 'b' }],
    pool: { hedge: { tokenShare, leastMs: LEAST_MS }, firstByteTimeoutMs: 5000 },
    ...more,
  });
  for (let call = 0; call < WARM; call += 1) await ask();
  story.reset();
}

const recordOf = ({ headers }: Seen) => story.recordOf(String(headers['keywell-request-id']));

describe('a second attempt at a late first token', () => {
  it('answers when it is faster, in one clean stream; the first one is cancelled and its cost estimated', async () => {
    await startWarm();
    story.simulator.set({ fault: 'slow_first_byte', key: 'a', waitMs: SLOW_MS });
    const seen = await ask();
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(seen.tookMs).toBeLessThan(SLOW_MS);
    expect(seen.text.split('data: [DONE]')).toHaveLength(2);
    expect(story.called()).toEqual({ a: 1, b: 1 });
    await until(
      () => story.simulator.calls().every(({ endedMs }) => endedMs !== null),
      'the first to be cancelled',
    );
    const record = await recordOf(seen);
    expect(record).toMatchObject({ status: 200, attempts: 2, key: 'b', errorCode: null });
    expect(record.usage?.estimated).toBe(false);
    const attempts = record.timeline.flatMap((event) =>
      event.kind === 'attempt' ? [[event.attempt, event.key, event.why]] : [],
    );
    expect(attempts).toEqual([
      [1, 'a', 'first'],
      [2, 'b', 'hedge'],
    ]);
    const verdicts = record.timeline.flatMap((event) => (event.kind === 'verdict' ? event : []));
    expect(verdicts).toMatchObject([
      { attempt: 1, evidence: 'another attempt was faster', usage: { estimated: true } },
      { attempt: 2, class: 'success' },
    ]);
    const notes = record.timeline.flatMap((event) => (event.kind === 'note' ? event.what : []));
    expect(notes).toEqual(['hedge', 'possible_double_charge']);
    expect(story.metric('keywell_hedges_total{winner="second"}')).toBe(1);
    expect(story.metric('keywell_possible_double_charges_total')).toBe(1);
    expect(story.metric('keywell_rescued_requests_total')).toBe(0);
    await story.quiet();
    expect(story.cooled).toEqual([]);
  });

  it('is dropped when the first one is faster after all', async () => {
    await startWarm();
    story.simulator.set({ fault: 'slow_first_byte', key: 'a', waitMs: LEAST_MS * 3 });
    story.simulator.set({ fault: 'slow_first_byte', key: 'b', waitMs: SLOW_MS });
    const seen = await ask();
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(seen.tookMs).toBeLessThan(SLOW_MS);
    expect(await recordOf(seen)).toMatchObject({ key: 'a', attempts: 2 });
    expect(story.metric('keywell_hedges_total{winner="first"}')).toBe(1);
    await story.quiet();
  });

  it('is enough when the first one fails meanwhile', async () => {
    await startWarm();
    story.simulator.set({ fault: 'server_error', key: 'a', delayMs: LEAST_MS * 3 });
    story.simulator.set({ fault: 'slow_first_byte', key: 'b', waitMs: LEAST_MS * 5 });
    const seen = await ask();
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(story.called()).toEqual({ a: 1, b: 1 });
    expect(await recordOf(seen)).toMatchObject({ key: 'b', attempts: 2 });
  });

  it('that fails as well leaves one honest error', async () => {
    await startWarm();
    story.simulator.set({ fault: 'server_error', key: 'a', delayMs: LEAST_MS * 3 });
    story.simulator.set({ fault: 'server_error', key: 'b' });
    const seen = await ask();
    expect(seen.status).toBe(502);
    expect(story.metric('keywell_hedges_total{winner="neither"}')).toBe(1);
    await story.quiet();
  });

  it('that fails as well is followed by one attempt, which takes one retry', async () => {
    const cells: SharedArrayBuffer[] = [];
    await startWarm({
      spawn: (birth, events) => {
        cells.push(birth.state.keyCells);
        return new WorkerHandle(birth, events);
      },
    });
    story.simulator.set({ fault: 'overloaded', key: 'a', delayMs: LEAST_MS * 3, count: 1 });
    story.simulator.set({ fault: 'server_error', key: 'b', count: 1 });
    const seen = await ask();
    expect(seen.status).toBe(200);
    expect(story.simulator.counts().total.calls).toBe(3);
    const plan = planKeys(story.snapshot);
    const [pool] = plan.pools.values();
    const [first] = cells;
    if (pool === undefined || first === undefined) throw new Error('there is no table');
    const table = openKeyTable(plan, first, { worker: 0, epoch: 1 });
    expect(retriesOf(table, pool, createClock().now())).toBe(1);
  });

  it('does not keep a caller’s fault from being told at once', async () => {
    await startWarm();
    story.simulator.set({ fault: 'invalid_request', key: 'a', delayMs: LEAST_MS * 3 });
    story.simulator.set({ fault: 'slow_first_byte', key: 'b', waitMs: SLOW_MS });
    const seen = await ask();
    expect(seen.status).toBe(400);
    expect(seen.tookMs).toBeLessThan(SLOW_MS);
    await story.quiet();
  });

  it('ends with the caller, and leaves nothing behind', async () => {
    await startWarm();
    story.simulator.set({ fault: 'slow_first_byte', waitMs: SLOW_MS });
    const call = callRaw(story.port, { key: STORY_KEY }, body());
    await until(() => Object.keys(story.called()).length === 2, 'both attempts');
    call.socket.destroy();
    await story.quiet();
    await until(
      () => story.simulator.calls().every(({ endedMs }) => endedMs !== null),
      'both to be cancelled',
    );
    expect(story.cooled).toEqual([]);
  });

  it('has won once it answers, though its caller leaves before the end: it is counted once', async () => {
    await startWarm();
    story.simulator.set({ fault: 'slow_first_byte', key: 'a', waitMs: SLOW_MS });
    story.simulator.set({ fault: 'stall_mid_stream', key: 'b', events: 4 });
    const call = callRaw(story.port, { key: STORY_KEY }, body());
    const won = 'keywell_hedges_total{winner="second"}';
    await until(() => story.metric(won) === 1, 'the second to answer');
    call.socket.destroy();
    await story.quiet();
    expect(story.metric(won)).toBe(1);
    expect(story.metric('keywell_hedges_total{winner="neither"}')).toBe(0);
  });

  it('ends with the caller too when the first one has failed by then', async () => {
    await startWarm();
    story.simulator.set({ fault: 'server_error', key: 'a', delayMs: LEAST_MS * 3 });
    story.simulator.set({ fault: 'slow_first_byte', key: 'b', waitMs: SLOW_MS });
    const call = callRaw(story.port, { key: STORY_KEY }, body());
    await until(
      () => story.simulator.calls().some(({ key, endedMs }) => key === 'a' && endedMs !== null),
      'the first to fail',
    );
    await until(() => story.key('a').inFlight === 0, 'the gateway to know of it');
    expect(story.called()).toEqual({ a: 1, b: 1 });
    call.socket.destroy();
    await story.quiet();
    const [record] = (await story.records()).slice(-1);
    expect(record).toMatchObject({ status: 499, attempts: 2 });
  });
});

describe('there is no second attempt', () => {
  const called = async (more: object = {}): Promise<object> => {
    story.simulator.set({ fault: 'slow_first_byte', key: 'a', waitMs: LEAST_MS * 3 });
    const { status } = await ask(more);
    return { status, ...story.called() };
  };
  const ONCE = { status: 200, a: 1 };

  it('for calls that are not streamed, and for those that create state', async () => {
    await startWarm();
    expect(await called({ stream: false })).toEqual(ONCE);
    story.reset();
    expect(await called({ store: true })).toEqual(ONCE);
  });

  it('where the pool’s share of tokens is used up', async () => {
    await startWarm({}, 0.000_1);
    expect(await called()).toEqual(ONCE);
  });

  it('where anything of the pool is cooled: capacity is for first attempts', async () => {
    await startWarm({ keys: [{ id: 'a', weight: 1e9 }, { id: 'b' }, { id: 'c', weight: 1e-9 }] });
    story.simulator.set({ fault: 'dead_key', key: 'a', count: 1 });
    await ask();
    story.simulator.reset();
    story.simulator.set({ fault: 'slow_first_byte', key: 'b', waitMs: LEAST_MS * 3 });
    expect((await ask()).status).toBe(200);
    expect(story.called()).toEqual({ b: 1 });
  });

  it('in the same domain', async () => {
    await startWarm({
      keys: [
        { id: 'a', weight: 1e9, domain: ['org-1'] },
        { id: 'b', domain: ['org-1'] },
      ],
    });
    expect(await called()).toEqual(ONCE);
  });

  it('before first tokens are known, and where the pool does not ask for it', async () => {
    story = await startStory({
      keys: [{ id: 'a', weight: 1e9 }, { id: 'b' }],
      pool: { hedge: { tokenShare: 0.5, leastMs: 10 } },
    });
    expect(await called()).toEqual(ONCE);
    await story.close();
    await startWarm({ pool: {} });
    expect(await called()).toEqual(ONCE);
  });
});
