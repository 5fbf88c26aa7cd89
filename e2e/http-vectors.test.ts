import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startStory, STORY_KEY } from '@keywell/testkit/gateway-story';
import { callRaw } from '@keywell/testkit/http-call';
import { until } from '@keywell/testkit/until';
import { newConsumerKey } from './support/consumer-keys.ts';
import { startKeywell, type KeywellProcess } from './support/keywell-process.ts';
import {
  sendRaw,
  startRecordingUpstream,
  statusesOf,
  type RecordingUpstream,
} from './support/raw-http.ts';

const consumer = newConsumerKey();
const CHAT = JSON.stringify({ model: 'smart', messages: [{ role: 'user', content: 'hi' }] });
const UPSTREAM_KEY = 'sk-upstream-canary-000000';

let upstream: RecordingUpstream;
let keywell: KeywellProcess;

beforeAll(async () => {
  upstream = await startRecordingUpstream();
  keywell = await startKeywell({
    env: { VECTOR_KEY: UPSTREAM_KEY },
    workers: 1,
    config: `version: 1
providers: [{ id: openai, kind: openai, base_url: '${upstream.url}', keys: [{ id: a, value: 'env:VECTOR_KEY' }] }]
pools: [{ id: chat, tiers: [{ targets: [{ provider: openai, model: gpt-5-mini }] }] }]
models: [{ alias: smart, pool: chat }]
consumers: [{ id: web, key_hash: '${consumer.keyHash}', models: [smart] }]
`,
  });
});

afterAll(async () => {
  await keywell?.dispose();
  await upstream?.close();
});

beforeEach(() => upstream.clear());

/** A chat call with the head lines given; content-length only where the lines do not frame the body themselves. */
function call(lines: readonly string[], body = CHAT, start = 'POST /v1/chat/completions HTTP/1.1') {
  return `${start}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

const HOST = 'Host: gateway.test';
const AUTH = `Authorization: Bearer ${consumer.key}`;
const JSON_TYPE = 'Content-Type: application/json';
const LENGTH = `Content-Length: ${Buffer.byteLength(CHAT)}`;
const BASE = [HOST, AUTH, JSON_TYPE];
const CHUNKED = `${Buffer.byteLength(CHAT).toString(16)}\r\n${CHAT}\r\n0\r\n\r\n`;

describe('framing that two parsers could read in two ways', () => {
  const vectors: readonly (readonly [string, readonly string[], string])[] = [
    ['content-length and transfer-encoding', [LENGTH, 'Transfer-Encoding: chunked'], CHUNKED],
    ['transfer-encoding and content-length', ['Transfer-Encoding: chunked', LENGTH], CHUNKED],
    ['an empty transfer-encoding', ['Transfer-Encoding:', LENGTH], CHAT],
    ['content-length twice, different', [LENGTH, 'Content-Length: 3'], CHAT],
    ['content-length twice, the same', [LENGTH, LENGTH], CHAT],
    ['a list of content-lengths', [`Content-Length: 5, ${Buffer.byteLength(CHAT)}`], CHAT],
    ['a folded transfer-encoding', ['Transfer-Encoding:\r\n chunked'], CHUNKED],
    ['xchunked', ['Transfer-Encoding: xchunked'], CHUNKED],
    ['chunked, identity', ['Transfer-Encoding: chunked, identity'], CHUNKED],
    ['identity, chunked', ['Transfer-Encoding: identity, chunked'], CHUNKED],
    ['gzip, chunked', ['Transfer-Encoding: gzip, chunked'], CHUNKED],
    [',chunked', ['Transfer-Encoding: ,chunked'], CHUNKED],
    ['chunked twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], CHUNKED],
    ['"chunked" in quotes', ['Transfer-Encoding: "chunked"'], CHUNKED],
    ['chunked with a parameter', ['Transfer-Encoding: chunked;q=1'], CHUNKED],
    ['chunked after a vertical tab', ['Transfer-Encoding: \u000bchunked'], CHUNKED],
    ['chunked with a NUL', ['Transfer-Encoding: chunked\u0000'], CHUNKED],
    ['transfer_encoding with an underscore and no length', ['Transfer_Encoding: chunked'], CHUNKED],
    ['a space before the colon', ['Transfer-Encoding : chunked'], CHUNKED],
    ['content-length +7', ['Content-Length: +7'], CHAT],
    ['content-length -7', ['Content-Length: -7'], CHAT],
    ['content-length 0x7', ['Content-Length: 0x7'], CHAT],
    ['content-length 7a', ['Content-Length: 7a'], CHAT],
    ['an empty content-length', ['Content-Length:'], CHAT],
    ['content-length 1 7', ['Content-Length: 1 7'], CHAT],
    ['content-length 2^64+7', ['Content-Length: 18446744073709551623'], CHAT],
    ['a chunk size with a sign', ['Transfer-Encoding: chunked'], `+5\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size with 0x', ['Transfer-Encoding: chunked'], `0x5\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size with _', ['Transfer-Encoding: chunked'], `1_0\r\nhello\r\n0\r\n\r\n`],
    [
      'a chunk size that overflows',
      ['Transfer-Encoding: chunked'],
      `fffffffffffffffff\r\nhello\r\n`,
    ],
    ['chunks that end in LF alone', ['Transfer-Encoding: chunked'], `5\nhello\n0\n\n`],
    ['a chunk without its CRLF', ['Transfer-Encoding: chunked'], `5\r\nhelloX0\r\n\r\n`],
    ['an empty chunk size', ['Transfer-Encoding: chunked'], `\r\nhello\r\n0\r\n\r\n`],
    [
      'a chunk extension with a bare CR',
      ['Transfer-Encoding: chunked'],
      `5;a\rb\r\nhello\r\n0\r\n\r\n`,
    ],
    [
      'a 64 KB chunk extension',
      ['Transfer-Encoding: chunked'],
      `5;${'a'.repeat(65_536)}\r\nhello\r\n0\r\n\r\n`,
    ],
  ];

  it.each(vectors)(
    '%s is refused, the connection ends and the provider hears nothing',
    async (_name, lines, body) => {
      const answer = await sendRaw(keywell.ports.traffic, [call([...BASE, ...lines], body)]);
      const [status = 0] = statusesOf(answer.text);
      expect([400, 413, 431, 501]).toContain(status);
      expect(statusesOf(answer.text)).toHaveLength(1);
      expect(answer.closed).toBe(true);
      expect(upstream.received()).toEqual([]);
    },
  );

  it('transfer-encoding in HTTP/1.0 is refused', async () => {
    const raw = call(
      [...BASE, 'Transfer-Encoding: chunked'],
      CHUNKED,
      'POST /v1/chat/completions HTTP/1.0',
    );
    const answer = await sendRaw(keywell.ports.traffic, [raw]);
    expect([400, 501]).toContain(statusesOf(answer.text)[0]);
    expect(upstream.received()).toEqual([]);
  });

  it('a plain chunked call is served, and reaches the provider with a recomputed length', async () => {
    const answer = await sendRaw(keywell.ports.traffic, [
      call([...BASE, 'Transfer-Encoding: chunked'], CHUNKED),
    ]);
    expect(statusesOf(answer.text)).toEqual([200]);
    const [sent = ''] = upstream.received();
    expect(sent.toLowerCase()).not.toContain('transfer-encoding');
    expect(sent.toLowerCase().match(/content-length/g)).toHaveLength(1);
  });
});

describe('heads that are no heads', () => {
  const vectors: readonly (readonly [string, string])[] = [
    ['no host', call([AUTH, JSON_TYPE, LENGTH])],
    ['host twice', call([...BASE, 'Host: other.test', LENGTH])],
    ['a host with userinfo', call(['Host: a@b', AUTH, JSON_TYPE, LENGTH])],
    ['a host with a path', call(['Host: evil/?', AUTH, JSON_TYPE, LENGTH])],
    ['a host with a fragment', call(['Host: localhost/#@evil', AUTH, JSON_TYPE, LENGTH])],
    ['authorization twice', call([...BASE, 'Authorization: Bearer other', LENGTH])],
    ['content-type twice', call([...BASE, 'Content-Type: text/plain', LENGTH])],
    ['x-api-key twice', call([HOST, JSON_TYPE, 'X-Api-Key: a', 'X-Api-Key: b', LENGTH])],
    ['a folded header', call([...BASE, 'X-Fold: a\r\n b', LENGTH])],
    ['a header without a colon', call([...BASE, 'X-Nothing', LENGTH])],
    ['a header without a name', call([...BASE, ': value', LENGTH])],
    ['a NUL in a value', call([...BASE, 'X-Nul: a\u0000b', LENGTH])],
    ['a CR in a value', call([...BASE, 'X-Cr: a\rb', LENGTH])],
    ['a header name in UTF-8', call([...BASE, 'X-Ü: a', LENGTH])],
    ['a line that starts with a space', call([' X-Space: a', ...BASE, LENGTH])],
    ['HTTP/2.0', call([...BASE, LENGTH], CHAT, 'POST /v1/chat/completions HTTP/2.0')],
    ['HTTP/0.9', 'GET /v1/models\r\n\r\n'],
    [
      'two spaces behind the method',
      call([...BASE, LENGTH], CHAT, 'POST  /v1/chat/completions HTTP/1.1'),
    ],
    [
      'a target without a slash',
      call([...BASE, LENGTH], CHAT, 'POST v1/chat/completions HTTP/1.1'),
    ],
    [
      'an absolute target',
      call([...BASE, LENGTH], CHAT, 'POST http://evil/v1/chat/completions HTTP/1.1'),
    ],
    ['a backslash in the target', call([...BASE, LENGTH], CHAT, 'POST /v1\\chat HTTP/1.1')],
    [
      'a fragment in the target',
      call([...BASE, LENGTH], CHAT, 'POST /v1/chat/completions#x HTTP/1.1'),
    ],
    ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS hello', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
    ['garbage', '\u0001\u0002garbage\r\n\r\n'],
  ];

  it.each(vectors)('%s is refused and the provider hears nothing', async (_name, raw) => {
    const answer = await sendRaw(keywell.ports.traffic, [Buffer.from(raw, 'latin1')]);
    const [status = 400] = statusesOf(answer.text);
    expect([400, 404, 405, 501, 505]).toContain(status);
    expect(upstream.received()).toEqual([]);
  });

  it.each([
    ['a 64 KB target', call([...BASE, LENGTH], CHAT, `POST /${'a'.repeat(65_536)} HTTP/1.1`)],
    ['a 12 KB target', call([...BASE, LENGTH], CHAT, `POST /${'a'.repeat(12_000)} HTTP/1.1`)],
    ['a 64 KB header', call([...BASE, `X-Long: ${'a'.repeat(65_536)}`, LENGTH])],
    [
      '5,000 headers',
      call([...BASE, ...Array.from({ length: 5000 }, (_, i) => `x${i}: 1`), LENGTH]),
    ],
    [
      '2,100 tiny headers with the key last',
      call([HOST, JSON_TYPE, LENGTH, ...Array.from({ length: 2100 }, () => 'a: 1'), AUTH]),
    ],
  ])('%s is refused as too large, never cut short and served', async (_name, raw) => {
    const answer = await sendRaw(keywell.ports.traffic, [raw]);
    expect([414, 431]).toContain(statusesOf(answer.text)[0]);
    expect(upstream.received()).toEqual([]);
  });
});

describe('paths', () => {
  it.each([
    '/v1/../admin',
    '/v1/%2e%2e/api/v1/keys',
    '/api/v1/keys',
    '/v1/chat%2fcompletions',
    '/v1//chat/completions',
    '//v1/chat/completions',
    '/v1/chat/completions/',
    '/v1/chat/completions.',
    '/V1/chat/completions',
    '/v1/chat/completions;x=y',
    '/v1/%63hat/completions',
    '/metrics',
    '/.keywell/admin-token',
  ])('%s leads nowhere', async (path) => {
    const answer = await sendRaw(keywell.ports.traffic, [
      call([...BASE, LENGTH, 'Connection: close'], CHAT, `POST ${path} HTTP/1.1`),
    ]);
    expect(statusesOf(answer.text)).toEqual([404]);
    expect(upstream.received()).toEqual([]);
  });

  it('a wrong method says which is right', async () => {
    const answer = await sendRaw(keywell.ports.traffic, [
      `GET /v1/chat/completions HTTP/1.1\r\n${HOST}\r\n${AUTH}\r\nConnection: close\r\n\r\n`,
    ]);
    expect(statusesOf(answer.text)).toEqual([405]);
    expect(answer.text.toLowerCase()).toContain('allow: post');
  });

  it.each(['TRACE', 'CONNECT', 'OPTIONS'])('%s is not served', async (method) => {
    const target = method === 'CONNECT' ? 'evil:443' : '/v1/models';
    const answer = await sendRaw(keywell.ports.traffic, [
      `${method} ${target} HTTP/1.1\r\n${HOST}\r\n${AUTH}\r\nConnection: close\r\n\r\n`,
    ]);
    expect([400, 405, 501]).toContain(statusesOf(answer.text)[0]);
  });
});

describe('what a caller sends and what reaches the provider', () => {
  it('the provider sees its own key and none of the caller’s headers', async () => {
    const raw = call([
      ...BASE,
      LENGTH,
      'OpenAI-Organization: org-of-the-caller',
      'X-Forwarded-For: 10.0.0.1',
      'Cookie: session=1',
      'X-Request-Id: mine',
      'Connection: authorization, content-length, x-request-id',
      'Keep-Alive: 5',
      'TE: trailers',
    ]);
    const answer = await sendRaw(keywell.ports.traffic, [raw]);
    expect(statusesOf(answer.text)).toEqual([200]);
    const [sent = ''] = upstream.received();
    expect(sent).toContain(`authorization: Bearer ${UPSTREAM_KEY}`);
    for (const leaked of [consumer.key, 'org-of-the-caller', '10.0.0.1', 'session=1', 'mine']) {
      expect(sent).not.toContain(leaked);
    }
  });

  it('a key in the query is taken, and is not sent on', async () => {
    const raw = call(
      [HOST, JSON_TYPE, LENGTH],
      CHAT,
      `POST /v1/chat/completions?key=${consumer.key} HTTP/1.1`,
    );
    const answer = await sendRaw(keywell.ports.traffic, [raw]);
    expect(statusesOf(answer.text)).toEqual([200]);
    expect(upstream.received().join('')).not.toContain(consumer.key);
    expect(keywell.output()).not.toContain(consumer.key);
  });

  it.each([
    ['x-api-key', `X-Api-Key: ${consumer.key}`],
    ['api-key', `Api-Key: ${consumer.key}`],
    ['x-goog-api-key', `X-Goog-Api-Key: ${consumer.key}`],
  ])('a key in %s is taken', async (_name, line) => {
    const answer = await sendRaw(keywell.ports.traffic, [call([HOST, JSON_TYPE, LENGTH, line])]);
    expect(statusesOf(answer.text)).toEqual([200]);
  });

  it('two different credentials are refused', async () => {
    const other = newConsumerKey().key;
    const answer = await sendRaw(keywell.ports.traffic, [
      call([...BASE, LENGTH, `X-Api-Key: ${other}`]),
    ]);
    expect(statusesOf(answer.text)).toEqual([400]);
    expect(answer.text).toContain('conflicting_credentials');
    expect(upstream.received()).toEqual([]);
  });

  it('pipelined calls are answered in order', async () => {
    const unknown = JSON.stringify({ model: 'unknown', messages: [] });
    const bad = call([...BASE, `Content-Length: ${unknown.length}`], unknown);
    const good = call([...BASE, LENGTH]);
    const answer = await sendRaw(keywell.ports.traffic, [good + bad + good]);
    expect(statusesOf(answer.text)).toEqual([200, 403, 200]);
  });

  it('a refused call that came whole leaves the connection to the next one', async () => {
    const good = call([...BASE, LENGTH]);
    const bad = call([HOST, JSON_TYPE, LENGTH, 'Authorization: Bearer kw_wrong']);
    const answer = await sendRaw(keywell.ports.traffic, [good + bad + good]);
    expect(statusesOf(answer.text)).toEqual([200, 401, 200]);
  });

  it('nothing is served behind an answer that ends the connection', async () => {
    const good = call([...BASE, LENGTH]);
    const wrong = [HOST, JSON_TYPE, LENGTH, 'Authorization: Bearer kw_wrong'];
    const bad = call([...wrong, 'Connection: close']);
    const answer = await sendRaw(keywell.ports.traffic, [good + bad + good]);
    expect(statusesOf(answer.text)).toEqual([200, 401]);
    expect(answer.text.toLowerCase()).toContain('connection: close');
    expect(answer.closed).toBe(true);
    expect(upstream.received().join('').match(/POST /g)).toHaveLength(1);
  });

  it('nothing is served behind a head whose framing is refused', async () => {
    const bad = call([...BASE, 'Transfer-Encoding: xchunked'], call([...BASE, LENGTH]));
    const answer = await sendRaw(keywell.ports.traffic, [bad]);
    expect(statusesOf(answer.text)).toEqual([501]);
    expect(answer.closed).toBe(true);
    expect(upstream.received()).toEqual([]);
  });

  it('a broken call behind one that was answered gets its own answer, and the last', async () => {
    const answer = await sendRaw(
      keywell.ports.traffic,
      [call([...BASE, LENGTH]), '\u0001garbage\r\n\r\n'],
      { gapMs: 100 },
    );
    expect(statusesOf(answer.text)).toEqual([200, 400]);
    expect(answer.closed).toBe(true);
  });

  it('a broken call behind one that is being answered is refused behind that answer, which is whole', async () => {
    const story = await startStory();
    story.simulator.set({ fault: 'slow_stream', intervalMs: 50, events: 20 });
    const chat = { model: 'smart', stream: true, messages: [{ role: 'user', content: 'hi' }] };
    const { socket, received } = callRaw(story.port, { key: STORY_KEY }, chat);
    await until(() => received().includes('data: '), 'the stream to run');
    const closed = new Promise((resolve) => {
      socket.on('close', resolve);
    });
    socket.write('\u0001garbage\r\n\r\n');
    await closed;
    expect(statusesOf(received())).toEqual([200, 400]);
    expect(received()).toMatch(/\r\n0\r\n\r\nHTTP\/1\.1 400 /);
    await story.quiet();
    await story.close();
  });

  it('a refused call gets no 100-continue', async () => {
    const head = `POST /v1/chat/completions HTTP/1.1\r\n${HOST}\r\n${JSON_TYPE}\r\n${LENGTH}\r\nExpect: 100-continue\r\n\r\n`;
    const answer = await sendRaw(keywell.ports.traffic, [head]);
    expect(statusesOf(answer.text)).toEqual([401]);
  });

  it('an allowed call gets 100-continue and then its answer', async () => {
    const head = `POST /v1/chat/completions HTTP/1.1\r\n${[...BASE, LENGTH].join('\r\n')}\r\nExpect: 100-continue\r\n\r\n`;
    const answer = await sendRaw(keywell.ports.traffic, [head, CHAT], { gapMs: 100 });
    expect(statusesOf(answer.text)).toEqual([100, 200]);
  });

  it('another expectation is refused', async () => {
    const answer = await sendRaw(keywell.ports.traffic, [call([...BASE, LENGTH, 'Expect: magic'])]);
    expect(statusesOf(answer.text)).toEqual([417]);
  });

  it('a body that breaks off is never sent to the provider', async () => {
    const raw = call([...BASE, 'Content-Length: 1000'], '{"model"');
    await sendRaw(keywell.ports.traffic, [raw], { end: true });
    expect(upstream.received()).toEqual([]);
  });

  it('trailers never become headers', async () => {
    const body = `${Buffer.byteLength(CHAT).toString(16)}\r\n${CHAT}\r\n0\r\nAuthorization: Bearer stolen\r\nX-T: 1\r\n\r\n`;
    const answer = await sendRaw(keywell.ports.traffic, [
      call([...BASE, 'Transfer-Encoding: chunked'], body),
    ]);
    expect(statusesOf(answer.text)[0]).toBe(200);
    expect(upstream.received().join('')).not.toContain('stolen');
  });

  it('a call that came through this gateway three times already is a loop', async () => {
    const via = 'Via: 1.1 keywell, 1.1 keywell, 1.1 keywell, 1.1 keywell';
    const answer = await sendRaw(keywell.ports.traffic, [call([...BASE, LENGTH, via])]);
    expect(statusesOf(answer.text)).toEqual([508]);
  });

  it.each(['gzip', 'br', 'gzip, gzip'])('a body in %s is refused', async (encoding) => {
    const answer = await sendRaw(keywell.ports.traffic, [
      call([...BASE, LENGTH, `Content-Encoding: ${encoding}`]),
    ]);
    expect(statusesOf(answer.text)).toEqual([415]);
    expect(upstream.received()).toEqual([]);
  });
});

describe('bodies', () => {
  const send = (body: string) =>
    sendRaw(
      keywell.ports.traffic,
      [call([...BASE, `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close'], body)],
      { waitMs: 3000 },
    );

  it.each([
    ['no JSON', 'hello'],
    ['half a JSON text', '{"model":"smart"'],
    ['an array', '[1]'],
    ['a key twice', '{"model":"smart","messages":[],"model":"other"}'],
    ['a key twice, once escaped', '{"model":"smart","messages":[],"mod\\u0065l":"other"}'],
    ['65 levels', `{"model":"smart","messages":[],"x":${'['.repeat(65)}${']'.repeat(65)}}`],
    ['50,000 levels', `{"model":"smart","x":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
    [
      '10,001 keys in an object',
      `{"model":"smart","messages":[],"x":{${Array.from({ length: 10_001 }, (_, i) => `"k${i}":1`).join(',')}}}`,
    ],
    ['a number that is none', '{"model":"smart","messages":[],"n":NaN}'],
    ['n of 0', '{"model":"smart","messages":[],"n":0}'],
    ['n of -1', '{"model":"smart","messages":[],"n":-1}'],
    ['max_tokens of 1.5', '{"model":"smart","messages":[],"max_tokens":1.5}'],
    ['no model', '{"messages":[]}'],
    ['no messages', '{"model":"smart"}'],
  ])('%s is refused with 400 and the provider hears nothing', async (_name, body) => {
    const answer = await send(body);
    expect(statusesOf(answer.text)).toEqual([400]);
    expect(upstream.received()).toEqual([]);
  });

  it('every byte outside the edited spans reaches the provider as it was sent', async () => {
    const body =
      '{ "messages" : [ {"role":"user","content":"\\ud83d\\ude00 \u00e9 9007199254740993"} ], "seed":9007199254740993,\n\t"model":  "smart" ,"x_unknown":{"__proto__":1e400} }';
    const answer = await sendRaw(keywell.ports.traffic, [
      call([...BASE, `Content-Length: ${Buffer.byteLength(body)}`], body),
    ]);
    expect(statusesOf(answer.text)).toEqual([200]);
    const [sent = ''] = upstream.received();
    const expected = Buffer.from(body.replace('"smart"', '"gpt-5-mini"')).toString('latin1');
    expect(sent.slice(sent.indexOf('\r\n\r\n') + 4)).toBe(expected);
  });

  it('an announced 100 MB body is refused before it is sent', async () => {
    const answer = await sendRaw(keywell.ports.traffic, [
      call([...BASE, 'Content-Length: 104857600'], '{'),
    ]);
    expect(statusesOf(answer.text)).toEqual([413]);
  });
});

it('the process is still up after all that', async () => {
  const answer = await fetch(`${keywell.origin}/healthz`);
  expect(answer.status).toBe(200);
  expect(keywell.output()).not.toMatch(/unhandled|TypeError/i);
});
