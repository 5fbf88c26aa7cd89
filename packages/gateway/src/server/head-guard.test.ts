import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VIA } from '../seam/via.ts';
import { guardHead } from './head-guard.ts';

const PATH = '/v1/chat/completions';
const guard = (...headers: string[]): string | null =>
  guardHead('1.1', PATH, ['Host', 'localhost', ...headers])?.code ?? null;
const plainHeaders = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => [`x-${index}`, 'v']).flat();

describe('guardHead', () => {
  it.each([
    ['1.1', null],
    ['1.0', null],
    ['0.9', 'bad_request'],
    ['1.2', 'bad_request'],
    ['2.0', 'bad_request'],
  ])('takes HTTP/%s: %s', (version, code) => {
    expect(guardHead(version, PATH, ['host', 'a'])?.code ?? null).toBe(code);
  });

  it.each([
    ['/', null],
    ['*', null],
    ['/v1/models/a%2Fb?key=%20', null],
    ['/a:b@c;d=(1)[2]{3}|4', null],
    [`/${'a'.repeat(8 * 1024 - 1)}`, null],
    [`/${'a'.repeat(8 * 1024)}`, 'uri_too_long'],
    ['', 'bad_request'],
    ['v1/models', 'bad_request'],
    ['http://elsewhere/v1/models', 'bad_request'],
    ['//elsewhere/v1', null],
    ['/a b', 'bad_request'],
    ['/a\tb', 'bad_request'],
    ['/a\u0000b', 'bad_request'],
    ['/a#b', 'bad_request'],
    ['/a\\b', 'bad_request'],
    ['/\u00e9', 'bad_request'],
    ['/a\u007f', 'bad_request'],
    ['**', 'bad_request'],
  ])('judges the target %j: %s', (target, code) => {
    expect(guardHead('1.1', target, ['host', 'a'])?.code ?? null).toBe(code);
  });

  it('counts headers instead of dropping what is over the count', () => {
    expect(guard(...plainHeaders(199))).toBeNull();
    expect(guard(...plainHeaders(200))).toBe('headers_too_large');
    expect(guard(...plainHeaders(2100), 'authorization', 'Bearer x')).toBe('headers_too_large');
  });

  it.each([
    'Host',
    'Authorization',
    'content-type',
    'Content-Length',
    'transfer-encoding',
    'X-Api-Key',
    'api-key',
    'x-goog-api-key',
    'Expect',
    'Idempotency-Key',
    'content-encoding',
  ])('refuses %s twice, in whatever spelling, even with the same value', (name) => {
    const value = name.toLowerCase() === 'transfer-encoding' ? 'chunked' : '1';
    const once = name === 'content-encoding' ? 'identity' : value;
    const code = guardHead('1.1', PATH, [name, once, name.toUpperCase(), once])?.code;
    expect(code).toBe('bad_request');
  });

  it('lets other headers come as often as they like', () => {
    expect(
      guard('accept', 'a', 'accept', 'b', 'x-forwarded-for', '1', 'x-forwarded-for', '2'),
    ).toBe(null);
  });

  it.each([
    ['chunked', null],
    ['Chunked', null],
    ['', 'not_implemented'],
    [',chunked', 'not_implemented'],
    ['chunked,', 'not_implemented'],
    ['gzip, chunked', 'not_implemented'],
    ['chunked, identity', 'not_implemented'],
    ['identity', 'not_implemented'],
    ['xchunked', 'not_implemented'],
    ['chunked\u000b', 'not_implemented'],
  ])('judges transfer-encoding %j: %s', (value, code) => {
    expect(guard('Transfer-Encoding', value)).toBe(code);
  });

  it('takes no transfer-encoding in HTTP/1.0, not even a good one', () => {
    const headers = ['Host', 'a', 'Transfer-Encoding', 'chunked'];
    expect(guardHead('1.0', PATH, headers)).toMatchObject({ code: 'bad_request', fatal: true });
    expect(guardHead('1.1', PATH, headers)).toBeNull();
  });

  it.each([
    ['0', null],
    ['0012', null],
    ['9'.repeat(16), null],
    ['9'.repeat(17), 'bad_request'],
    ['', 'bad_request'],
    ['-1', 'bad_request'],
    ['+1', 'bad_request'],
    ['1e3', 'bad_request'],
    ['0x10', 'bad_request'],
    ['1 ', 'bad_request'],
    ['12, 12', 'bad_request'],
    ['\u0661', 'bad_request'],
  ])('judges content-length %j: %s', (value, code) => {
    expect(guard('Content-Length', value)).toBe(code);
  });

  it('refuses compressed bodies and keeps the connection, whose framing is sound', () => {
    expect(guard('content-encoding', 'identity')).toBeNull();
    expect(guardHead('1.1', PATH, ['content-encoding', 'gzip'])).toMatchObject({
      code: 'unsupported_media_type',
      fatal: false,
    });
    expect(guardHead('1.1', PATH, ['transfer-encoding', 'gzip'])?.fatal).toBe(true);
  });

  it.each([
    ['example.com', null],
    ['example.com:8080', null],
    ['[::1]:8080', null],
    ['[fe80::1%25eth0]', null],
    ['a_b.internal', null],
    ['user@example.com', 'bad_request'],
    ['example.com/path', 'bad_request'],
    ['example.com?x', 'bad_request'],
    ['a b', 'bad_request'],
    ['a,b', 'bad_request'],
    ['ex\u00e4mple', 'bad_request'],
    ['a'.repeat(256), 'bad_request'],
  ])('judges the host %j: %s', (value, code) => {
    expect(guardHead('1.1', PATH, ['host', value])?.code ?? null).toBe(code);
  });

  it('breaks a loop through itself, however the hops are written', () => {
    expect(guard('via', `${VIA}, 1.1 nginx, ${VIA}`, 'Via', VIA)).toBeNull();
    expect(guard('via', `${VIA}, ${VIA}`, 'Via', `${VIA},${VIA}`)).toBe('loop_detected');
    expect(guard(...Array.from({ length: 4 }, () => ['VIA', VIA]).flat())).toBe('loop_detected');
    expect(guard('via', '1.1 nginx, 1.1 varnish, 1.1 a, 1.1 b, 1.1 c')).toBeNull();
  });

  it('says nothing of the value in its message, and never throws', () => {
    const headers = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string()), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), headers, (target, pairs) => {
        const found = guardHead('1.1', target, pairs.flat());
        expect(found === null || found.message.length < 200).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(guardHead('1.1', PATH, ['content-length', 'sk-secret'])?.message).not.toContain('sk-');
  });
});
