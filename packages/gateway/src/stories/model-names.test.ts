import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson } from '@keywell/testkit/http-call';
import { UNKNOWN_CAPABILITIES } from '@keywell/core/snapshot/snapshot';

const chat = (model: string, more: object = {}) => ({
  model,
  messages: [{ role: 'user', content: 'hello' }],
  ...more,
});

const IMAGE = {
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'look' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
      ],
    },
  ],
};
const TOOLS = {
  tools: [{ type: 'function', function: { name: 'find', parameters: { type: 'object' } } }],
};

describe('names of models', () => {
  let story: Story;

  beforeAll(async () => {
    story = await startStory({
      pool: {
        tiers: [
          { targets: [{ model: 'blind', capabilities: lacking('vision') }] },
          { targets: [{ model: 'gpt-5', capabilities: lacking('tools') }] },
        ],
      },
      otherNames: () => ['fast-*'],
      alsoModels: [{ id: 'blind' }],
    });
  });

  afterAll(() => story.close());

  const ask = (body: unknown) => postJson({ url: story.url, key: STORY_KEY }, body);

  it('an alias with a star answers to every name that fits, one without goes before', async () => {
    expect(await ask(chat('fast-and-cheap'))).toMatchObject({ status: 200 });
    expect(await ask(chat('slow'))).toMatchObject({ status: 404 });
  });

  it('of which there is none leave nothing behind but their lines in the log', async () => {
    const series = () => story.node.metrics([]).split('\n').length;
    await ask(chat('none-0'));
    const before = series();
    for (let turn = 1; turn <= 300; turn += 1) {
      expect((await ask(chat(`none-${turn}`))).status).toBe(404);
    }
    expect(series()).toBe(before);
  });

  it('provider/model is that target of a pool and no other', async () => {
    const seen = await ask(chat('openai/gpt-5'));
    expect(seen.headers['keywell-model']).toBe('gpt-5');
    expect((await ask(chat('openai/none'))).status).toBe(404);
  });

  it('a model that cannot see is passed over for a picture, and the timeline says why', async () => {
    const seen = await ask(chat('smart', IMAGE));
    expect(seen.headers['keywell-model']).toBe('gpt-5');
    const record = await story.recordOf(String(seen.headers['keywell-request-id']));
    const whys = record.timeline.flatMap((event) =>
      event.kind === 'candidates' ? event.excluded.map(({ why }) => why) : [],
    );
    expect(whys).toContain('no_vision');
  });

  it('words that only look like a picture restrict nothing', async () => {
    const seen = await ask({
      model: 'smart',
      messages: [{ role: 'user', content: 'what does "image_url" mean?' }],
    });
    expect(seen.headers['keywell-model']).toBe('blind');
  });

  it('what no model can take is refused with what each lacks, and nobody is called', async () => {
    const before = story.called();
    const seen = await ask(chat('smart', { ...IMAGE, ...TOOLS }));
    expect(seen.status).toBe(400);
    expect(JSON.parse(seen.text)).toMatchObject({
      error: {
        code: 'no_capable_model',
        message: expect.stringMatching(/reads no images.*calls no tools/),
      },
    });
    expect(story.called()).toEqual(before);
  });
});

function lacking(what: 'vision' | 'tools') {
  return { ...UNKNOWN_CAPABILITIES, [what]: false };
}
