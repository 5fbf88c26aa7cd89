/** What is hard to carry between dialects, through the gateway: every caller's dialect against every provider's. */
import { startStory, type Story } from '@keywell/testkit/gateway-story';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CALLER_DIALECTS, send, TALKS, turnOf, type Tool } from './talk.contract.ts';

const PROVIDERS = [
  ['openai', 'gpt-5'],
  ['anthropic', 'claude-sonnet-4-5'],
  ['gemini', 'gemini-2.5-pro'],
  ['bedrock', 'anthropic.claude-sonnet-4-5-20250929-v1:0'],
] as const;

const start = ([kind, model]: readonly [string, string], answerText?: string): Promise<Story> =>
  startStory({
    kind,
    pools: 100,
    model: { id: model, ...(answerText === undefined ? {} : { answerText }) },
    pool: { tiers: [{ targets: [{ model }] }] },
  });

const emptySchema = { type: 'object', properties: {} };
const MANY: readonly Tool[] = Array.from({ length: 200 }, (_, at) => ({
  name: `tool_${at}`,
  schema: emptySchema,
}));

/** Arguments of a megabyte, in pieces that a stream tells one by one. */
const LONG = Array.from({ length: 1024 }, (_, at) => String(at).padEnd(1023, 'x')).join(' ');
const LONG_TOOL: Tool = {
  name: 'write_file',
  schema: {
    type: 'object',
    properties: { content: { type: 'string', const: LONG } },
    required: ['content'],
  },
};
const WORDS = 'one two three four five six seven eight nine ten eleven twelve';
const WORDY_TOOL: Tool = {
  name: 'write_file',
  schema: {
    type: 'object',
    properties: { content: { type: 'string', const: WORDS } },
    required: ['content'],
  },
};
/** How each dialect ends a stream that is whole. */
const ENDS = /data: \[DONE\]|"finish_reason":"|response\.completed|message_stop|"finishReason"/;

describe.each(PROVIDERS)('a provider of kind %s', (kind, model) => {
  let story: Story;

  beforeAll(async () => {
    story = await start([kind, model]);
  });
  beforeEach(() => story.reset());
  afterAll(() => story.close());

  describe.each(CALLER_DIALECTS)('and a caller who speaks %s', (dialect) => {
    const talk = TALKS[dialect];

    it('a refusal is marked as one', async () => {
      const place = { dialect, model: story.freshModel() };
      const prompt = 'Please simulate a refusal.';
      const seen = await send(story, place, talk.ask(place.model, { prompt }));
      expect(seen).toMatchObject({ status: 200, clean: true });
      expect(talk.refuses(JSON.parse(seen.text))).toBe(true);
      // Others refuse without a word.
      const words = kind === 'openai' ? "can't help with that" : '';
      expect(turnOf(dialect, seen).text).toContain(words);
    });

    it('a call of a tool that dies with its provider has no end', async () => {
      const place = { dialect, model: story.freshModel(), stream: true };
      const prompt = 'Please write_file.';
      story.simulator.set({ fault: 'die_mid_stream', events: kind === 'gemini' ? 1 : 8 });
      const seen = await send(story, place, talk.ask(place.model, { prompt, tools: [WORDY_TOOL] }));
      // What cannot be told in pieces was not told at all: then it is an error with a status.
      expect(seen.status === 200 ? seen.clean : seen.status < 500).toBe(false);
      expect(seen.text).not.toMatch(ENDS);
      expect(() => talk.readStream(seen.text)).toThrow(Error);
    });

    it.each([false, true])('200 calls at once come and go back (streamed: %s)', async (stream) => {
      const place = { dialect, model: story.freshModel(), stream };
      const prompt = `Please call ${MANY.map(({ name }) => name).join(', ')}.`;
      const body = talk.ask(place.model, { prompt, tools: MANY });
      const turn = turnOf(dialect, await send(story, place, body), stream);
      expect(turn.calls.map(({ name }) => name)).toEqual(MANY.map(({ name }) => name));
      const ids = turn.calls.map(({ id }) => id).filter((id) => id !== '');
      expect(new Set(ids).size).toBe(ids.length);
      const next = await send(story, place, talk.goOn(body, turn, 'done'));
      expect(turnOf(dialect, next, stream).text).toContain('tool result: done');
      // No key was taken for broken on the way.
      expect(story.called()).toEqual({ a: 2 });
    });

    it.each([false, true])('a megabyte of arguments is whole (streamed: %s)', async (stream) => {
      const place = { dialect, model: story.freshModel(), stream };
      const body = talk.ask(place.model, { prompt: 'Please write_file.', tools: [LONG_TOOL] });
      const turn = turnOf(dialect, await send(story, place, body), stream);
      expect(turn.calls.map(({ input }) => input.length)).toEqual([LONG.length + 14]);
      expect(JSON.parse(turn.calls[0]?.input ?? '')).toEqual({ content: LONG });
      const next = await send(story, place, talk.goOn(body, turn, 'done'));
      expect(turnOf(dialect, next, stream).text).toContain('tool result: done');
    });
  });
});

describe.each(PROVIDERS)('a provider of kind %s that sends byte by byte', (kind, model) => {
  const ANSWER = 'Grüße 👩‍👩‍👧‍👦 and 漢字 🌧️, done.';
  let story: Story;

  beforeAll(async () => {
    story = await start([kind, model], ANSWER);
  });
  afterAll(() => story.close());

  it.each(CALLER_DIALECTS)('emoji are whole for a caller who speaks %s', async (dialect) => {
    story.simulator.set({ fault: 'bytewise' });
    const place = { dialect, model: story.freshModel(), stream: true };
    const seen = await send(story, place, TALKS[dialect].ask(place.model, { prompt: 'hello' }));
    expect(turnOf(dialect, seen, true).text).toBe(ANSWER);
  });
});
