import { createServer, type Server, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';

/** A provider that answers key `o` by hand, before a simulator whose key `a` answers well. */
let answer: (response: ServerResponse) => void;
let asked = 0;
let odd: Server;
let story: Story;

const QUOTA = '{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}';
const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const SSE = { 'content-type': 'text/event-stream' };

beforeAll(async () => {
  odd = createServer((request, response) => {
    asked += 1;
    request.resume();
    request.on('end', () => answer(response));
  });
  const port = await new Promise<number>((resolve) => {
    odd.listen(0, '127.0.0.1', () => {
      const address = odd.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  story = await startStory({
    pools: 40,
    providers: (simulator) => [
      { id: 'odd', baseUrl: `http://127.0.0.1:${port}/v1`, keys: [{ id: 'o' }] },
      { id: 'well', baseUrl: simulator.url, keys: [{ id: 'a', value: 'sk-simulated-a' }] },
    ],
    pool: {
      tiers: [{ targets: [{ provider: 'odd' }] }, { targets: [{ provider: 'well' }] }],
      idleTimeoutMs: 300,
    },
  });
});
beforeEach(() => {
  story.reset();
  asked = 0;
});
afterAll(async () => {
  await story.close();
  odd.closeAllConnections();
  odd.close();
});

const ask = (stream: boolean): Promise<Seen> =>
  postJson(
    { url: story.url, key: STORY_KEY },
    { model: story.freshModel(), stream, messages: [{ role: 'user', content: 'hello' }] },
  );

const verdictsOf = async (seen: Seen) =>
  (await story.recordOf(String(seen.headers['keywell-request-id']))).timeline.filter(
    ({ kind }) => kind === 'verdict',
  );

describe('a provider’s stream', () => {
  it.each(['', '\n', '\r\n', '\r'])(
    'that ends with an error event which %j ends is judged by what the event says',
    async (ending) => {
      answer = (response) => response.writeHead(200, SSE).end(`data: ${QUOTA}${ending}`);
      const seen = await ask(true);
      expect(seen).toMatchObject({ status: 200, clean: true });
      expect(seen.headers['keywell-provider']).toBe('well');
      expect(await verdictsOf(seen)).toMatchObject([
        { class: 'funds_exhausted' },
        { class: 'success' },
      ]);
      expect(story.key('o').state).toBe('cooled');
    },
  );

  it('of the other line endings, comments and a byte order mark reaches the caller as it is', async () => {
    const text = `\u{feff}: hello\r\r${chunk({ role: 'assistant', content: '' }).replaceAll('\n', '\r\n')}:\n\n${chunk({ content: 'é' })}${chunk({}, 'stop')}data:[DONE]\r\n\r\n`;
    answer = (response) => response.writeHead(200, SSE).end(text);
    const seen = await ask(true);
    expect(seen).toMatchObject({ status: 200, clean: true, text });
  });

  it('that goes on after [DONE] is over with it', async () => {
    const whole = `${chunk({ content: 'a' })}${chunk({}, 'stop')}data: [DONE]\n\n`;
    answer = (response) => response.writeHead(200, SSE).end(`${whole}data: ${QUOTA}\n\n`);
    const seen = await ask(true);
    expect(seen).toMatchObject({ status: 200, clean: true, text: whole });
    expect(story.key('o').state).toBe('ready');
  });

  it('that is never ended after [DONE] is complete for the caller within seconds', async () => {
    const whole = `${chunk({ content: 'a' })}${chunk({}, 'stop')}data: [DONE]\n\n`;
    answer = (response) => response.writeHead(200, SSE).write(whole);
    const seen = await ask(true);
    expect(seen).toMatchObject({ status: 200, clean: true, text: whole });
    expect(seen.tookMs).toBeLessThan(3000);
    await story.quiet();
  });

  it('without any event is no answer', async () => {
    answer = (response) => response.writeHead(200, SSE).end();
    const seen = await ask(true);
    expect(seen.headers['keywell-provider']).toBe('well');
  });

  it('that is asked for and refused with 204 is no answer either', async () => {
    answer = (response) => response.writeHead(204).end();
    const seen = await ask(true);
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(seen.headers['keywell-provider']).toBe('well');
  });
});

describe('a provider’s refusal', () => {
  it.each([
    [404, 'text/html', '<html>nothing here</html>'],
    [400, 'application/json', '{"error":'],
    [422, 'text/plain', 'no sk-canary'],
    [413, 'application/json', ''],
  ])('%i of type %s that cannot be shown is explained in our words', async (status, type, text) => {
    answer = (response) => response.writeHead(status, { 'content-type': type }).end(text);
    const seen = await ask(false);
    expect(seen.status).toBe(400);
    expect(seen.text).toContain(`status ${status}`);
    expect(seen.text).not.toMatch(/html|canary/);
    expect(JSON.parse(seen.text)).toMatchObject({ error: { type: 'invalid_request_error' } });
    expect(asked).toBe(1);
    expect(story.called()).toEqual({});
  });

  it('never brings its own cookies, organization or length to the caller', async () => {
    answer = (response) =>
      response
        .writeHead(400, {
          'content-type': 'application/json; charset=utf-8',
          'set-cookie': 'a=b',
          'openai-organization': 'org-canary',
          'x-request-id': 'req_canary',
          'x-ratelimit-remaining-requests': '0',
        })
        .end('{"error":{"message":"key sk-test-o is odd"}}');
    const seen = await ask(false);
    expect(seen.status).toBe(400);
    expect(JSON.stringify(seen.headers)).not.toMatch(/canary|set-cookie|ratelimit/);
    expect(seen.headers['content-length']).toBe(String(Buffer.byteLength(seen.text)));
    expect(seen.text).not.toContain('sk-test-o');
  });
});

describe('a provider’s whole answer', () => {
  it.each(['{}', '{"choices":null}', '{"object":"chat.completion"}'])(
    'that is none although nothing in it says so (%s) is no success: another provider answers',
    async (body) => {
      answer = (response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(body);
      const seen = await ask(false);
      expect(seen).toMatchObject({ status: 200, clean: true });
      expect(seen.headers['keywell-provider']).toBe('well');
      expect(await verdictsOf(seen)).toMatchObject([{ class: 'unknown' }, { class: 'success' }]);
      expect(asked).toBe(1);
    },
  );
});
