/** Signed thoughts through two turns: the simulator refuses a proof that is not its own, and a history whose proof is missing. */
import { startStory, type Story } from '@keywell/testkit/gateway-story';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallerDialect } from '@keywell/wire/edit/conversation';
import { send, TALKS, turnOf, type Json, type Tool } from './talk.contract.ts';

const TOOL: Tool = {
  name: 'get_weather',
  schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

const PROVIDERS: readonly (readonly [string, string, readonly CallerDialect[]])[] = [
  ['anthropic', 'claude-sonnet-4-5', ['openai-chat', 'openai-responses', 'gemini']],
  ['gemini', 'gemini-2.5-pro', ['openai-chat', 'openai-responses', 'anthropic-messages']],
  [
    'bedrock',
    'anthropic.claude-sonnet-4-5-20250929-v1:0',
    ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'],
  ],
];

/** The same request with another proof in it. */
function altered(body: Json): Json {
  const text = JSON.stringify(body);
  const wrong = text.replace(/(Keywell\/[a-z]{4}.{12})(.)/, (_all, before: string, letter) =>
    before.concat(letter === 'A' ? 'B' : 'A'),
  );
  expect(wrong).not.toBe(text);
  const changed: Json = JSON.parse(wrong);
  return changed;
}

describe.each(PROVIDERS)('thoughts of a provider of kind %s', (kind, model, callers) => {
  let story: Story;

  beforeAll(async () => {
    story = await startStory({
      kind,
      pools: 20,
      model: { id: model },
      pool: { tiers: [{ targets: [{ model }] }] },
    });
  });
  afterAll(() => story.close());

  const cases = callers.flatMap((dialect) => [
    { dialect, stream: false },
    { dialect, stream: true },
  ]);

  it.each(cases)('come back to it through $dialect (streamed: $stream)', async (of) => {
    const { dialect, stream } = of;
    const place = { ...of, model: story.freshModel() };
    const talk = TALKS[dialect];
    const prompt = 'Please ask get_weather.';
    const body = talk.ask(place.model, { prompt, tools: [TOOL], thinks: true });
    const turn = turnOf(dialect, await send(story, place, body), stream);
    expect(turn.calls).toMatchObject([{ name: 'get_weather', input: '{"city":"simulated"}' }]);
    const next = talk.goOn(body, turn, 'grey');
    const refused = story.simulator.refusals().length;
    const answer = turnOf(dialect, await send(story, place, next), stream);
    expect(answer.text).toContain('tool result: grey');
    expect(story.simulator.refusals().length).toBe(refused);
    const wrong = await send(story, place, altered(next));
    expect(wrong.status).toBe(400);
    expect(story.simulator.refusals().length).toBe(refused + 1);
  });
});
