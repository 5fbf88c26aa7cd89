import { consumerKey, startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { callRaw, postJson, type Seen } from '@keywell/testkit/http-call';
import OpenAI, { toFile } from 'openai';
import { until } from '@keywell/testkit/until';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WorkerHandle } from '../node/worker-handle.ts';

let story: Story;
const handles = new Map<number, WorkerHandle>();
let keys = 0;

beforeAll(async () => {
  story = await startStory({
    workers: 2,
    consumers: [{}, {}],
    idempotency: { enabled: true, maxWaitMs: 1500, maxAnswerBytes: 8192 },
    pool: { firstByteTimeoutMs: 800, idleTimeoutMs: 800, deadlineMs: 5000 },
    keys: [{ id: 'a' }],
    spawn: (birth, events) => {
      const handle = new WorkerHandle(birth, events);
      handles.set(birth.worker, handle);
      return handle;
    },
  });
});
beforeEach(() => {
  story.reset();
  keys += 1;
});
afterAll(() => story.close());

const body = (more: object = {}): object => ({
  model: 'smart',
  messages: [{ role: 'user', content: 'hello' }],
  ...more,
});

const ask = (more: object = {}, how: { key?: string; as?: string } = {}): Promise<Seen> =>
  postJson(
    {
      url: story.url,
      key: how.as ?? STORY_KEY,
      headers: { 'Idempotency-Key': how.key ?? `key-${keys}` },
    },
    body(more),
  );

const isReplay = ({ headers }: Seen): boolean => headers['keywell-idempotent-replay'] === 'true';
const codeOf = ({ text }: Seen): string => {
  const { error }: { error?: { code?: string } } = JSON.parse(text);
  return error?.code ?? '';
};
const calls = (): number => story.called()['a'] ?? 0;

describe('calls with the same Idempotency-Key and body', () => {
  it('are carried out once, whichever workers they come to, and answered alike', async () => {
    story.simulator.set({ fault: 'slow_first_byte', waitMs: 300 });
    const seen = await Promise.all(Array.from({ length: 16 }, () => ask()));
    expect(calls()).toBe(1);
    expect(new Set(seen.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(seen[0]?.status).toBe(200);
    expect(seen.filter(isReplay)).toHaveLength(15);
    const ids = new Set(seen.map(({ headers }) => headers['keywell-request-id']));
    expect(ids.size).toBe(16);
    const replayed = seen.find(isReplay);
    const record = await story.recordOf(String(replayed?.headers['keywell-request-id']));
    expect(record).toMatchObject({ status: 200, attempts: 0, usage: null });
    expect(record.timeline.find(({ kind }) => kind === 'note')).toMatchObject({
      what: 'idempotent_replay',
    });
    expect(replayed?.headers).toMatchObject({
      'keywell-provider': 'openai',
      'content-type': 'application/json',
    });
  });

  it('are answered later from memory, streams whole and with their end', async () => {
    const first = await ask({ stream: true });
    const second = await ask({ stream: true });
    expect(calls()).toBe(1);
    expect([isReplay(first), isReplay(second)]).toEqual([false, true]);
    expect(second.text).toBe(first.text);
    expect(second.text).toContain('data: [DONE]');
    expect(second.headers['content-type']).toContain('text/event-stream');
    expect(second.clean).toBe(true);
  });

  it('are two calls for two consumers, and for two keys', async () => {
    await ask();
    expect(isReplay(await ask({}, { as: consumerKey(1) }))).toBe(false);
    expect(isReplay(await ask({}, { key: `other-${keys}` }))).toBe(false);
    expect(isReplay(await ask({}, { key: `"key-${keys}"` }))).toBe(true);
    expect(calls()).toBe(3);
  });

  it('are one where they are forms, although a client draws their boundary anew', async () => {
    const client = new OpenAI({ apiKey: STORY_KEY, baseURL: story.url, maxRetries: 0 });
    const upload = async (text: string) => {
      const file = await toFile(Buffer.from(text), 'notes.txt');
      const headers = { 'idempotency-key': `upload-${keys}` };
      return client.files.create({ file, purpose: 'user_data' }, { headers });
    };
    const first = await upload('some notes');
    expect(await upload('some notes')).toEqual(first);
    expect(calls()).toBe(1);
    await expect(upload('other notes')).rejects.toMatchObject({ status: 422 });
  });

  it('are told apart by their bodies', async () => {
    await ask();
    const other = await ask({ temperature: 1 });
    expect([other.status, codeOf(other)]).toEqual([422, 'idempotency_mismatch']);
    expect(calls()).toBe(1);
  });

  it('may be tried again after what was surely not carried out', async () => {
    for (const fault of [{ fault: 'rate_limited' }, { fault: 'invalid_request' }] as const) {
      story.reset();
      story.simulator.set(fault);
      const failed = await ask();
      expect(failed.status).toBeGreaterThanOrEqual(400);
      story.reset();
      const again = await ask();
      expect([again.status, isReplay(again)]).toEqual([200, false]);
      keys += 1;
    }
  });

  it('pass a call that was not carried out on to the next that waits', async () => {
    story.simulator.set({ fault: 'invalid_request', count: 1, delayMs: 300 });
    const seen = await Promise.all([ask(), ask(), ask()]);
    expect(seen.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 400]);
    expect(seen.filter(isReplay)).toHaveLength(1);
    expect(calls()).toBe(2);
  });

  it('are refused after one that may have been carried out', async () => {
    story.simulator.set({ fault: 'stall_silent' });
    expect((await ask()).status).toBe(504);
    story.reset();
    const again = await ask();
    expect([again.status, codeOf(again)]).toEqual([409, 'idempotency_outcome_unknown']);
    expect(again.headers['x-should-retry']).toBe('false');
    expect(calls()).toBe(0);
  });

  it('are refused after a stream that broke off, and after an answer too large to keep', async () => {
    story.simulator.set({ fault: 'die_mid_stream', events: 3 });
    expect((await ask({ stream: true })).clean).toBe(false);
    expect(codeOf(await ask({ stream: true }))).toBe('idempotency_outcome_unknown');
    story.reset();
    keys += 1;
    story.simulator.set({ fault: 'slow_stream', intervalMs: 0, events: 300 });
    const large = await ask({ stream: true });
    expect([large.clean, large.text.length > 8192]).toEqual([true, true]);
    expect(codeOf(await ask({ stream: true }))).toBe('idempotency_outcome_unknown');
    expect(calls()).toBe(1);
  });

  it('find the answer that their caller did not wait for', async () => {
    story.simulator.set({ fault: 'slow_first_byte', waitMs: 300 });
    const headers = { 'idempotency-key': `key-${keys}` };
    const call = callRaw(story.port, { key: STORY_KEY, headers }, body());
    await until(() => calls() === 1, 'the call');
    call.socket.destroy();
    const seen = await ask();
    expect([seen.status, isReplay(seen)]).toEqual([200, true]);
    expect(calls()).toBe(1);
  });

  it('do not go on without their caller for more than can be kept', async () => {
    story.simulator.set({ fault: 'slow_stream', intervalMs: 10, events: 5000 });
    const headers = { 'idempotency-key': `key-${keys}` };
    const call = callRaw(story.port, { key: STORY_KEY, headers }, body({ stream: true }));
    await until(() => call.received().includes('data:'), 'the stream');
    call.socket.destroy();
    await until(
      () => story.simulator.calls().every(({ endedMs }) => endedMs !== null),
      'the provider to be left',
      5000,
    );
    await story.quiet();
    expect(codeOf(await ask({ stream: true }))).toBe('idempotency_outcome_unknown');
  });

  it('wait no longer than they may', async () => {
    story.simulator.set({ fault: 'slow_stream', intervalMs: 450, events: 4 });
    const first = ask({ stream: true });
    await until(() => calls() === 1, 'the call');
    const second = await ask({ stream: true });
    expect([second.status, codeOf(second)]).toEqual([409, 'idempotency_in_progress']);
    expect(second.headers['retry-after']).toBe('1');
    expect((await first).clean).toBe(true);
  });

  it('have no known outcome when the workers that carried them out are gone', async () => {
    story.simulator.set({ fault: 'stall_silent' });
    const first = ask().catch(() => null);
    await until(() => calls() === 1, 'the call');
    const waiting = ask().catch(() => null);
    await Promise.all([...handles.values()].map((handle) => handle.terminate()));
    await Promise.all([first, waiting]);
    await until(
      () => story.node.status().workers.every(({ listening }) => listening),
      'new workers',
      9000,
    );
    story.reset();
    const again = await ask();
    expect([again.status, codeOf(again)]).toEqual([409, 'idempotency_outcome_unknown']);
  });
});
