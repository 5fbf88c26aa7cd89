import { afterEach, describe, expect, it } from 'vitest';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson } from '@keywell/testkit/http-call';

let story: Story;
afterEach(() => story.close());

const ask = async (stream: boolean): Promise<number> => {
  const body = { model: 'smart', stream, messages: [{ role: 'user', content: 'hello' }] };
  return (await postJson({ url: story.url, key: STORY_KEY }, body)).status;
};

describe('an account that responses name', () => {
  it('is told once for each key, whatever the answers are', async () => {
    story = await startStory({
      keys: [
        { id: 'a', domain: ['acme'], domainPinned: false },
        { id: 'b', domain: ['acme'], domainPinned: false },
      ],
    });
    for (let turn = 0; turn < 10; turn += 1) {
      expect(await ask(false)).toBe(200);
      expect(await ask(true)).toBe(200);
    }
    story.simulator.set({ fault: 'rate_limited', retryAfterMs: 60_000 });
    expect(await ask(false)).toBe(429);
    const told = story.sightings.map(
      ({ key, account }) => `${key} ${account.organization}/${account.project}`,
    );
    expect(told.toSorted((a, b) => a.localeCompare(b))).toEqual(['a acme/proj_a', 'b acme/proj_b']);
  });
});
