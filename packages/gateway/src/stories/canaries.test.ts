/** No secret of a provider's key is seen anywhere, whatever that provider says, in whichever dialect it and the caller speak. */
import { consumerKey, startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Betrayer, betrayed, HOUSE, PLANTED, type Misdeed } from './canaries.contract.ts';
import { askBy, WAYS } from './crossing/ways.contract.ts';

const EVERYBODY: readonly Misdeed[] = [
  400,
  401,
  403,
  404,
  413,
  422,
  429,
  'inside',
  'event',
  'html',
  'bad_token',
];
/** What is tried again takes its time, and needs no dialect to be seen. */
const SLOW: readonly Misdeed[] = [500, 529, 'hang'];

/** What an escape in JSON stands for; a secret is one in whatever spelling. */
const unescaped = (text: string): string =>
  text
    .replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
    .replace(/\\n/g, '\n')
    .replace(/\\(.)/g, '$1');

/** The spellings in which a secret is looked for: its end alone is too much, too. */
const spellings = (secret: string): readonly string[] => [
  secret,
  secret.trim().slice(-14),
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64'),
  unescaped(secret),
];

async function keptBy(story: Story): Promise<string> {
  const { node, events, cooled } = story;
  return [
    JSON.stringify(await story.records()),
    node.metrics([]),
    JSON.stringify([events, cooled, node.keys(), node.pools(), node.limits()]),
  ].join('\n');
}

describe.each(PLANTED.map((planted, at) => ({ ...planted, at })))(
  'secrets of a $kind (credential $at)',
  (planted) => {
    const provider = new Betrayer();
    let story: Story;
    let origin = '';

    beforeAll(async () => {
      origin = await provider.start();
      story = await startStory({
        providers: () => [betrayed(planted, origin)],
        pool: { tiers: [{ targets: [{ model: planted.model }] }], firstByteTimeoutMs: 200 },
      });
      provider.knows = [planted.value(origin), ...planted.secrets, ...HOUSE];
    });
    afterAll(async () => {
      await story.close();
      provider.close();
    });

    const forms = () =>
      [planted.value(origin), ...planted.secrets, ...HOUSE, STORY_KEY, consumerKey(1)].flatMap(
        spellings,
      );

    const foundIn = (text: string, where: string): string[] =>
      [text, unescaped(text), unescaped(unescaped(text))].flatMap((spelled) =>
        forms()
          .filter((form) => form.length > 5 && spelled.includes(form))
          .map((form) => `${where}: ${form}`),
      );

    async function ask(misdeed: Misdeed, ways: typeof WAYS): Promise<readonly string[]> {
      provider.misdeed = misdeed;
      const found: string[] = [];
      for (const way of ways) {
        story.node.clearCooldowns({ provider: 'openai' });
        const seen = await askBy(story, way, { model: 'smart', question: { prompt: 'hello' } });
        found.push(...foundIn(JSON.stringify(seen.headers) + seen.text, way.name));
      }
      return found;
    }

    it.each(EVERYBODY)('are not in what %s becomes', async (misdeed) => {
      expect(await ask(misdeed, WAYS)).toEqual([]);
      expect(provider.asked).toBeGreaterThan(0);
    });

    it('are not in what an error in the middle of a stream becomes', async () => {
      const ways = WAYS.filter(({ stream }) => stream);
      expect(await ask('midway', ways)).toEqual([]);
    });

    it.each(SLOW)('are not in what %s becomes after all that was tried', async (misdeed) => {
      expect(await ask(misdeed, WAYS.slice(0, 2))).toEqual([]);
    });

    it('are in no log, metric, event or status', async () => {
      expect(foundIn(await keptBy(story), 'kept')).toEqual([]);
    });
  },
);
