import OpenAI from 'openai';
import type { PrefillStyle } from '@keywell/core/snapshot/snapshot';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { afterEach, describe, expect, it } from 'vitest';

const ANSWER = 'Grüße 👩‍👩‍👧‍👦 and 漢字, then seven words more than that.';
/** The role, and three pieces of text. */
const AFTER_CONTENT = 4;

let story: Story;
afterEach(() => story.close());

async function start(prefill: PrefillStyle | null, continuation = true): Promise<void> {
  story = await startStory({
    keys: [{ id: 'a' }, { id: 'b' }],
    model: { answerText: ANSWER },
    providers: ({ url }) =>
      ['a', 'b'].map((id) =>
        Object.assign(
          {
            id: `host-${id}`,
            kind: 'openai-compatible',
            baseUrl: url,
            keys: [{ id, value: `sk-simulated-${id}` }],
          },
          prefill === null ? {} : { prefill },
        ),
      ),
    pool: {
      continuation,
      idleTimeoutMs: 300,
      firstByteTimeoutMs: 300,
      tiers: [{ targets: [{ provider: 'host-a', weight: 1e9 }, { provider: 'host-b' }] }],
    },
  });
}

const body = (more: object = {}): object => ({
  model: 'smart',
  stream: true,
  messages: [{ role: 'user', content: 'hello' }],
  ...more,
});
const ask = (more: object = {}): Promise<Seen> =>
  postJson({ url: story.url, key: STORY_KEY }, body(more));
const recordOf = ({ headers }: Seen) => story.recordOf(String(headers['keywell-request-id']));

interface Chunk {
  readonly id: string;
  readonly choices: readonly {
    readonly delta: { readonly role?: string; readonly content?: string };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
}

function chunksOf({ text }: Seen): readonly Chunk[] {
  return text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {"id"'))
    .map((event): Chunk => JSON.parse(event.slice(6)));
}

const contentOf = (seen: Seen): string =>
  chunksOf(seen)
    .map(({ choices }) => choices[0]?.delta.content ?? '')
    .join('');

describe('a stream that breaks off where another host can go on', () => {
  it.each([
    ['continue_final_message', { fault: 'die_mid_stream', key: 'a', events: AFTER_CONTENT }],
    ['prefix', { fault: 'die_mid_stream', key: 'a', events: AFTER_CONTENT }],
    ['prefix', { fault: 'stall_mid_stream', key: 'a', events: AFTER_CONTENT }],
    ['prefix', { fault: 'end_before_done', key: 'a', events: AFTER_CONTENT }],
    ['prefix', { fault: 'error_event', key: 'a', events: AFTER_CONTENT }],
  ] as const)('is one stream with one end to the caller (%s, %o)', async (style, fault) => {
    await start(style);
    story.simulator.set(fault);
    const seen = await ask();
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(contentOf(seen)).toBe(ANSWER);
    expect(seen.text.split('data: [DONE]')).toHaveLength(2);
    const chunks = chunksOf(seen);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(chunks.filter(({ choices }) => choices[0]?.delta.role !== undefined)).toHaveLength(1);
    const ends = chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? []);
    expect(ends).toEqual(['stop']);
    expect(story.called()).toEqual({ a: 1, b: 1 });
    await story.quiet();
  });

  it('is billed once, as the sum of its parts, and says in the log what happened', async () => {
    await start('prefix');
    story.simulator.set({ fault: 'die_mid_stream', key: 'a', events: AFTER_CONTENT });
    const seen = await ask({ stream_options: { include_usage: true } });
    const record = await recordOf(seen);
    expect(record).toMatchObject({ status: 200, attempts: 2, errorCode: null, key: 'b' });
    const usages = record.timeline.flatMap((event) =>
      event.kind === 'verdict' && event.usage !== null ? event.usage : [],
    );
    expect(usages.map(({ estimated }) => estimated)).toEqual([true, false]);
    const sum = (of: 'inputTokens' | 'outputTokens'): number =>
      usages.reduce((total, usage) => total + usage[of], 0);
    expect(record.usage).toMatchObject({
      inputTokens: sum('inputTokens'),
      outputTokens: sum('outputTokens'),
      estimated: true,
    });
    const told = chunksOf(seen).flatMap(({ usage }) => usage ?? []);
    expect(told).toMatchObject([
      { prompt_tokens: sum('inputTokens'), completion_tokens: sum('outputTokens') },
    ]);
    const whys = record.timeline.flatMap((event) => (event.kind === 'attempt' ? event.why : []));
    expect(whys).toEqual(['first', 'continuation']);
    const notes = record.timeline.flatMap((event) => (event.kind === 'note' ? event.what : []));
    expect(notes).toEqual(['continuation']);
    expect(story.metric('keywell_continuations_total{end="whole"}')).toBe(1);
  });

  it('loses nothing for an official SDK', async () => {
    await start('continue_final_message');
    story.simulator.set({ fault: 'die_mid_stream', key: 'a', events: AFTER_CONTENT });
    const client = new OpenAI({ apiKey: STORY_KEY, baseURL: story.url, maxRetries: 0 });
    const stream = client.chat.completions.stream({
      model: 'smart',
      messages: [{ role: 'user', content: 'hello' }],
    });
    const { choices } = await stream.finalChatCompletion();
    expect(choices[0]?.message.content).toBe(ANSWER);
    expect(choices[0]?.finish_reason).toBe('stop');
  });

  it('goes on at the same key where there is no other, and once more when that breaks off too', async () => {
    await start('prefix');
    story.simulator.set({ fault: 'dead_key', key: 'b' });
    story.simulator.set({ fault: 'die_mid_stream', key: 'a', events: 3, count: 1 });
    const seen = await ask();
    expect([seen.clean, contentOf(seen)]).toEqual([true, ANSWER]);
    expect(story.called()).toEqual({ a: 2, b: 1 });
    story.reset();
    story.simulator.set({ fault: 'die_mid_stream', key: 'a', events: 3, count: 1 });
    story.simulator.set({ fault: 'die_mid_stream', key: 'b', events: 3, count: 1 });
    const again = await ask();
    expect([again.clean, contentOf(again)]).toEqual([true, ANSWER]);
    expect((await recordOf(again)).attempts).toBe(3);
  });

  it('ends with an honest error when nobody can go on', async () => {
    await start('prefix');
    story.simulator.set({ fault: 'die_mid_stream', key: 'a', events: AFTER_CONTENT });
    story.simulator.set({ fault: 'server_error', key: 'b' });
    const seen = await ask();
    expect(seen.clean).toBe(false);
    expect(seen.text).toContain('"code":"upstream_error"');
    expect(seen.text).not.toContain('[DONE]');
    expect(ANSWER.startsWith(contentOf(seen))).toBe(true);
    expect((await recordOf(seen)).errorCode).toBe('upstream_error');
    expect(story.metric('keywell_continuations_total{end="broken"}')).toBe(1);
    await story.quiet();
  });
});

describe('a stream is not gone on with', () => {
  const broken = async (more: object, breaksAt = AFTER_CONTENT): Promise<number> => {
    story.simulator.set({ fault: 'die_mid_stream', key: 'a', events: breaksAt });
    const seen = await ask(more);
    expect(seen.clean).toBe(false);
    expect(story.called()).toEqual({ a: 1 });
    return story.key('b').attempts;
  };
  const tools = [{ type: 'function', function: { name: 'lookup', parameters: {} } }];

  it.each([
    ['with tools', { tools }],
    ['with a tool that is called', { tools, tool_choice: 'required' }],
    [
      'with a JSON schema',
      { response_format: { type: 'json_object' }, messages: [{ role: 'user', content: 'json' }] },
    ],
    ['with several choices', { n: 2 }],
    [
      'with an answer that the caller has begun',
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: 'b' },
        ],
      },
    ],
    ['when it is to be stored', { store: true }],
  ])('%s', async (_, more) => {
    await start('prefix');
    expect(await broken(more, 3)).toBe(0);
  });

  it('where the host is not known to go on, and where the pool does not ask for it', async () => {
    await start(null);
    expect(await broken({})).toBe(0);
    await story.close();
    await start('prefix', false);
    expect(await broken({})).toBe(0);
  });
});
