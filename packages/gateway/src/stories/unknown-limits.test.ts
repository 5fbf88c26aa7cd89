import { afterEach, describe, expect, it } from 'vitest';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson } from '@keywell/testkit/http-call';

let story: Story | null = null;
afterEach(async () => {
  await story?.close();
  story = null;
});

describe('keys of a provider that tells no limits', () => {
  it('are used evenly while nothing is known of any', async () => {
    story = await startStory({
      face: 'gemini',
      kind: 'gemini',
      keys: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
    });
    const { url } = story;
    const body = { model: 'smart', messages: [{ role: 'user', content: 'hello' }] };
    for (let call = 0; call < 600; call += 1) {
      const { status } = await postJson({ url, key: STORY_KEY }, body);
      expect(status).toBe(200);
    }
    const called = Object.values(story.called());
    expect(called).toHaveLength(3);
    // Drawn by chance alone they would usually be more than twenty apart; drawn like this, more than 12 once in a hundred thousand times.
    expect(Math.max(...called) - Math.min(...called)).toBeLessThanOrEqual(12);
  });
});
