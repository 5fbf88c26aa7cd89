/** Bodies made to confuse or to tire a reader, in each caller's dialect: refused in its words, before anybody is asked, with nothing stalled. */
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CALLER_DIALECTS, TALKS } from './talk.contract.ts';
import type { CallerDialect } from '@keywell/wire/edit/conversation';

const MEBIBYTE = 1024 * 1024;
/** Far above what was measured, as others use the machine too: a reader that is not linear takes minutes. */
const LONGEST_STALL_MS = 500;

/** The body twice as text here, once as bytes there, and what collectors have not come to yet. */
const MOST_MEMORY = 400 * MEBIBYTE;

const manyKeys = (count: number): string =>
  `{${Array.from({ length: count }, (_, at) => `"key_${at}":0`).join(',')}}`;

const BODIES: readonly (readonly [string, () => string])[] = [
  ['a key twice', () => '"same":1,"same":2'],
  ['a key twice, once escaped', () => '"x":{"same":1,"\\u0073ame":2}'],
  ['2 million keys', () => `"x":${manyKeys(2_000_000)}`],
  ['2 million keys in small objects', () => `"x":[${'{"a":0},'.repeat(1_999_999)}{"a":0}]`],
  ['depth 10,000 of lists', () => `"x":${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  ['depth 10,000 of objects', () => `"x":${'{"a":'.repeat(10_000)}0${'}'.repeat(10_000)}`],
];

let story: Story;

beforeAll(async () => {
  story = await startStory({ kind: 'bedrock', traffic: { maxBodyBytes: 64 * MEBIBYTE } });
});
beforeEach(() => story.reset());
afterAll(() => story.close());

/** Sends text as it is. */
async function send(
  dialect: CallerDialect,
  text: string,
): Promise<{ status: number; body: unknown }> {
  const url = `http://127.0.0.1:${story.port}${TALKS[dialect].path('smart', false)}`;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${STORY_KEY}` };
  const response = await fetch(url, { method: 'POST', headers, body: text });
  return { status: response.status, body: await response.json() };
}

/** The longest that the one worker let another caller wait meanwhile. */
async function longestWait(until: Promise<unknown>): Promise<number> {
  const state = { over: false };
  void until.finally(() => (state.over = true));
  let longest = 0;
  while (!state.over) {
    const startedAt = performance.now();
    const response = await fetch(`http://127.0.0.1:${story.port}/healthz`);
    await response.text();
    longest = Math.max(longest, performance.now() - startedAt);
  }
  return longest;
}

describe.each(CALLER_DIALECTS)('a caller who speaks %s', (dialect) => {
  it.each(BODIES)('who sends %s is refused in its own words', async (_name, write) => {
    const asked = JSON.stringify(TALKS[dialect].ask('smart', { prompt: 'hello' }));
    const text = `${asked.slice(0, -1)},${write()}}`;
    const before = process.memoryUsage().rss;
    const answer = send(dialect, text);
    const stall = await longestWait(answer);
    const { status, body } = await answer;
    const grown = process.memoryUsage().rss - before;
    expect(status).toBe(400);
    expect(body).toMatchObject(TALKS[dialect].error(400));
    expect(story.called()).toEqual({});
    expect(grown).toBeLessThan(MOST_MEMORY);
    expect(stall).toBeLessThan(LONGEST_STALL_MS);
  });
});
