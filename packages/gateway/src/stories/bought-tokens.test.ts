import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import type { ProviderSketch } from '@keywell/testkit/a-snapshot';
import { postJson, type Seen } from '@keywell/testkit/http-call';

const REFRESH = 'sk-simulated-a';
const SECRET = 'canary-client-secret';

const ask = (story: Story): Promise<Seen> =>
  postJson(
    { url: story.url, key: STORY_KEY },
    { model: 'smart', messages: [{ role: 'user', content: 'hello' }] },
  );

const start = (more: Partial<ProviderSketch> = {}): Promise<Story> =>
  startStory({
    keys: [{ id: 'a' }],
    pool: { tiers: [{ targets: [{ model: 'gemini-2.5-flash' }] }] },
    alsoModels: [{ id: 'gemini-2.5-flash' }],
    providers: ({ origin }) => [
      {
        kind: 'vertex',
        baseUrl: `${origin}/v1/projects/p/locations/us-central1`,
        keys: [
          {
            id: 'a',
            value: JSON.stringify({
              token_url: `${origin}/oauth/token`,
              client_id: 'me',
              client_secret: SECRET,
              refresh_token: REFRESH,
            }),
          },
        ],
        ...more,
      },
    ],
  });

describe('a key that buys tokens', () => {
  let story: Story;

  beforeAll(async () => {
    story = await start();
  });

  afterAll(() => story.close());

  it('buys one for many calls, and is never sent itself', async () => {
    const seen = await Promise.all(Array.from({ length: 5 }, () => ask(story)));
    expect(seen.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    // One of them bought the token.
    expect(story.called()).toEqual({ a: 6 });
  });

  it('rests for a moment when its token is refused, and then serves with a new one', async () => {
    story.simulator.set({ fault: 'dead_key', key: 'a', count: 1 });
    const refused = await ask(story);
    expect(refused.status).toBe(503);
    expect(refused.text).not.toContain(SECRET);
    expect(story.key('a').cooldowns).toMatchObject([{ class: 'credential_expired' }]);
    const endsInMs = story.key('a').cooldowns[0]?.endsInMs ?? Infinity;
    expect(endsInMs).toBeLessThanOrEqual(2000);
  });

  it('rests no longer where the provider says that the token has expired', async () => {
    const expired = {
      name: 'access-token-expired',
      status: [[400, 401]],
      code: [],
      type: [],
      message: null,
      class: 'credential_expired',
      scope: 'key',
      level: null,
      dimension: null,
      ends: 'none',
    } as const;
    const other = await start({ failures: [expired] });
    expect((await ask(other)).status).toBe(200);
    other.simulator.set({ fault: 'dead_key', key: 'a', count: 1 });
    expect((await ask(other)).status).toBe(503);
    expect(other.key('a').cooldowns).toMatchObject([{ class: 'credential_expired' }]);
    expect(other.key('a').cooldowns[0]?.endsInMs).toBeLessThanOrEqual(2000);
    await other.close();
  });

  it('is dead when the new token is refused as well', async () => {
    story.node.clearCooldowns({ provider: 'openai', key: 'a' });
    story.simulator.set({ fault: 'dead_key', key: 'a', count: 1 });
    expect((await ask(story)).status).toBe(503);
    expect(story.key('a').cooldowns).toMatchObject([{ class: 'credential_dead' }]);
  });
});
