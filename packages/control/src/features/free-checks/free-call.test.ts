import { Secret } from '@keywell/core/secret/secret';
import { aSnapshot } from '@keywell/testkit/a-snapshot';
import { describe, expect, it } from 'vitest';
import { type FreeFetch, freeCall, freeUrl } from './free-call.ts';

describe('where a free call may go', () => {
  it.each([
    ['https://api.example/v1', '/models', 'base', 'https://api.example/v1/models'],
    ['https://api.example/v1/', '/models', 'base', 'https://api.example/v1/models'],
    ['https://api.example/v1', '/user/balance', 'host', 'https://api.example/user/balance'],
    ['http://127.0.0.1:9/v1', '/key?full=1', 'base', 'http://127.0.0.1:9/v1/key?full=1'],
  ] as const)('%s and %s of the %s', (base, path, below, url) => {
    expect(freeUrl(base, path, below)).toBe(url);
  });

  it.each([
    'models',
    '//evil.example/models',
    '/\\evil.example/models',
    '/../admin',
    '/a/..%2fadmin',
    '/models#x',
    '/@evil.example',
    'https://evil.example/models',
    '/models\r\nhost: evil.example',
    '',
  ])('is nowhere for %j', (path) => {
    expect(freeUrl('https://api.example/v1', path, 'base')).toBeNull();
    expect(freeUrl('https://api.example/v1', path, 'host')).toBeNull();
  });

  it('is nowhere for a base that is no http URL', () => {
    expect(freeUrl('file:///etc', '/passwd', 'host')).toBeNull();
    expect(freeUrl('nonsense', '/models', 'base')).toBeNull();
  });
});

function call(fetch: FreeFetch, signal = new AbortController().signal, query = '') {
  const [provider] = aSnapshot().providers;
  const key = provider?.keys[0];
  if (provider === undefined || key === undefined) throw new Error('the snapshot has a key');
  const vendor = {
    authHeaders: (of: typeof key) => ['authorization', `Bearer ${of.value?.reveal() ?? ''}`],
    authQuery: () => query,
  };
  const secret = { ...key, value: new Secret('sk-canary') };
  return freeCall(fetch, 'https://api.example/v1/models', {
    vendor,
    provider,
    key: secret,
    signal,
  });
}

const streamOf = (chunks: readonly string[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });

describe('a free call', () => {
  it('is a GET with the own headers of the key, and follows nothing', async () => {
    const seen: unknown[] = [];
    const answer = await call(async (url, init) => {
      seen.push([url, init.method, init.redirect, init.headers]);
      return { status: 302, body: null };
    });
    expect(answer).toEqual({ status: 302, body: '' });
    expect(seen).toEqual([
      [
        'https://api.example/v1/models',
        'GET',
        'manual',
        {
          accept: 'application/json',
          'user-agent': 'keywell',
          authorization: 'Bearer sk-canary',
        },
      ],
    ]);
  });

  it('carries the key in the query where the host wants it there', async () => {
    let seen = '';
    const asked = async (url: string) => {
      seen = url;
      return { status: 200, body: null };
    };
    await call(asked, undefined, 'key=sk-canary');
    expect(seen).toBe('https://api.example/v1/models?key=sk-canary');
  });

  it('reads a body of 64 KiB and nothing of a longer one', async () => {
    const fits = ['x'.repeat(32 * 1024), 'x'.repeat(32 * 1024)];
    const read = await call(async () => ({ status: 200, body: streamOf(fits) }));
    expect(read.body).toHaveLength(64 * 1024);
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(16 * 1024)),
      cancel: () => {
        cancelled = true;
      },
    });
    const long = await call(async () => ({ status: 200, body: endless }));
    expect([long.body, cancelled]).toEqual([null, true]);
  });

  it('ends with its signal while it waits for the body', async () => {
    const ended = new AbortController();
    const silent = new ReadableStream<Uint8Array>({});
    const reading = call(async () => {
      queueMicrotask(() => ended.abort());
      return { status: 200, body: silent };
    }, ended.signal);
    await expect(reading).rejects.toThrow(/abort/i);
  });
});
