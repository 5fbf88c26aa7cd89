/** What is passed through to a provider that answers by hand: which calls are sent again, what reaches it, and what comes back. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { AwsV4Signer } from 'aws4fetch';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { consumerKey, startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson } from '@keywell/testkit/http-call';

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly raw: string;
  readonly body: string;
}

let answer: (response: ServerResponse, asked: Asked) => void;
const asked: Asked[] = [];
let upstream: Server;
let origin = '';
let story: Story;

const KEYS = ['k1', 'k2'].map((id) => ({ id, value: `sk-upstream-${id}`, domain: ['org', id] }));
const AWS = {
  access_key_id: 'AKIDEXAMPLE0000000AB',
  secret_access_key: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  region: 'eu-central-1',
};
const CLIENT_SECRET = 'canary-client-secret';

async function startUpstream(): Promise<void> {
  upstream = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers, rawHeaders } = request;
      const body = Buffer.concat(chunks).toString('latin1');
      const one = { method, url, headers, raw: rawHeaders.join('\n'), body };
      asked.push(one);
      answer(response, one);
    });
  });
  const port = await new Promise<number>((resolve) => {
    upstream.listen(0, '127.0.0.1', () => {
      const address = upstream.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  origin = `http://127.0.0.1:${port}`;
}

beforeAll(async () => {
  await startUpstream();
  story = await startStory({
    keys: [{ id: 'a' }],
    traffic: { maxBodyBytes: 4096 },
    idempotency: { enabled: true },
    consumers: [
      { models: ['odd/gpt-5'], passthrough: ['*'] },
      { id: 'thrifty', passthrough: ['*'], budget: { amountMicros: 1e9, period: 'day' } },
    ],
    providers: (simulator) => [
      { id: 'odd', baseUrl: `${origin}/v1`, passthrough: ['/**'], keys: KEYS },
      {
        id: 'claude',
        kind: 'anthropic',
        baseUrl: `${origin}/v1`,
        passthrough: ['/**'],
        keys: [{ id: 'k1', value: 'sk-upstream-k1' }],
      },
      {
        id: 'query',
        baseUrl: `${origin}/v1`,
        passthrough: ['/**'],
        auth: { kind: 'query', name: 'subscription' },
        apiVersion: '2026-01-01',
        keys: [{ id: 'k1', value: 'sk-upstream-k1' }],
      },
      {
        id: 'aws',
        kind: 'bedrock',
        baseUrl: origin,
        passthrough: ['POST /guardrail/**'],
        keys: [{ id: 'k1', value: JSON.stringify(AWS) }],
      },
      {
        id: 'google',
        kind: 'vertex',
        baseUrl: `${origin}/v1/projects/p/locations/us-central1`,
        passthrough: ['GET /tuningJobs'],
        keys: [
          {
            id: 'k1',
            value: JSON.stringify({
              token_url: `${simulator.origin}/oauth/token`,
              client_id: 'me',
              client_secret: CLIENT_SECRET,
              refresh_token: 'sk-simulated-a',
            }),
          },
        ],
      },
    ],
  });
});
beforeEach(() => {
  story.reset();
  asked.length = 0;
  answer = (response) => json(response, 200, { ok: true });
});
afterAll(async () => {
  await story.close();
  upstream.closeAllConnections();
  upstream.close();
});

const json = (response: ServerResponse, status: number, value: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};
const error = (message: string, code: string) => ({ error: { message, type: code, code } });

interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array<ArrayBuffer> | FormData;
  readonly consumer?: number;
}

const call = (
  path: string,
  { consumer = 0, headers = {}, ...rest }: Call = {},
): Promise<Response> =>
  fetch(`${story.url}/providers/${path}`, {
    ...rest,
    headers: { authorization: `Bearer ${consumerKey(consumer)}`, ...headers },
  });
const post = (path: string, value: unknown = { x: 1 }, headers: Record<string, string> = {}) =>
  call(path, {
    method: 'POST',
    body: JSON.stringify(value),
    headers: { 'content-type': 'application/json', ...headers },
  });
const keysAsked = () => asked.map(({ headers }) => headers.authorization);
const cooldowns = () => story.node.keys().flatMap((key) => key.cooldowns);

describe('a call that is passed through', () => {
  it('is refused by one key and served by another, whatever its method', async () => {
    answer = (response) =>
      asked.length === 1
        ? json(response, 429, error('Rate limit reached', 'rate_limit_exceeded'))
        : json(response, 201, { id: 'made' });
    const made = await post('odd/things');
    expect(made.status).toBe(201);
    expect(await made.json()).toEqual({ id: 'made' });
    expect(made.headers.get('keywell-attempts')).toBe('2');
    expect(new Set(keysAsked()).size).toBe(2);
  });

  it('is told when all keys are dry, in the words of every call', async () => {
    answer = (response) => {
      response.setHeader('retry-after', '7');
      json(response, 429, error('Rate limit reached', 'rate_limit_exceeded'));
    };
    const dry = await post('odd/things');
    expect(dry.status).toBe(429);
    expect(Number(dry.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await dry.json()).toMatchObject({ error: { code: 'pool_exhausted' } });
    expect(asked).toHaveLength(2);
    expect((await call('odd/things')).status).toBe(429);
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['the connection is reset', (response: ServerResponse) => response.destroy(), 504],
    ['the provider fails', (response: ServerResponse) => json(response, 500, {}), 502],
    ['a proxy gives up', (response: ServerResponse) => json(response, 504, {}), 502],
    [
      'a good answer breaks off',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
        response.write('{"id":');
        setImmediate(() => response.destroy());
      },
      502,
    ],
    [
      'it is redirected',
      (response: ServerResponse) => response.writeHead(303, { location: 'https://x.test/' }).end(),
      502,
    ],
    [
      'its answer is compressed',
      (response: ServerResponse) =>
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end('x'),
      502,
    ],
  ])('is not sent again as a POST when %s', async (_, how, status) => {
    answer = how;
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      story.reset();
      asked.length = 0;
      const given = await call('odd/things/1', { method });
      expect([method, given.status]).toEqual([method, status]);
      expect([method, asked.length]).toEqual([method, 1]);
      expect(given.headers.get('location')).toBeNull();
    }
  });

  it('is sent again as a POST when the provider says that it is too busy', async () => {
    answer = (response) =>
      json(response, asked.length === 1 ? 503 : 200, error('The server is overloaded', 'x'));
    expect((await post('odd/things')).status).toBe(200);
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['the connection is reset', (response: ServerResponse) => void response.destroy()],
    ['the provider fails', (response: ServerResponse) => json(response, 500, {})],
  ])('is sent again as a GET when %s', async (_, how) => {
    answer = (response) => (asked.length === 1 ? how(response) : json(response, 200, { n: 2 }));
    const given = await call('odd/things');
    expect(await given.json()).toEqual({ n: 2 });
    expect(asked).toHaveLength(2);
  });

  it('is carried out once by its Idempotency-Key, and another path is another call', async () => {
    const headers = { 'idempotency-key': 'once' };
    answer = (response) => json(response, 201, { n: asked.length });
    const first = await post('odd/things', { x: 1 }, headers);
    const second = await post('odd/things', { x: 1 }, headers);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(await second.json()).toEqual(await first.json());
    expect(second.headers.get('keywell-idempotent-replay')).toBe('true');
    expect((await post('odd/others', { x: 1 }, headers)).status).toBe(422);
    expect(asked).toHaveLength(1);
    await call('odd/things', { headers });
    await call('odd/things', { headers });
    expect(asked).toHaveLength(3);
  });
});

describe('an answer', () => {
  it('of bytes is handed on as it is, with its status and type', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    answer = (response) =>
      void response.writeHead(203, { 'content-type': 'image/png', 'set-cookie': 'a=b' }).end(bytes);
    const given = await call('odd/pictures/1');
    expect(given.status).toBe(203);
    expect(given.headers.get('content-type')).toBe('image/png');
    expect(given.headers.get('set-cookie')).toBeNull();
    expect(Buffer.from(await given.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('of events comes event by event, while the provider goes on', async () => {
    let goOn: () => void = () => undefined;
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: one\n\n');
      goOn = () => response.end('data: two\n\n');
    };
    const given = await post('odd/runs', { stream: true });
    expect(given.headers.get('content-type')).toBe('text/event-stream');
    const reader = given.body?.getReader();
    const text = async () => Buffer.from((await reader?.read())?.value ?? []).toString();
    expect(await text()).toBe('data: one\n\n');
    goOn();
    expect(await text()).toBe('data: two\n\n');
    expect((await reader?.read())?.done).toBe(true);
  });

  it('that breaks off in the middle is broken off, and is not begun again', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.write('half');
      setTimeout(() => response.destroy(), 50);
    };
    await expect(call('odd/things').then((given) => given.text())).rejects.toThrow();
    expect(asked).toHaveLength(1);
    await story.quiet();
  });

  it.each([
    [204, {}],
    [200, { 'content-length': '0' }],
    [202, { 'content-type': 'application/json', 'content-length': '0' }],
    [200, { 'content-type': 'text/plain', 'content-length': '0' }],
  ])('of nothing (%d %j) is one', async (status, headers) => {
    answer = (response) => void response.writeHead(status, headers).end();
    const given = await call('odd/things/1', { method: 'DELETE' });
    expect(given.status).toBe(status);
    expect(await given.text()).toBe('');
    const type: unknown = Reflect.get(headers, 'content-type');
    expect(given.headers.get('content-type')).toBe(type ?? null);
    expect(given.headers.get('content-length')).toBe(status === 204 ? null : '0');
    await story.quiet();
  });

  it('of JSON is not judged, and what it counts is counted', async () => {
    const body = '{"error":{"message":"of the job"},"usage":{"input_tokens":5,"output_tokens":7}}';
    answer = (response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    const given = await call('odd/jobs/1');
    expect(await given.text()).toBe(body);
    const record = await story.recordOf(given.headers.get('keywell-request-id') ?? '');
    expect(record.usage).toMatchObject({ inputTokens: 5, outputTokens: 7 });
    expect(record.costMicros).toBeNull();
  });

  it('of a fault of the caller’s is shown, without what must not be seen', async () => {
    answer = (response, { headers }) =>
      json(response, 422, error(`Bad x for ${headers.authorization}`, 'invalid_x'));
    const given = await post('odd/things');
    const text = await given.text();
    expect(given.status).toBe(422);
    expect(text).toContain('Bad x for');
    expect(text).not.toContain('sk-upstream');
    expect(asked).toHaveLength(1);
    expect(cooldowns()).toEqual([]);
  });

  it('of 404 says nothing of a model, and of 403 nothing of the rest of what a key may do', async () => {
    answer = (response) =>
      json(response, 404, error('The model `x` does not exist', 'model_not_found'));
    expect((await call('odd/things/1')).status).toBe(404);
    expect(asked).toHaveLength(1);
    answer = (response) =>
      json(response, 403, error('You are not allowed to do this', 'forbidden'));
    expect((await call('odd/things/1')).status).toBe(403);
    const scopes = 'You have insufficient permissions for this operation. Missing scopes: x';
    answer = (response) => json(response, 401, error(scopes, 'missing_scope'));
    asked.length = 0;
    const barred = await call('odd/things/1');
    expect(barred.status).toBe(401);
    expect(await barred.text()).toContain('Missing scopes');
    // Another key may have the scope; both were asked, and both are as good as before.
    expect(new Set(keysAsked()).size).toBe(2);
    expect(cooldowns()).toEqual([]);
  });

  it('of 401 kills the key that it is about', async () => {
    answer = (response) =>
      asked.length === 1
        ? json(response, 401, error('Incorrect API key provided', 'invalid_api_key'))
        : json(response, 200, {});
    expect((await post('odd/things')).status).toBe(200);
    expect(asked).toHaveLength(2);
    expect(cooldowns().map((cooldown) => cooldown.class)).toEqual(['credential_dead']);
  });
});

describe('what reaches the provider', () => {
  it('is method, path, query and body, byte for byte, with its key and nobody’s else', async () => {
    const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await call('odd/uploads/u%3A1?part=2&x=%20y', {
      method: 'PUT',
      body,
      headers: {
        'content-type': 'application/octet-stream',
        accept: 'image/*',
        'openai-beta': 'assistants=v2',
        'anthropic-beta': 'none of its business',
        'openai-organization': 'org-of-somebody',
        cookie: 'a=b',
        'x-forwarded-for': '1.2.3.4',
      },
    });
    const [one] = asked;
    expect(one?.method).toBe('PUT');
    expect(one?.url).toBe('/v1/uploads/u%3A1?part=2&x=%20y');
    expect(Buffer.from(one?.body ?? '', 'latin1').equals(body)).toBe(true);
    const names = Object.keys(one?.headers ?? {}).toSorted();
    expect(names).toEqual([
      'accept',
      'accept-encoding',
      'authorization',
      'content-length',
      'content-type',
      'host',
      'openai-beta',
      'user-agent',
      'via',
    ]);
    expect(one?.headers).toMatchObject({
      accept: 'image/*',
      'content-type': 'application/octet-stream',
    });
    expect(one?.headers.authorization).toMatch(/^Bearer sk-upstream-k[12]$/);
  });

  it('has a length where something changes, and no body where something is read', async () => {
    await call('odd/things/1/cancel', { method: 'POST' });
    await call('odd/things/1');
    await call('odd/things/1', { method: 'DELETE' });
    expect(asked.map(({ method, headers }) => [method, headers['content-length']])).toEqual([
      ['POST', '0'],
      ['GET', undefined],
      ['DELETE', undefined],
    ]);
  });

  it('speaks the version of its dialect, the caller’s where it has one', async () => {
    await call('claude/skills');
    await call('claude/skills', {
      headers: {
        'anthropic-version': '2024-01-01',
        'anthropic-beta': 'skills',
        'openai-beta': 'x',
      },
    });
    expect(asked[0]?.headers).toMatchObject({ 'anthropic-version': '2023-06-01' });
    expect(asked[1]?.headers).toMatchObject({
      'anthropic-version': '2024-01-01',
      'anthropic-beta': 'skills',
      'x-api-key': 'sk-upstream-k1',
    });
    expect(asked[1]?.headers).not.toHaveProperty('openai-beta');
  });

  it('is never the caller’s key, wherever it stands', async () => {
    const key = STORY_KEY;
    const places: readonly [string, Record<string, string>][] = [
      ['', { authorization: `Bearer ${key}` }],
      ['', { 'x-api-key': key }],
      ['', { 'api-key': key }],
      ['', { 'x-goog-api-key': key }],
      [`?key=${key}&a=1`, {}],
      [`?a=1&key=${key}`, { authorization: `Bearer ${key}` }],
      [`?a=1&api-key=${key}&access_token=${key}&k%65y=${key}`, { authorization: `Bearer ${key}` }],
    ];
    for (const [query, headers] of places) {
      const given = await fetch(`${story.url}/providers/odd/things${query}`, { headers });
      expect(given.status).toBe(200);
    }
    expect(asked).toHaveLength(places.length);
    expect(JSON.stringify(asked)).not.toContain(key);
    expect(asked.at(-1)?.url).toBe('/v1/things?a=1');
  });

  it('has the provider’s own in its query, and nobody else’s in its place', async () => {
    await call('query/things?subscription=mine&API-VERSION=1999&a=1');
    expect(asked[0]?.url).toBe('/v1/things?api-version=2026-01-01&subscription=sk-upstream-k1&a=1');
  });

  it('is signed anew for AWS', async () => {
    const given = await post('aws/guardrail/g%3A1/version/1/apply?b=2&a=1', { source: 'INPUT' });
    expect(given.status).toBe(200);
    const { url = '', headers = {}, body = '' } = asked[0] ?? {};
    const theirs = new AwsV4Signer({
      method: 'POST',
      url: `${origin}${url}`,
      headers: { 'content-type': 'application/json' },
      body,
      accessKeyId: AWS.access_key_id,
      secretAccessKey: AWS.secret_access_key,
      service: 'bedrock',
      region: AWS.region,
      datetime: String(headers['x-amz-date']),
      allHeaders: true,
    });
    expect(headers.authorization).toBe(await theirs.authHeader());
    expect(JSON.stringify(asked)).not.toContain(AWS.secret_access_key);
  });

  it('has a token that was bought for it', async () => {
    expect((await call('google/tuningJobs')).status).toBe(200);
    expect(asked[0]?.url).toBe('/v1/projects/p/locations/us-central1/tuningJobs');
    expect(asked[0]?.headers.authorization).toMatch(/^Bearer .+/);
    expect(JSON.stringify(asked)).not.toContain(CLIENT_SECRET);
    expect(JSON.stringify(asked)).not.toContain('sk-simulated-a');
  });
});

describe('nothing reaches the provider', () => {
  const HOSTILE = [
    'odd/chat/completions',
    'odd/Chat/Completions',
    'odd/%63hat/completions',
    'odd/chat%2fcompletions',
    'odd/chat%5ccompletions',
    'odd//chat/completions',
    'odd/chat//completions',
    'odd/chat/completions/',
    'odd/chat/completions;x=1',
    'odd/chat/completions%3bx',
    'odd/chat/completions%20',
    'odd/chat/completions%00',
    'odd/x/%2e%2e/chat/completions',
    'odd/x/.%2E/chat/completions',
    'odd/x/../chat/completions',
    'odd/./chat/completions',
    'odd/chat/completions%3f',
    'odd/chat/completions%23',
    'odd/chat/%252e%252e/completions',
    'odd/files/file-1/content',
    'odd/responses/resp_1',
    'odd/batches',
    'odd/realtime/client_secrets',
    'claude/messages',
    'claude/messages/batches',
    'aws/model/m/converse',
    'google/publishers/google/models/gemini-3:generateContent',
  ];

  it.each(HOSTILE)('by %s', async (path) => {
    const target = `/v1/providers/${path}`;
    const given = await postJson(
      { url: `http://127.0.0.1:${story.port}`, key: STORY_KEY, path: target },
      { model: 'gpt-5' },
    );
    expect([400, 404]).toContain(given.status);
    expect(asked).toHaveLength(0);
  });

  it('of what the gateway has a route for, which is named', async () => {
    expect(await (await post('odd/embeddings')).text()).toContain('/v1/embeddings');
    expect(await (await post('odd/images/edits')).text()).toContain('/v1/images/edits');
    expect(await (await post('claude/messages')).text()).toContain('/v1/messages');
    expect(asked).toHaveLength(0);
  });

  it('of a model that the caller may not call, however it is written', async () => {
    const form = new FormData();
    form.set('model', 'gpt-4');
    form.set('file', new Blob(['x']), 'x.txt');
    const one = '{"model":"gpt-4"}';
    const bodies: readonly [Call, number][] = [
      [{ body: one, headers: { 'content-type': 'application/json' } }, 403],
      [{ body: ` \n${one}`, headers: { 'content-type': 'application/vnd.x+json' } }, 403],
      [
        {
          body: String.raw`{"mod\u0065l":"gpt-4"}`,
          headers: { 'content-type': 'application/json' },
        },
        403,
      ],
      [{ body: one, headers: { 'content-type': 'text/plain' } }, 403],
      [{ body: Buffer.from(one), headers: {} }, 403],
      [{ body: form }, 403],
      [
        {
          body: '{"model":"gpt-5","model":"gpt-4"}',
          headers: { 'content-type': 'application/json' },
        },
        400,
      ],
      [
        { body: '{"model":"gpt-5","model":"gpt-4"}', headers: { 'content-type': 'text/plain' } },
        400,
      ],
      [{ body: `\ufeff${one}`, headers: { 'content-type': 'application/json' } }, 400],
      [{ body: '{"model":', headers: { 'content-type': 'application/json' } }, 400],
      [
        { body: Buffer.from([0x7b, 0xff, 0x7d]), headers: { 'content-type': 'application/json' } },
        400,
      ],
      [{ body: 'x', headers: { 'content-type': 'multipart/form-data' } }, 415],
    ];
    for (const [rest, status] of bodies) {
      const given = await call('odd/things', { method: 'POST', ...rest });
      expect([String(rest.body), given.status]).toEqual([String(rest.body), status]);
    }
    expect(asked).toHaveLength(0);
    expect((await post('odd/things', { model: 'gpt-5' })).status).toBe(200);
    expect((await post('odd/things', { model: ['gpt-4'] })).status).toBe(200);
    expect((await post('odd/things', ['gpt-4'])).status).toBe(200);
    expect(asked).toHaveLength(3);
  });

  it('of a body that is too large, of a GET with one, and of a method that none has', async () => {
    expect((await post('odd/things', { x: 'x'.repeat(5000) })).status).toBe(413);
    expect((await call('odd/things', { method: 'HEAD' })).status).toBe(405);
    const options = await call('odd/things', { method: 'OPTIONS' });
    expect(options.status).toBe(405);
    expect(options.headers.get('allow')).toBe('GET, POST, PUT, PATCH, DELETE');
    expect((await call('odd/things?k%zz=1')).status).toBe(400);
    expect(asked).toHaveLength(0);
  });

  it('of a consumer with a budget: nobody knows what it costs', async () => {
    const given = await call('odd/things', { consumer: 1 });
    expect(given.status).toBe(403);
    expect(await given.json()).toMatchObject({ error: { code: 'price_unknown' } });
    expect(asked).toHaveLength(0);
  });
});
