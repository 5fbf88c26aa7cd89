/** What a call names and this gateway has not seen being made: it can be reached where there is one account, and nowhere by luck. */
import OpenAI, { toFile } from 'openai';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const SEVERAL = [{ id: 'a' }, { id: 'b' }];
const ONE = [
  { id: 'a', domain: ['org-1'] },
  { id: 'b', domain: ['org-1'] },
];

const user = { role: 'user', content: 'hello' };
const fileSearch = { type: 'file_search', vector_store_ids: ['vs_1'] };
const interpreter = { type: 'code_interpreter', container: 'cntr_1' };

/** Calls of the Responses API, and the member that a refusal names. */
const RESPONSES: readonly (readonly [object, string])[] = [
  [{ input: [user], tools: [fileSearch] }, 'vector_store_ids'],
  [{ input: [user], tools: [interpreter] }, 'container'],
  [{ input: [user], prompt: { id: 'pmpt_1' } }, 'prompt'],
  [{ input: [{ type: 'item_reference', id: 'msg_1' }, user] }, 'input'],
  [{ input: [{ id: 'msg_1' }, user] }, 'input'],
  [{ input: [{ id: 'msg_1', type: null }, user] }, 'input'],
  [{ input: [{ type: null, id: 'msg_1' }, user] }, 'input'],
];
/** Of Gemini. */
const file = (fileUri: string) => ({
  contents: [{ role: 'user', parts: [{ fileData: { mimeType: 'image/png', fileUri } }] }],
});
const FILES = 'https://generativelanguage.googleapis.com/v1beta/files/abc';
const cached = { contents: [{ role: 'user', parts: [{ text: 'hello' }] }] };
const GEMINI: readonly (readonly [object, string])[] = [
  [file(FILES), 'fileUri'],
  [file('files/abc'), 'fileUri'],
  [{ ...cached, cachedContent: 'cachedContents/abc' }, 'cachedContent'],
  [{ ...cached, cached_content: 'cachedContents/abc' }, 'cachedContent'],
];

let story: Story;
const ask = (path: string, body: object): Promise<Seen> =>
  postJson({ url: story.url.replace(/\/v1$/, ''), key: STORY_KEY, path }, body);
const respond = (body: object) => ask('/v1/responses', { model: story.freshModel(), ...body });
const generate = (body: object) =>
  ask(`/v1beta/models/${story.freshModel()}:generateContent`, body);
const total = (): number => Object.values(story.called()).reduce((sum, calls) => sum + calls, 0);

describe('where the keys of a model are of several accounts', () => {
  describe('at OpenAI', () => {
    beforeAll(async () => {
      story = await startStory({ keys: SEVERAL, pools: 40 });
    });
    beforeEach(() => story.reset());
    afterAll(() => story.close());

    it.each(RESPONSES)('nobody is asked %j', async (body, param) => {
      const seen = await respond(body);
      expect(seen.status).toBe(400);
      expect(JSON.parse(seen.text)).toMatchObject({
        error: { code: 'object_out_of_reach', param, message: expect.stringContaining('accounts') },
      });
      expect(total()).toBe(0);
    });

    // Before all others: a simulator that was reset hands out the same ids again.
    it('items are known of what is kept alone', async () => {
      const { output } = Object(JSON.parse((await respond({ input: 'hello', store: false })).text));
      const input = [{ type: 'item_reference', id: output[0].id }, user];
      expect(await respond({ input })).toMatchObject({ status: 400 });
      expect(total()).toBe(1);
    });

    it('a response that is known says where its items are', async () => {
      const first: unknown = JSON.parse((await respond({ input: 'hello' })).text);
      const { id, output } = Object(first);
      const input = [{ type: 'item_reference', id: output[0].id }, user];
      for (let turn = 0; turn < 4; turn += 1) await respond({ input, previous_response_id: id });
      expect(Object.values(story.called())).toEqual([5]);
    });

    it.each([false, true])(
      'items that are known say where they are (streamed: %s)',
      async (stream) => {
        const text = (await respond({ input: 'hello', stream })).text;
        const last = text.trim().split('\n').at(-1) ?? '';
        const told: unknown = JSON.parse(stream ? last.replace(/^data: /, '') : text);
        const { output } = stream ? Object(told).response : Object(told);
        const input = [{ type: 'item_reference', id: output[0].id }, user];
        for (let turn = 0; turn < 4; turn += 1) {
          expect(await respond({ input })).toMatchObject({ status: 200 });
        }
        expect(Object.values(story.called())).toEqual([5]);
      },
    );

    it('a batch may not name it either', async () => {
      const model = story.freshModel();
      const body = { model, input: 'hello', tools: [fileSearch] };
      const line = { custom_id: '1', method: 'POST', url: '/v1/responses', body };
      const client = new OpenAI({ apiKey: STORY_KEY, baseURL: story.url, maxRetries: 0 });
      const upload = await toFile(Buffer.from(JSON.stringify(line)), 'batch.jsonl');
      await expect(client.files.create({ file: upload, purpose: 'batch' })).rejects.toMatchObject({
        status: 400,
        param: 'vector_store_ids',
      });
      expect(total()).toBe(0);
    });

    it('texts and the caller’s own data may look as they like', async () => {
      const schema = { type: 'object', default: { vector_store_ids: ['vs_1'] } };
      const tools = [{ type: 'function', name: 'f', parameters: schema, strict: false }];
      const input = [{ role: 'user', content: '"vector_store_ids" {"id":"x"}' }];
      expect(await respond({ input, tools })).toMatchObject({ status: 200 });
    });
  });

  describe('at Gemini', () => {
    beforeAll(async () => {
      story = await startStory({ kind: 'gemini', keys: SEVERAL, pools: 40 });
    });
    beforeEach(() => story.reset());
    afterAll(() => story.close());

    it.each(GEMINI)('nobody is asked %j', async (body, param) => {
      const seen = await generate(body);
      expect(seen.status).toBe(400);
      expect(seen.text).toContain(`"param":"${param}"`);
      expect(total()).toBe(0);
    });

    it.each(['https://example.com/cat.png', 'gs://bucket/files/cat.png'])(
      'a link to %s is everybody’s',
      async (uri) => {
        await generate(file(uri));
        expect(total()).toBeGreaterThan(0);
      },
    );
  });
});

describe('where they are of one account', () => {
  afterEach(() => story.close());

  it('can be named at OpenAI', async () => {
    story = await startStory({ keys: ONE, pools: 40 });
    for (const [body] of RESPONSES) await respond(body);
    expect(total()).toBe(RESPONSES.length);
  });

  it('can be named at Gemini', async () => {
    story = await startStory({ kind: 'gemini', keys: ONE, pools: 40 });
    for (const [body] of GEMINI) await generate(body);
    expect(total()).toBe(GEMINI.length);
  });
});

describe('where no provider keeps responses', () => {
  it('items of one cannot be named', async () => {
    story = await startStory({ kind: 'anthropic' });
    const seen = await respond({ input: [{ type: 'item_reference', id: 'msg_1' }, user] });
    expect(seen.status).toBe(400);
    expect(JSON.parse(seen.text)).toMatchObject({
      error: { param: 'input', message: expect.stringContaining('send the items themselves') },
    });
    expect(total()).toBe(0);
    await story.close();
  });
});
