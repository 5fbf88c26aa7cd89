import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { until } from '@keywell/testkit/until';
import { postJson, type Seen } from '@keywell/testkit/http-call';

type Fault = Parameters<Story['simulator']['set']>[0];

const ANSWER = 'Grüße 👩‍👩‍👧‍👦 and 漢字, five words more.';
/** Three events in: the role, and two pieces of text. */
const AFTER_CONTENT = 3;

let story: Story;

beforeAll(async () => {
  story = await startStory({
    pools: 80,
    model: { answerText: ANSWER },
    pool: {
      deadlineMs: 10_000,
      firstByteTimeoutMs: 200,
      idleTimeoutMs: 200,
      maxStreamDurationMs: 500,
    },
  });
});
beforeEach(() => story.reset());
afterAll(() => story.close());

const body = (model: string, more: object = {}): object => ({
  model,
  messages: [{ role: 'user', content: 'hello' }],
  stream: true,
  ...more,
});

const viaGateway = (more: object = {}): Promise<Seen> =>
  postJson({ url: story.url, key: STORY_KEY }, body(story.freshModel(), more));

const directly = (more: object = {}): Promise<Seen> =>
  postJson({ url: story.simulator.url, key: 'sk-simulated-a' }, body('gpt-5', more));

/** Wall-clock seconds are the one thing in which two equal calls differ. */
const timeless = (text: string): string => text.replaceAll(/"created":\d+/g, '"created":0');

/** The text that a stream's caller puts together. */
function contentOf(stream: string): string {
  const pieces: string[] = [];
  for (const line of stream.split('\n')) {
    if (!line.startsWith('data: {')) continue;
    const chunk: { choices?: { delta?: { content?: string } }[] } = JSON.parse(line.slice(6));
    pieces.push(chunk.choices?.[0]?.delta?.content ?? '');
  }
  return pieces.join('');
}

const doneCount = (stream: string): number => stream.split('data: [DONE]').length - 1;

describe('a stream through the gateway', () => {
  it('is the provider’s own byte for byte where the caller asked for usage', async () => {
    const asked = { stream_options: { include_usage: true } };
    const direct = await directly(asked);
    story.reset();
    const seen = await viaGateway(asked);
    expect(timeless(seen.text)).toBe(timeless(direct.text));
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(seen.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    expect(seen.headers['content-length']).toBeUndefined();
  });

  it('loses the usage chunk that only the gateway asked for, and the log has the provider’s figures', async () => {
    const direct = await directly({ stream_options: { include_usage: true } });
    const usageChunk = direct.text.split('\n\n').find((event) => event.includes('"choices":[],'));
    const { usage }: { usage: { prompt_tokens: number; completion_tokens: number } } = JSON.parse(
      (usageChunk ?? '').slice(6),
    );
    story.reset();
    const seen = await viaGateway();
    expect(timeless(seen.text)).toBe(timeless(direct.text.replace(`${usageChunk ?? ''}\n\n`, '')));
    const record = await story.recordOf(String(seen.headers['keywell-request-id']));
    expect(record).toMatchObject({
      status: 200,
      streamed: true,
      errorCode: null,
      responseBytes: Buffer.byteLength(seen.text),
      usage: {
        inputTokens: usage.prompt_tokens,
        outputTokens: usage.completion_tokens,
        estimated: false,
      },
    });
  });

  it.each([
    ['one byte at a time', { fault: 'bytewise' }],
    ['after informational heads', { fault: 'informational' }],
    ['with headers that are not the caller’s business', { fault: 'extra_headers' }],
  ] satisfies [string, Fault][])('is the same when the provider sends it %s', async (_, fault) => {
    const asked = { stream_options: { include_usage: true } };
    const direct = await directly(asked);
    story.reset();
    story.simulator.set(fault);
    const seen = await viaGateway(asked);
    expect(timeless(seen.text)).toBe(timeless(direct.text));
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(contentOf(seen.text)).toBe(ANSWER);
    expect(story.called()).toEqual({ a: 1 });
    const names = Object.keys(seen.headers);
    for (const name of ['set-cookie', 'server', 'x-simulator-extra', 'openai-organization']) {
      expect(names).not.toContain(name);
    }
  });

  it('carries four choices and a tool call unchanged', async () => {
    const tools = [{ type: 'function', function: { name: 'lookup', parameters: {} } }];
    for (const more of [{ n: 4 }, { tools, tool_choice: 'required' }]) {
      story.reset();
      const asked = { ...more, stream_options: { include_usage: true } };
      const direct = await directly(asked);
      story.reset();
      expect(timeless((await viaGateway(asked)).text)).toBe(timeless(direct.text));
    }
  });

  it('accepts a clean end without [DONE] when every choice has finished, and invents none', async () => {
    story.simulator.set({ fault: 'end_before_done' });
    const seen = await viaGateway();
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(contentOf(seen.text)).toBe(ANSWER);
    expect(doneCount(seen.text)).toBe(0);
    expect(story.called()).toEqual({ a: 1 });
  });
});

describe('a stream that fails before its first content', () => {
  it.each([
    { fault: 'refuse_connection' },
    { fault: 'die_before_headers' },
    { fault: 'die_after_headers' },
    { fault: 'die_mid_stream', events: 1 },
    { fault: 'end_before_done', events: 0 },
    { fault: 'end_before_done', events: 1 },
    { fault: 'stall_silent' },
    { fault: 'stall_after_headers' },
    { fault: 'stall_mid_stream', events: 1 },
    { fault: 'error_event' },
    { fault: 'error_event', events: 1 },
    { fault: 'error_event', code: 'insufficient_quota' },
    { fault: 'error_event', code: 'server_is_overloaded' },
    { fault: 'error_body' },
    { fault: 'wrong_type' },
    { fault: 'html' },
    { fault: 'garbage' },
    { fault: 'redirect' },
    { fault: 'not_http' },
    { fault: 'huge_line', bytes: 4 * 1024 * 1024 },
    { fault: 'gzip' },
    { fault: 'huge_headers' },
  ] satisfies Fault[])('is served whole by another key: %o', async (fault: Fault) => {
    story.simulator.set({ ...fault, key: 'a' });
    const seen = await viaGateway();
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(contentOf(seen.text)).toBe(ANSWER);
    expect(doneCount(seen.text)).toBe(1);
    expect(seen.text.match(/"role":"assistant"/g)).toHaveLength(1);
    const { a, ...others } = story.called();
    expect(a).toBe(1);
    expect(Object.values(others)).toEqual([1]);
    expect(seen.headers['keywell-attempts']).toBe('2');
    const record = await story.recordOf(String(seen.headers['keywell-request-id']));
    expect(record).toMatchObject({ status: 200, attempts: 2, errorCode: null, aborted: false });
    expect(record.usage?.estimated).toBe(false);
    await story.quiet();
  });

  it('never follows a redirect', async () => {
    const elsewhere = await startStory();
    try {
      const location = `${elsewhere.simulator.url}/chat/completions`;
      story.simulator.set({ fault: 'redirect', location });
      const seen = await viaGateway();
      expect(seen.status).toBe(502);
      expect(JSON.parse(seen.text)).toMatchObject({ error: { code: 'upstream_invalid' } });
      expect(elsewhere.simulator.counts().total.calls).toBe(0);
    } finally {
      await elsewhere.close();
    }
  });
});

const BROKEN: readonly Fault[] = [
  { fault: 'die_mid_stream', events: AFTER_CONTENT },
  { fault: 'die_before_done' },
  { fault: 'end_before_done', events: AFTER_CONTENT },
  { fault: 'stall_mid_stream', events: AFTER_CONTENT },
  { fault: 'error_event', events: AFTER_CONTENT },
  { fault: 'error_event', events: AFTER_CONTENT, code: 'insufficient_quota' },
  { fault: 'cut_json' },
  { fault: 'endless', intervalMs: 5 },
];

describe('a stream that breaks after its first content', () => {
  it.each(BROKEN)('ends with an error event and no clean end: %o', async (fault) => {
    story.simulator.set(fault);
    const seen = await viaGateway();
    expect(seen.status).toBe(200);
    expect(seen.clean).toBe(false);
    expect(doneCount(seen.text)).toBe(0);
    const events = seen.text.split('\n\n');
    expect(events.at(-1)).toBe('');
    const last: unknown = JSON.parse((events.at(-2) ?? '').slice(6));
    const code = fault.fault === 'endless' ? 'upstream_timeout' : 'upstream_error';
    expect(last).toMatchObject({ error: { type: 'server_error', code } });
    expect(seen.text).not.toContain('insufficient_quota');
    expect(story.called()).toEqual({ a: 1 });
    const record = await story.recordOf(String(seen.headers['keywell-request-id']));
    expect(record).toMatchObject({ attempts: 1, errorCode: code, aborted: false, streamed: true });
    expect(record.usage?.outputTokens).toBeGreaterThan(0);
    await story.quiet();
  });

  it.each(BROKEN)('makes the official SDK throw: %o', async (fault) => {
    story.simulator.set(fault);
    const client = new OpenAI({ apiKey: STORY_KEY, baseURL: story.url, maxRetries: 0 });
    const model = story.freshModel();
    const read = async (): Promise<string> => {
      const messages = [{ role: 'user' as const, content: 'hello' }];
      let text = '';
      for await (const chunk of await client.chat.completions.create({
        model,
        messages,
        stream: true,
      })) {
        text += chunk.choices[0]?.delta.content ?? '';
      }
      return text;
    };
    await expect(read()).rejects.toThrow(/provider broke the stream off|longest duration/);
    expect(story.called()).toEqual({ a: 1 });
  });

  it('is not rescued by an attempt before it that failed', async () => {
    const rescued = (): number => story.metric('keywell_rescued_requests_total');
    const before = rescued();
    story.simulator.set({ fault: 'server_error', key: 'a', count: 1 });
    expect((await viaGateway()).clean).toBe(true);
    await until(() => rescued() === before + 1, 'the rescue to be counted');
    story.simulator.set({ fault: 'server_error', key: 'a', count: 1 });
    story.simulator.set({ fault: 'die_mid_stream', key: 'b', events: AFTER_CONTENT });
    story.simulator.set({ fault: 'die_mid_stream', key: 'c', events: AFTER_CONTENT });
    expect((await viaGateway()).clean).toBe(false);
    await story.quiet();
    expect(rescued()).toBe(before + 1);
  });

  it('still learns from what the provider said in the stream', async () => {
    story.simulator.set({
      fault: 'error_event',
      events: AFTER_CONTENT,
      code: 'insufficient_quota',
      key: 'a',
    });
    await viaGateway();
    // The caller sees the end a moment before the key is judged.
    const cooled = await until(() => story.key('a').cooldowns[0] ?? false, 'the cooldown');
    expect(cooled).toMatchObject({ class: 'funds_exhausted', scope: 'node' });
    expect((await viaGateway()).clean).toBe(true);
    expect(story.called()['a']).toBe(1);
  });

  it('is cut at the largest answer that is relayed, not at the end of memory', async () => {
    const small = await startStory({ traffic: { maxResponseBytes: 256 * 1024 } });
    try {
      small.simulator.set({ fault: 'firehose', bytes: 64 * 1024 * 1024 });
      const target = { url: small.url, key: STORY_KEY };
      const seen = await postJson(target, body(small.freshModel()));
      expect(seen.clean).toBe(false);
      expect(seen.text.length).toBeLessThan(512 * 1024);
      expect(seen.text.slice(-400)).toContain('"code":"upstream_invalid"');
      await small.quiet();
      expect(small.key('a')).toMatchObject({ state: 'ready', failures: 0 });
    } finally {
      await small.close();
    }
  });
});
