import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { WorkerHandle } from '@keywell/gateway/node/worker-handle';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';
import { KeptConnection } from './support/kept-connection.ts';

const CHAT = { model: 'smart', messages: [{ role: 'user', content: 'hi' }] };

/** A gateway of two workers whose threads a test can end. */
interface TwoWorkers {
  readonly story: Story;
  /** The newest thread of a worker. */
  readonly threads: ReadonlyMap<number, WorkerHandle>;
  /** When threads of worker 1 were started and when they were gone, in order. */
  readonly life: readonly { readonly what: 'started' | 'gone'; readonly at: number }[];
}

const stories: Story[] = [];

afterEach(async () => {
  for (const story of stories.splice(0)) await story.close();
});

async function startTwoWorkers(): Promise<TwoWorkers> {
  const threads = new Map<number, WorkerHandle>();
  const life: { what: 'started' | 'gone'; at: number }[] = [];
  const story = await startStory({
    workers: 2,
    keys: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
    spawn: (birth, events) => {
      const watched = birth.worker === 1;
      if (watched) life.push({ what: 'started', at: performance.now() });
      const thread = new WorkerHandle(birth, {
        onMessage: (message) => events.onMessage(message),
        onExit: (code, error) => {
          if (watched) life.push({ what: 'gone', at: performance.now() });
          events.onExit(code, error);
        },
      });
      threads.set(birth.worker, thread);
      return thread;
    },
  });
  stories.push(story);
  return { story, threads, life };
}

/** The worker that served, as request ids tell. */
function workerOf(requestId: unknown): number {
  return Number.parseInt(/(.)-[^-]*$/.exec(String(requestId))?.[1] ?? '', 36);
}

/** A caller with one kept connection, which always knows whose connection it is. */
class Caller {
  readonly #connection: KeptConnection;
  /** Who served last on the present connection; null on a new one. */
  worker: number | null = null;
  readonly served: { readonly worker: number; readonly at: number }[] = [];
  /** The worker on whose connection each failure was, null where the connection was new. */
  readonly failures: (number | null)[] = [];

  constructor(port: number) {
    this.#connection = new KeptConnection({ port, key: STORY_KEY });
  }

  async call(): Promise<void> {
    try {
      const { status, requestId } = await this.#connection.post(CHAT);
      if (status !== 200) throw new Error(`status ${status}`);
      this.worker = workerOf(requestId);
      this.served.push({ worker: this.worker, at: performance.now() });
    } catch {
      this.failures.push(this.worker);
      this.worker = null;
      await pause(25);
    }
  }

  close(): void {
    this.#connection.close();
  }
}

describe('a worker that dies under load', () => {
  it('loses its own connections only, is replaced, and leaves nothing in flight', async () => {
    const { story, threads } = await startTwoWorkers();
    story.simulator.set({ fault: 'slow_first_byte', waitMs: 20 });
    const callers = Array.from({ length: 40 }, () => new Caller(story.port));
    // Everybody knows whose connection it has before anything happens.
    await Promise.all(callers.map((caller) => caller.call()));
    const before = callers.map(({ worker }) => worker);
    expect(new Set(before)).toEqual(new Set([1, 2]));
    const load = new AbortController();
    const running = callers.map(async (caller) => {
      while (!load.signal.aborted) await caller.call();
    });
    await pause(200);
    const killedAt = performance.now();
    await threads.get(1)?.terminate();
    const goneAt = performance.now();
    await until(() => workersUp(story) === 2, 'the worker to be replaced', 5000);
    const replacedAt = performance.now();
    await pause(300);
    load.abort();
    await Promise.all(running);

    const lost = callers.flatMap(({ failures }) => failures);
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.every((worker) => worker === 1)).toBe(true);
    for (const [index, { failures }] of callers.entries()) {
      expect(failures.length).toBeLessThanOrEqual(before[index] === 1 ? 1 : 0);
    }
    const meanwhile = callers
      .flatMap(({ served }) => served)
      .filter(({ at }) => at > goneAt && at < replacedAt);
    expect(meanwhile.length).toBeGreaterThan(0);
    expect(new Set(meanwhile.map(({ worker }) => worker))).toEqual(new Set([2]));
    expect(goneAt - killedAt).toBeLessThan(1000);

    await story.quiet();
    await until(() => story.simulator.counts().total.inFlight === 0, 'the provider to be idle');
    expect(story.node.keys().map(({ inFlight }) => inFlight)).toEqual([0, 0, 0]);
    expect(story.node.status()).toMatchObject({ restarts: 1, draining: false });
    expect(story.events.map(({ kind }) => kind)).toEqual(['worker_crashed', 'worker_restarted']);
    for (const caller of callers) caller.close();
    expect(await whoServes(story)).toEqual(new Set([1, 2]));
  });

  it('cuts its streams without an end that could be taken for one; the others go on', async () => {
    const { story, threads } = await startTwoWorkers();
    story.simulator.set({ fault: 'slow_stream', intervalMs: 40, events: 20 });
    const streams = Array.from({ length: 24 }, () =>
      postJson({ url: story.url, key: STORY_KEY }, { ...CHAT, stream: true }),
    );
    await until(() => story.metric('keywell_streams_open') === 24, 'all streams to be open');
    // Heads and first events have arrived, too.
    await pause(200);
    await threads.get(1)?.terminate();
    const ended = Map.groupBy(await Promise.all(streams), ({ headers }) =>
      workerOf(headers['keywell-request-id']),
    );
    expect(new Set(ended.keys())).toEqual(new Set([1, 2]));
    for (const stream of ended.get(1) ?? []) {
      expect(stream.clean).toBe(false);
      expect(stream.text).not.toContain('[DONE]');
    }
    for (const stream of ended.get(2) ?? []) {
      expect(stream.clean).toBe(true);
      expect(stream.text).toContain('[DONE]');
    }
    await story.quiet();
    await until(() => story.simulator.counts().total.inFlight === 0, 'the provider to be idle');
  });

  it('is replaced later each time it dies again', async () => {
    const { story, threads, life } = await startTwoWorkers();
    for (let death = 1; death <= 3; death += 1) {
      await threads.get(1)?.terminate();
      await until(() => story.node.status().restarts === death, 'the next try', 5000);
      await until(() => workersUp(story) === 2, 'the worker to be replaced', 5000);
      expect(await whoServes(story)).toEqual(new Set([1, 2]));
    }
    const waits = life.flatMap(({ what, at }, index) => {
      const gone = life[index - 1];
      return what === 'started' && gone !== undefined ? [at - gone.at] : [];
    });
    expect(waits).toHaveLength(3);
    // Timers may fire a millisecond early by this clock.
    for (const [index, wait] of waits.entries()) {
      expect(wait).toBeGreaterThan(50 * 2 ** index - 2);
      expect(wait).toBeLessThan(50 * 2 ** index + 1000);
    }
  });
});

function workersUp(story: Story): number {
  return story.node.status().workers.filter(({ listening }) => listening).length;
}

/** The workers that answer a number of new connections; every one of these calls is answered. */
async function whoServes(story: Story): Promise<ReadonlySet<number>> {
  const target = { url: story.url, key: STORY_KEY };
  story.simulator.reset();
  const answers = await Promise.all(Array.from({ length: 24 }, () => postJson(target, CHAT)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  return new Set(answers.map(({ headers }) => workerOf(headers['keywell-request-id'])));
}
