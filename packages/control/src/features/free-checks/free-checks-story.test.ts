import { vendorOf } from '@keywell/providers/registry';
import { memoryAuditStore } from '@keywell/storage/audit/memory-audit-store';
import { aSnapshot } from '@keywell/testkit/a-snapshot';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson } from '@keywell/testkit/http-call';
import { afterEach, describe, expect, it } from 'vitest';
import { FreeChecks } from './free-checks.ts';

let story: Story;
afterEach(() => story.close());

const ask = async (): Promise<number> => {
  const body = { model: 'smart', messages: [{ role: 'user', content: 'hello' }] };
  return (await postJson({ url: story.url, key: STORY_KEY }, body)).status;
};

/** Looks at the story's keys through real sockets, on a clock that the test moves. */
function checksOf(): {
  checks: FreeChecks;
  at: { now: number };
  audit: ReturnType<typeof memoryAuditStore>;
} {
  const at = { now: 0 };
  const audit = memoryAuditStore();
  const keys = ['a', 'b', 'c'].map((id) => ({ id, value: `sk-simulated-${id}` }));
  const { providers } = aSnapshot({ providers: [{ baseUrl: story.simulator.url, keys }] });
  const checks = new FreeChecks({
    dataPlane: story.node,
    providers: () => providers,
    vendorOf,
    audit,
    fetch,
    deadline: (ms) => AbortSignal.timeout(ms),
    now: () => at.now,
    wallNow: Date.now,
    random: () => 0,
    onEvent: () => undefined,
  });
  return { checks, at, audit };
}

describe('a key that the provider refuses, and then takes again', () => {
  it('comes back by a call that costs nothing, and no chat is asked to find out', async () => {
    story = await startStory();
    const fault = story.simulator.set({ fault: 'dead_key', key: 'a' });
    expect(await ask()).toBe(200);
    expect(story.key('a').state).toBe('cooled');
    const { checks, at, audit } = checksOf();
    await checks.tick();
    at.now += 15 * 60_000;
    await checks.tick();
    expect(story.key('a').state).toBe('cooled');
    story.simulator.clear({ id: fault });
    at.now += 30 * 60_000;
    await checks.tick();
    expect(story.key('a').state).toBe('ready');
    expect(checks.counts().map(({ result, count }) => [result, count])).toEqual([
      ['still', 1],
      ['restored', 1],
    ]);
    expect(story.simulator.counts().keys['a']?.byOperation).toEqual({
      'chat.completions': 1,
      models: 2,
    });
    expect(await audit.list({ limit: 5 })).toMatchObject([
      { actor: 'keywell', target: 'openai/a', detail: { asked: '/v1/models', why: 'free_check' } },
    ]);
    expect(await ask()).toBe(200);
    expect(story.called()['a']).toBe(4);
  });
});
