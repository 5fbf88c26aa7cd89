/** Stories in which calls wait: a pool that lets them, and who asks it. */
import {
  startStory,
  STORY_KEY,
  type Story,
  type StorySketch,
} from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';
import { afterEach } from 'vitest';

const stories: Story[] = [];
afterEach(async () => {
  for (const story of stories.splice(0)) await story.close();
});

/** One key, and a pool in which calls wait for up to ten seconds. */
export async function begin(sketch: StorySketch = {}): Promise<Story> {
  const story = await startStory({
    keys: [{ id: 'a' }],
    ...sketch,
    pool: { maxWaitMs: 10_000, ...sketch.pool },
  });
  stories.push(story);
  return story;
}

export const hello = { messages: [{ role: 'user', content: 'hello' }] };

export interface Asking {
  readonly key?: string;
  readonly maxWaitMs?: number | string;
  readonly more?: object;
}

const headersOf = ({ maxWaitMs }: Asking): Record<string, string> =>
  maxWaitMs === undefined ? {} : { 'keywell-max-wait-ms': String(maxWaitMs) };

export const ask = (story: Story, asking: Asking = {}): Promise<Seen> =>
  postJson(
    { url: story.url, key: asking.key ?? STORY_KEY, headers: headersOf(asking) },
    { model: 'smart', ...hello, ...asking.more },
  );

export const waiting = (story: Story): number => story.metric('keywell_requests_waiting');

export const untilWaiting = (story: Story, count: number): Promise<true> =>
  until(() => waiting(story) === count, `${count} calls to wait`, 5000);
