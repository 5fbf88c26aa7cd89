import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson } from '@keywell/testkit/http-call';
import { afterEach, describe, expect, it } from 'vitest';

let story: Story;
afterEach(() => story.close());

describe('a defect of our own between reserving and sending', () => {
  it('is a 500 that holds nothing of the key', async () => {
    // No configuration gets this far: a kind of which nobody knows how it is called.
    story = await startStory({
      providers: ({ url }) => [{ kind: 'no-such-vendor', baseUrl: url, keys: [{ id: 'a' }] }],
    });
    const seen = await postJson(
      { url: story.url, key: STORY_KEY },
      { model: 'smart', messages: [{ role: 'user', content: 'hello' }] },
    );
    expect(seen.status).toBe(500);
    await story.quiet();
    expect(story.called()).toEqual({});
  });
});
