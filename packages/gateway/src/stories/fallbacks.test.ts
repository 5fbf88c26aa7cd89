import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson } from '@keywell/testkit/http-call';

const LONG = 'many words '.repeat(400);
const ask = (story: Story, content: string) =>
  postJson(
    { url: story.url, key: STORY_KEY },
    { model: 'smart', messages: [{ role: 'user', content }] },
  );

describe('a request that is too long for a model', () => {
  let story: Story;

  beforeAll(async () => {
    story = await startStory({
      kind: 'anthropic',
      keys: [{ id: 'a' }],
      pool: { tiers: [{ targets: [{ model: 'short' }] }, { targets: [{ model: 'gpt-5' }] }] },
      alsoModels: [{ id: 'short', contextTokens: 200 }],
    });
  });

  afterAll(() => story.close());
  beforeEach(() => story.reset());

  it('is answered by the next one that takes more, at the cost of one refusal, and no key is cooled', async () => {
    const seen = await ask(story, LONG);
    expect(seen).toMatchObject({ status: 200 });
    expect(seen.headers['keywell-model']).toBe('gpt-5');
    expect(seen.headers['keywell-attempts']).toBe('2');
    expect(story.called()).toEqual({ a: 2 });
    expect(story.cooled).toEqual([]);
    const record = await story.recordOf(String(seen.headers['keywell-request-id']));
    const whys = record.timeline.flatMap((event) => (event.kind === 'attempt' ? [event.why] : []));
    expect(whys).toEqual(['first', 'fallback']);
  });

  it('is not asked twice of a model that takes it', async () => {
    const seen = await ask(story, 'few words');
    expect(seen.headers['keywell-model']).toBe('short');
    expect(story.called()).toEqual({ a: 1 });
  });
});

describe('where every model is too short', () => {
  it('the caller reads what the first provider said, in its own dialect', async () => {
    const story = await startStory({
      kind: 'anthropic',
      keys: [{ id: 'a' }],
      pool: { tiers: [{ targets: [{ model: 'short' }] }, { targets: [{ model: 'shorter' }] }] },
      alsoModels: [
        { id: 'short', contextTokens: 200 },
        { id: 'shorter', contextTokens: 100 },
      ],
    });
    const seen = await ask(story, LONG);
    expect(seen.status).toBe(400);
    expect(JSON.parse(seen.text)).toMatchObject({
      error: { message: expect.stringContaining('prompt is too long') },
    });
    expect(story.called()).toEqual({ a: 2 });
    await story.close();
  });

  it('and where the pool does not fall back nobody else is asked', async () => {
    const story = await startStory({
      kind: 'anthropic',
      keys: [{ id: 'a' }],
      pool: {
        fallbackOn: [],
        tiers: [{ targets: [{ model: 'short' }] }, { targets: [{ model: 'gpt-5' }] }],
      },
      alsoModels: [{ id: 'short', contextTokens: 200 }],
    });
    expect((await ask(story, LONG)).status).toBe(400);
    expect(story.called()).toEqual({ a: 1 });
    await story.close();
  });
});
