/** Thoughts that were sealed for one organization go back to it, whichever key of the pool has the turn. */
import OpenAI from 'openai';
import type { Response, ResponseInput } from 'openai/resources/responses/responses';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

let story: Story;

beforeAll(async () => {
  story = await startStory({
    keys: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
    pool: { strategy: 'round_robin' },
  });
});
afterAll(() => story.close());
beforeEach(() => story.reset());

const ASKS = {
  model: 'smart',
  store: false,
  reasoning: { effort: 'high' },
  include: ['reasoning.encrypted_content'],
} as const;
const client = (): OpenAI => new OpenAI({ apiKey: STORY_KEY, baseURL: story.url, maxRetries: 0 });
const say = (input: ResponseInput) =>
  client().responses.create({ ...ASKS, include: [...ASKS.include], input });
const spoken = (content: string) => ({ role: 'user', content }) as const;
const total = (): number => Object.values(story.called()).reduce((sum, calls) => sum + calls, 0);

/** What is said next, with the thoughts of the first answer as they were given. */
const next = (first: Response): ResponseInput => [
  spoken('Hello'),
  ...first.output.filter((item) => item.type === 'reasoning' || item.type === 'message'),
  spoken('And again?'),
];

describe('thoughts that one organization sealed', () => {
  it('are shown to others first and opened in the end: the caller sees an answer, no key is cooled', async () => {
    const first = await say([spoken('Hello')]);
    expect(total()).toBe(1);
    const { data, response } = await say(next(first)).withResponse();
    expect(data.output_text).toContain('And again?');
    // Round robin has its turn at the two others before.
    expect(response.headers.get('keywell-attempts')).toBe('3');
    expect(total()).toBe(4);
    expect(story.cooled).toEqual([]);
    const record = await story.recordOf(String(response.headers.get('keywell-request-id')));
    const whys = record.timeline.flatMap((event) => (event.kind === 'attempt' ? [event.why] : []));
    expect(whys).toEqual(['first', 'fallback', 'fallback']);
  });

  it('and that nobody sealed are refused in the provider’s words, once by each organization', async () => {
    const first = await say([spoken('Hello')]);
    const forged = next(first).map((item) =>
      'encrypted_content' in item ? { ...item, encrypted_content: 'gAAAforged' } : item,
    );
    await expect(say(forged)).rejects.toMatchObject({
      status: 400,
      code: 'invalid_encrypted_content',
    });
    expect(total()).toBe(4);
    expect(story.cooled).toEqual([]);
  });
});
