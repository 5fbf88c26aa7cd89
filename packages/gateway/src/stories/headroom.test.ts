import { afterEach, describe, expect, it } from 'vitest';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';

let story: Story;
afterEach(() => story.close());

const ask = (headers: Readonly<Record<string, string>> = {}): Promise<Seen> =>
  postJson(
    { url: story.url, key: STORY_KEY, headers },
    { model: 'smart', messages: [{ role: 'user', content: 'hello' }], max_tokens: 10 },
  );

describe('limits that responses tell', () => {
  it('steer calls away from a key before it refuses one', async () => {
    story = await startStory({
      keys: [{ id: 'a' }, { id: 'b' }],
      model: { limits: { requestsPerMinute: 5 } },
    });
    const answers: Seen[] = [];
    for (let call = 0; call < 10; call += 1) answers.push(await ask());
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    const called = story.called();
    // Ten calls, ten places, two keys: nobody was refused on the way.
    expect((called['a'] ?? 0) + (called['b'] ?? 0)).toBe(10);
    expect(story.simulator.refusals()).toEqual([]);
  });

  it('make the next call wait or be refused without a look at any key', async () => {
    story = await startStory({
      keys: [{ id: 'a' }, { id: 'b' }],
      model: { limits: { requestsPerMinute: 2 } },
    });
    for (let call = 0; call < 4; call += 1) expect((await ask()).status).toBe(200);
    const refused = await ask();
    expect([refused.status, refused.headers['retry-after']]).toEqual([
      429,
      expect.stringMatching(/^[12]\d$|^3[01]$/),
    ]);
    expect(JSON.parse(refused.text)).toMatchObject({ error: { code: 'pool_exhausted' } });
    expect(story.called()).toEqual({ a: 2, b: 2 });
    expect(story.simulator.refusals()).toEqual([]);
  });
});
