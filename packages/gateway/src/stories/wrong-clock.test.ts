/** A provider that checks when requests were signed, and a machine whose clock is not the provider's. */
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { afterEach, describe, expect, it } from 'vitest';

const accessKey = (id: string): string => `AKIA${id.toUpperCase().repeat(16)}`;
const HOUR_MS = 3_600_000;

let story: Story;
afterEach(() => story.close());

/** Key `a` is drawn first nearly always. */
async function start(ids: readonly string[]): Promise<void> {
  const keys = ids.map((id) => ({
    id,
    weight: id === 'a' ? 1e9 : 1,
    value: JSON.stringify({
      access_key_id: accessKey(id),
      secret_access_key: `secret-${id}`,
      region: 'eu-west-1',
    }),
  }));
  story = await startStory({
    keys: ids.map((id) => ({ id, value: `${accessKey(id)}:secret-${id}` })),
    model: { id: 'm' },
    providers: ({ origin }) => [{ id: 'aws', kind: 'bedrock', baseUrl: origin, keys }],
    pool: { tiers: [{ targets: [{ provider: 'aws', model: 'm' }] }] },
  });
}

const ask = (): Promise<Seen> =>
  postJson(
    { url: story.url, key: STORY_KEY },
    { model: 'smart', messages: [{ role: 'user', content: 'hello' }] },
  );

async function attemptsOf(seen: Seen): Promise<readonly object[]> {
  const record = await story.recordOf(String(seen.headers['keywell-request-id']));
  return record.timeline.filter(({ kind }) => kind === 'attempt' || kind === 'verdict');
}

describe('a machine’s clock that is behind its provider’s', () => {
  it('by an hour costs one refused call: it is signed again by the provider’s, and so are the next', async () => {
    await start(['a']);
    story.simulator.advance(HOUR_MS);
    const seen = await ask();
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(await attemptsOf(seen)).toMatchObject([
      { kind: 'attempt', key: 'a', why: 'first' },
      { kind: 'verdict', class: 'clock_fault', status: 403 },
      { kind: 'attempt', key: 'a', why: 'retry' },
      { kind: 'verdict', class: 'success' },
    ]);
    for (let turn = 0; turn < 5; turn += 1) expect((await ask()).status).toBe(200);
    expect(story.called()).toEqual({ a: 7 });
    expect(story.key('a')).toMatchObject({ state: 'ready', cooldowns: [] });
  });

  it('serves every one of many calls that find out together', async () => {
    await start(['a']);
    story.simulator.advance(HOUR_MS);
    const seen = await Promise.all(Array.from({ length: 20 }, ask));
    expect(seen.map(({ status }) => status)).toEqual(seen.map(() => 200));
    expect(story.called()['a']).toBeLessThanOrEqual(40);
    expect((await ask()).status).toBe(200);
  });

  it('by days is not believed: each key is asked once, marked by nobody, and the refusal is no fault of the caller', async () => {
    await start(['a', 'b']);
    story.simulator.advance(72 * HOUR_MS);
    const seen = await ask();
    expect(seen.status).toBe(503);
    expect(JSON.parse(seen.text)).toMatchObject({ error: { code: 'pool_unavailable' } });
    expect(story.called()).toEqual({ a: 1, b: 1 });
    expect([story.key('a').state, story.key('b').state]).toEqual(['ready', 'ready']);
  });
});
