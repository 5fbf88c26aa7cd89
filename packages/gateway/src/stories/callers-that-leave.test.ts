import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { callRaw, type RawCall } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';

/** The promise is 100 ms; both ends of it are measured in a process that runs the test, the gateway and the provider. */
const CLOSED_WITHIN_MS = 100;

let story: Story;

beforeAll(async () => {
  story = await startStory({
    pools: 40,
    model: { answerWords: 40, eventIntervalMs: 25 },
    traffic: { slowReaderTimeoutMs: 300 },
  });
});
beforeEach(() => story.reset());
afterAll(() => story.close());

const call = (more: object = { model: story.freshModel() }): RawCall =>
  callRaw(
    story.port,
    { key: STORY_KEY },
    {
      messages: [{ role: 'user', content: 'hello' }],
      stream: true,
      ...more,
    },
  );

const eventsIn = (text: string): number => text.split('data: {').length - 1;
const calls = () => story.simulator.calls();

const LEAVING = {
  FIN: ({ socket }: RawCall) => socket.end(),
  RST: ({ socket }: RawCall) => socket.resetAndDestroy(),
} as const;

/** Leaves, and waits until the provider has seen it; returns how long that took. */
async function leave(caller: RawCall, how: keyof typeof LEAVING): Promise<number> {
  const leftAt = performance.now();
  LEAVING[how](caller);
  await until(() => calls().every(({ endedMs }) => endedMs !== null), 'the provider to be left');
  return performance.now() - leftAt;
}

/** Nobody is to blame, nothing is held, and the one record says that the caller left. */
async function expectNoTrace(): Promise<void> {
  await story.quiet();
  const keys = story.node.keys();
  expect(keys.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
  expect(keys.map(({ failures }) => failures)).toEqual(failuresBefore(keys.length));
  const record = await until(
    async () => (await story.records()).at(-1) ?? null,
    'the log record of the call',
  );
  expect(record).toMatchObject({ status: 499, aborted: true });
  expect(record.timeline.at(-1)).toMatchObject({ kind: 'end', why: 'caller left' });
}

const failuresBefore = (count: number): number[] => Array.from({ length: count }, () => 0);

describe.each(['FIN', 'RST'] as const)('a caller that leaves by %s', (how) => {
  it.each([0, 1, 3])('after %i chunks of its stream ends the provider’s call', async (chunks) => {
    const caller = call();
    if (chunks === 0) await until(() => story.called()['a'] === 1, 'the call to arrive');
    else await until(() => eventsIn(caller.received()) >= chunks, `${chunks} chunks`);
    const tookMs = await leave(caller, how);
    expect(tookMs).toBeLessThan(CLOSED_WITHIN_MS);
    expect(calls()).toMatchObject([{ key: 'a', aborted: true }]);
    expect(calls()[0]?.events).toBeLessThan(15);
    await expectNoTrace();
  });

  it('before the provider has answered at all ends the provider’s call', async () => {
    story.simulator.set({ fault: 'stall_silent' });
    const caller = call({ model: story.freshModel(), stream: false });
    await until(() => story.called()['a'] === 1, 'the call to arrive');
    const tookMs = await leave(caller, how);
    expect(tookMs).toBeLessThan(CLOSED_WITHIN_MS);
    expect(calls()).toMatchObject([{ key: 'a', aborted: true, status: 0 }]);
    await expectNoTrace();
  });
});

describe('a caller that leaves in between', () => {
  it('during the back-off lets go at once, and nothing more is sent', async () => {
    story.simulator.set({ fault: 'overloaded', retryAfterMs: 3000 });
    const caller = call();
    await until(() => calls()[0]?.status === 503, 'the refusal');
    await until(() => story.node.keys().every(({ inFlight }) => inFlight === 0), 'the back-off');
    caller.socket.resetAndDestroy();
    await expectNoTraceOfOverload();
    expect(story.called()).toEqual({ a: 1 });
  });

  it('a hundred at once leaves nothing open', async () => {
    const sharing = { model: story.freshModel() };
    const callers = Array.from({ length: 100 }, () => call(sharing));
    await until(
      () => callers.every((caller) => eventsIn(caller.received()) > 0),
      'all streams to flow',
      5000,
    );
    for (const { socket } of callers) socket.resetAndDestroy();
    await story.quiet();
    await until(() => story.simulator.counts().total.inFlight === 0, 'the provider to be left');
    expect(story.simulator.counts().total.abortedByClient).toBe(100);
  });
});

async function expectNoTraceOfOverload(): Promise<void> {
  await story.quiet();
  expect(story.node.keys().map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
}

describe('a caller that does not read', () => {
  it('holds up the provider, not memory, and is cut', async () => {
    story.simulator.set({ fault: 'firehose', bytes: 400 * 1024 * 1024 });
    const caller = call();
    await until(() => caller.received().length > 0, 'the stream to begin');
    caller.socket.pause();
    const before = process.memoryUsage.rss();
    await until(() => calls()[0]?.endedMs !== null, 'the stream to be cut', 3000);
    const record = calls()[0];
    // events of 64 KiB: what fits the sockets' buffers of both connections and a little of ours
    expect((record?.events ?? 0) * 65_536).toBeLessThan(24 * 1024 * 1024);
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
    expect(record?.aborted).toBe(true);
    await story.quiet();
    expect(story.key('a').state).toBe('ready');
    caller.socket.destroy();
  });

  it('is cut with its whole answer too', async () => {
    const big = await startStory({
      model: { answerText: 'x'.repeat(1_000_000) },
      traffic: { slowReaderTimeoutMs: 300, maxResponseBytes: 64 * 1024 * 1024 },
    });
    try {
      const caller = callRaw(
        big.port,
        { key: STORY_KEY },
        { model: 'smart', n: 24, messages: [{ role: 'user', content: 'hello' }] },
      );
      let closed = false;
      caller.socket.on('close', () => {
        closed = true;
      });
      caller.socket.pause();
      await until(() => big.simulator.calls()[0]?.endedMs ?? null, 'the provider’s answer', 3000);
      await big.quiet();
      // a connection that was reset shows when it is read again, and the answer is not whole
      await new Promise((resolve) => {
        setTimeout(resolve, 800);
      });
      caller.socket.resume();
      await until(() => closed, 'the connection to end', 3000);
      expect(caller.received().length).toBeLessThan(24_000_000);
    } finally {
      await big.close();
    }
  });
});
