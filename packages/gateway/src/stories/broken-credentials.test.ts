/** Keys whose credential is none, or whose token endpoint is odd: the other keys serve, and the endpoint is left in peace. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

let answerToken: (response: ServerResponse) => void;
let bought = 0;
let elsewhere = 0;
let endpoint: Server;
let origin = '';
let story: Story;

beforeAll(async () => {
  endpoint = createServer((request, response) => {
    if (request.url !== '/token') elsewhere += 1;
    else bought += 1;
    request.resume().on('end', () => answerToken(response));
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  const address = endpoint.address();
  origin = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
});
beforeEach(() => {
  bought = 0;
  elsewhere = 0;
});
afterEach(() => story.close());
afterAll(() => {
  endpoint.closeAllConnections();
  endpoint.close();
});

const REFRESH = () =>
  JSON.stringify({ token_url: `${origin}/token`, client_id: 'c', refresh_token: 'sk-simulated-b' });

/** Key `odd` is drawn first nearly always; `a` is as it should be. */
const start = async (
  value: string,
  { kind = 'openai-compatible', patienceMs = 10_000 } = {},
): Promise<void> => {
  story = await startStory({
    keys: [{ id: 'a' }, { id: 'b' }],
    model: { id: 'm' },
    providers: ({ url, origin: host }) => [
      { id: 'odd', kind, baseUrl: kind === 'bedrock' ? host : url, keys: [{ id: 'odd', value }] },
      { id: 'well', baseUrl: url, keys: [{ id: 'a', value: 'sk-simulated-a' }] },
    ],
    pool: {
      firstByteTimeoutMs: patienceMs,
      tiers: [
        {
          targets: [
            { provider: 'odd', model: 'm', weight: 1e9 },
            { provider: 'well', model: 'm' },
          ],
        },
      ],
    },
  });
};

const ask = (): Promise<Seen> =>
  postJson(
    { url: story.url, key: STORY_KEY },
    { model: 'smart', messages: [{ role: 'user', content: 'hello' }] },
  );

/** Ten at once, then thirty one after the other. */
async function askMany(): Promise<readonly Seen[]> {
  const seen = await Promise.all(Array.from({ length: 10 }, ask));
  for (let turn = 0; turn < 30; turn += 1) seen.push(await ask());
  return seen;
}

const json =
  (body: string, status = 200, more: object = {}) =>
  (response: ServerResponse) =>
    response.writeHead(status, { 'content-type': 'application/json', ...more }).end(body);
const token = (more: string) =>
  json(`{"access_token":"sk-simulated-b","token_type":"Bearer"${more}}`);

describe('a token endpoint that sells nothing', () => {
  const ODD: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
    'answers in HTML': (response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>sign in</html>'),
    fails: json('{"error":"server_error"}', 500),
    'asks to be left alone for ever': json('', 429, { 'retry-after': '99999999999' }),
    'sends elsewhere': (response) =>
      response.writeHead(302, { location: `${origin}/elsewhere` }).end(),
    'answers without end': (response) => {
      response.writeHead(200);
      response.write(Buffer.alloc(1_000_000, 0x20));
    },
    'breaks off': (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"access_token":"sk-', () => response.destroy());
    },
    'never answers': () => undefined,
    'answers nothing': json(''),
    'sells a token that is no text': json('{"access_token":7}'),
    'sells a token that is two lines': json('{"access_token":"a\\r\\nx-other: b"}'),
    'sells an endless token': json(`{"access_token":"${'a'.repeat(20_000)}"}`),
  };

  it.each(Object.keys(ODD))(
    'because it %s costs nobody a call, and is asked once',
    async (name) => {
      answerToken = (response) => void ODD[name]?.(response);
      await start(REFRESH(), name === 'never answers' ? { patienceMs: 400 } : {});
      const seen = await askMany();
      expect(seen.map(({ status }) => status)).toEqual(seen.map(() => 200));
      expect(story.called()).toEqual({ a: 40 });
      expect([bought, elsewhere]).toEqual([1, 0]);
      expect(story.events.filter(({ kind }) => kind === 'defect')).toEqual([]);
      expect(seen.map(({ text }) => text).join('')).not.toContain('sign in');
    },
  );

  it('for good is told of its key', async () => {
    answerToken = json('{"error":"invalid_grant"}', 400);
    await start(REFRESH());
    const seen = await askMany();
    expect(seen.map(({ status }) => status)).toEqual(seen.map(() => 200));
    expect(bought).toBe(1);
    expect(story.key('odd').cooldowns).toMatchObject([{ class: 'credential_dead' }]);
  });
});

describe('a token of an odd life', () => {
  it.each([
    '',
    ',"expires_in":-1',
    ',"expires_in":"abc"',
    ',"expires_in":1e12',
    ',"expires_in":1e400',
    ',"expires_in":null',
    ',"expires_in":[]',
    ',"expires_in":{"a":1}',
    ',"expires_in":true',
  ])('such as %j serves many calls', async (more) => {
    answerToken = token(more);
    await start(REFRESH());
    const seen = await askMany();
    expect(seen.map(({ status }) => status)).toEqual(seen.map(() => 200));
    expect(story.called()).toEqual({ b: 40 });
    expect(bought).toBe(1);
  });

  it.each(['0', '0.000001', '1e-300'])(
    'of %s seconds is not bought anew for every call',
    async (seconds) => {
      answerToken = token(`,"expires_in":${seconds}`);
      await start(REFRESH());
      const startedAt = performance.now();
      const seen = await askMany();
      const tookMs = performance.now() - startedAt;
      expect(seen.map(({ status }) => status)).toEqual(seen.map(() => 200));
      expect(bought).toBeLessThanOrEqual(1 + Math.ceil(tookMs / 450));
    },
  );
});

describe('a credential that is none', () => {
  it.each([
    [
      'a service account whose private key is broken',
      'vertex',
      () =>
        JSON.stringify({
          client_email: 'a@b.iam.gserviceaccount.com',
          private_key: '-----BEGIN PRIVATE KEY-----\nbm9uZQ==\n-----END PRIVATE KEY-----\n',
          token_uri: `${origin}/token`,
        }),
    ],
    ['half a service account', 'vertex', () => '{"client_email":"a@b"'],
    [
      'a service account that sends its proof in the clear',
      'vertex',
      () =>
        JSON.stringify({
          client_email: 'a@b',
          private_key: '-----BEGIN PRIVATE KEY-----',
          token_uri: 'http://tokens.example/token',
        }),
    ],
    ['an AWS key without a secret', 'bedrock', () => `AKIA${'1'.repeat(16)}:`],
    ['an AWS key without a region', 'bedrock', () => `AKIA${'1'.repeat(16)}:secret`],
    ['an AWS key of too many parts', 'bedrock', () => `AKIA${'1'.repeat(16)}:a:b:c`],
  ])('%s is a dead key at its first call, and no endpoint is asked', async (_, kind, value) => {
    answerToken = token('');
    await start(value(), { kind });
    const seen = await askMany();
    expect(seen.map(({ status }) => status)).toEqual(seen.map(() => 200));
    expect(story.called()).toEqual({ a: 40 });
    expect([bought, elsewhere]).toEqual([0, 0]);
    expect(story.key('odd').cooldowns).toMatchObject([{ class: 'credential_dead' }]);
    const evidence = (await story.records()).flatMap(({ timeline }) =>
      timeline.flatMap((event) => (event.kind === 'verdict' ? event.evidence : [])),
    );
    expect(evidence).toContainEqual(expect.stringMatching(/^credential: /));
  });
});
