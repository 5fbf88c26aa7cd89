/** Tools that take free text, and functions as they were once called: what a caller asked in, it is answered in. */
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { foldedText } from '@keywell/wire/golden/stream-pair.contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const KINDS = [
  ['anthropic', 'claude-sonnet-4-5'],
  ['gemini', 'gemini-2.5-pro'],
  ['bedrock', 'anthropic.claude-sonnet-4-5-20250929-v1:0'],
] as const;
const PROMPT = 'Please run_code.';

describe.each(KINDS)('a provider of kind %s, which has no tools for free text', (kind, model) => {
  let story: Story;

  beforeAll(async () => {
    story = await startStory({
      kind,
      pools: 40,
      model: { id: model },
      pool: { tiers: [{ targets: [{ model }] }] },
    });
  });
  beforeEach(() => story.reset());
  afterAll(() => story.close());

  const ask = (path: string, body: object): Promise<Seen> =>
    postJson(
      { url: story.url.replace(/\/v1$/, ''), key: STORY_KEY, path },
      { model: story.freshModel(), ...body },
    );
  const custom = { name: 'run_code', description: 'Runs code.' };

  const chat = {
    messages: [{ role: 'user', content: PROMPT }],
    tools: [{ type: 'custom', custom }],
  };

  it('is called as one by OpenAI’s chat', async () => {
    const seen = await ask('/v1/chat/completions', chat);
    expect(JSON.parse(seen.text)).toMatchObject({
      choices: [
        {
          message: {
            tool_calls: [
              {
                type: 'custom',
                custom: { name: 'run_code', input: expect.not.stringMatching(/^\{/) },
              },
            ],
          },
          finish_reason: 'tool_calls',
        },
      ],
    });
  });

  it('is called as one by a stream of OpenAI’s chat', async () => {
    const seen = await ask('/v1/chat/completions', { ...chat, stream: true });
    const [choice] = foldedText('openai-chat', seen.text).choices;
    expect(choice?.parts.at(-1)).toMatchObject({
      kind: 'tool_call',
      name: 'run_code',
      custom: true,
      arguments: expect.not.stringMatching(/^\{/),
    });
  });

  it.each([false, true])('is called as one by responses (streamed: %s)', async (stream) => {
    const tools = [{ type: 'custom', ...custom }];
    const seen = await ask('/v1/responses', { input: PROMPT, tools, stream });
    const last = seen.text.trim().split('\n').at(-1) ?? '';
    const said: unknown = JSON.parse(stream ? last.replace(/^data: /, '') : seen.text);
    const output = expect.arrayContaining([
      expect.objectContaining({
        type: 'custom_tool_call',
        name: 'run_code',
        input: expect.not.stringMatching(/^\{/),
      }),
    ]);
    expect(said).toMatchObject(stream ? { response: { output } } : { output });
  });

  const functions = {
    messages: [{ role: 'user', content: PROMPT }],
    functions: [{ name: 'run_code', parameters: { type: 'object', properties: {} } }],
  };

  it('is called as a function by who declares functions', async () => {
    const seen = await ask('/v1/chat/completions', functions);
    const message = { function_call: { name: 'run_code', arguments: '{}' } };
    expect(JSON.parse(seen.text)).toMatchObject({
      choices: [{ message, finish_reason: 'function_call' }],
    });
  });

  it('is called as a function by a stream for who declares functions', async () => {
    const seen = await ask('/v1/chat/completions', { ...functions, stream: true });
    expect(seen.text).toContain('"delta":{"function_call":{"name":"run_code","arguments":""}}');
    expect(seen.text).toContain('"finish_reason":"function_call"');
    expect(seen.text).not.toContain('tool_calls');
  });
});
