/** What is passed through: what reaches the provider, and what never does. */
import { AwsV4Signer } from 'aws4fetch';
import { describe, expect, it } from 'vitest';
import { STORY_KEY } from '@keywell/testkit/gateway-story';
import { postJson } from '@keywell/testkit/http-call';
import { AWS, CLIENT_SECRET, handAnswered, type Call } from './hand-answered.contract.ts';

const world = handAnswered();

describe('what reaches the provider', () => {
  it('is method, path, query and body, byte for byte, with its key and nobody’s else', async () => {
    const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await world.call('odd/uploads/u%3A1?part=2&x=%20y', {
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
    const [one] = world.asked;
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
    await world.call('odd/things/1/cancel', { method: 'POST' });
    await world.call('odd/things/1');
    await world.call('odd/things/1', { method: 'DELETE' });
    expect(world.asked.map(({ method, headers }) => [method, headers['content-length']])).toEqual([
      ['POST', '0'],
      ['GET', undefined],
      ['DELETE', undefined],
    ]);
  });

  it('speaks the version of its dialect, the caller’s where it has one', async () => {
    await world.call('claude/skills');
    await world.call('claude/skills', {
      headers: {
        'anthropic-version': '2024-01-01',
        'anthropic-beta': 'skills',
        'openai-beta': 'x',
      },
    });
    expect(world.asked[0]?.headers).toMatchObject({ 'anthropic-version': '2023-06-01' });
    expect(world.asked[1]?.headers).toMatchObject({
      'anthropic-version': '2024-01-01',
      'anthropic-beta': 'skills',
      'x-api-key': 'sk-upstream-k1',
    });
    expect(world.asked[1]?.headers).not.toHaveProperty('openai-beta');
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
      const given = await fetch(`${world.story.url}/providers/odd/things${query}`, { headers });
      expect(given.status).toBe(200);
    }
    expect(world.asked).toHaveLength(places.length);
    expect(JSON.stringify(world.asked)).not.toContain(key);
    expect(world.asked.at(-1)?.url).toBe('/v1/things?a=1');
  });

  it('has the provider’s own in its query, and nobody else’s in its place', async () => {
    await world.call('query/things?subscription=mine&API-VERSION=1999&a=1');
    expect(world.asked[0]?.url).toBe(
      '/v1/things?api-version=2026-01-01&subscription=sk-upstream-k1&a=1',
    );
  });

  it('is signed anew for AWS', async () => {
    const given = await world.post('aws/guardrail/g%3A1/version/1/apply?b=2&a=1', {
      source: 'INPUT',
    });
    expect(given.status).toBe(200);
    const { url = '', headers = {}, body = '' } = world.asked[0] ?? {};
    const theirs = new AwsV4Signer({
      method: 'POST',
      url: `${world.origin}${url}`,
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
    expect(JSON.stringify(world.asked)).not.toContain(AWS.secret_access_key);
  });

  it('has a token that was bought for it', async () => {
    expect((await world.call('google/tuningJobs')).status).toBe(200);
    expect(world.asked[0]?.url).toBe('/v1/projects/p/locations/us-central1/tuningJobs');
    expect(world.asked[0]?.headers.authorization).toMatch(/^Bearer .+/);
    expect(JSON.stringify(world.asked)).not.toContain(CLIENT_SECRET);
    expect(JSON.stringify(world.asked)).not.toContain('sk-simulated-a');
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
    'aws/model/m/converse',
    'google/publishers/google/models/gemini-3:generateContent',
  ];

  it.each(HOSTILE)('by %s', async (path) => {
    const target = `/v1/providers/${path}`;
    const given = await postJson(
      { url: `http://127.0.0.1:${world.story.port}`, key: STORY_KEY, path: target },
      { model: 'gpt-5' },
    );
    expect([400, 404]).toContain(given.status);
    expect(world.asked).toHaveLength(0);
  });

  it('of what the gateway has a route for, which is named', async () => {
    expect(await (await world.post('odd/embeddings')).text()).toContain('/v1/embeddings');
    expect(await (await world.post('odd/images/edits')).text()).toContain('/v1/images/edits');
    expect(await (await world.post('claude/messages')).text()).toContain('/v1/messages');
    expect(world.asked).toHaveLength(0);
  });

  it('of a model that the caller may not call, however it is written', async () => {
    const form = new FormData();
    form.set('model', 'gpt-4');
    form.set('file', new Blob(['x']), 'x.txt');
    const PARAMETERS = 'application/x-www-form-urlencoded';
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
      [{ body: `\ufeff${one}`, headers: { 'content-type': 'text/plain' } }, 403],
      [{ body: 'a=1&model=gpt%2d4', headers: { 'content-type': PARAMETERS } }, 403],
      [{ body: 'model=gpt-5&model=gpt-4', headers: { 'content-type': PARAMETERS } }, 400],
      [{ body: '{"model":', headers: { 'content-type': 'application/json' } }, 400],
      [
        { body: Buffer.from([0x7b, 0xff, 0x7d]), headers: { 'content-type': 'application/json' } },
        400,
      ],
      [{ body: 'x', headers: { 'content-type': 'multipart/form-data' } }, 415],
    ];
    for (const [at, [rest, status]] of bodies.entries()) {
      const given = await world.call('odd/things', { method: 'POST', ...rest });
      expect([at, given.status]).toEqual([at, status]);
    }
    expect(world.asked).toHaveLength(0);
    expect((await world.post('odd/things', { model: 'gpt-5' })).status).toBe(200);
    expect((await world.post('odd/things', { model: ['gpt-4'] })).status).toBe(200);
    expect((await world.post('odd/things', ['gpt-4'])).status).toBe(200);
    expect(world.asked).toHaveLength(3);
  });

  it('of a body that is too large, of a GET with one, and of a method that none has', async () => {
    expect((await world.post('odd/things', { x: 'x'.repeat(5000) })).status).toBe(413);
    expect((await world.call('odd/things', { method: 'HEAD' })).status).toBe(405);
    const options = await world.call('odd/things', { method: 'OPTIONS' });
    expect(options.status).toBe(405);
    expect(options.headers.get('allow')).toBe('GET, POST, PUT, PATCH, DELETE');
    expect((await world.call('odd/things?k%zz=1')).status).toBe(400);
    expect(world.asked).toHaveLength(0);
  });

  it('of a consumer with a budget: nobody knows what it costs', async () => {
    const given = await world.call('odd/things', { consumer: 1 });
    expect(given.status).toBe(403);
    expect(await given.json()).toMatchObject({ error: { code: 'price_unknown' } });
    expect(world.asked).toHaveLength(0);
  });
});
