import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCredentials } from './credentials.ts';
import type { CredentialPlace, Credentials } from './credentials.ts';

const one = (value: string, place: CredentialPlace): Credentials => ({ kind: 'one', value, place });
const NONE: Credentials = { kind: 'none' };
const CONFLICT: Credentials = { kind: 'conflict' };

describe('readCredentials', () => {
  it.each<[string, string[], string, Credentials]>([
    ['nothing', ['host', 'x', 'accept', '*/*'], '', NONE],
    ['a bearer', ['Authorization', 'Bearer k1'], '', one('k1', 'authorization')],
    ['a bearer in any case', ['AUTHORIZATION', 'bEARER   k1 '], '', one('k1', 'authorization')],
    ['a bearer after a tab', ['authorization', 'Bearer\tk1'], '', one('k1', 'authorization')],
    ['x-api-key', ['X-Api-Key', ' k1 '], '', one('k1', 'x-api-key')],
    ['api-key', ['api-key', 'k1'], '', one('k1', 'api-key')],
    ['x-goog-api-key', ['x-goog-api-key', 'k1'], '', one('k1', 'x-goog-api-key')],
    [
      'a subprotocol of a WebSocket',
      ['Sec-WebSocket-Protocol', 'realtime, openai-insecure-api-key.k1, openai-beta.realtime-v1'],
      '',
      one('k1', 'sec-websocket-protocol'),
    ],
    ['subprotocols without a key', ['sec-websocket-protocol', 'realtime'], '', NONE],
    [
      'a subprotocol beside another key',
      ['sec-websocket-protocol', 'openai-insecure-api-key.k1', 'authorization', 'Bearer k2'],
      '',
      CONFLICT,
    ],
    ['the query', [], 'alt=sse&key=k1', one('k1', 'query')],
    ['the query with its mark', [], '?key=k1', one('k1', 'query')],
    ['an encoded query', [], '?key=kw%5F1', one('kw_1', 'query')],
    ['a query of another name', [], '?apikey=k1&monkey=k2&key2=k3&keys', NONE],
    ['an empty key in the query', [], '?key=&x=1', NONE],
    ['another scheme', ['authorization', 'Basic abc'], '', NONE],
    ['a scheme that begins alike', ['authorization', 'BearerX k1'], '', NONE],
    ['a bearer without a value', ['authorization', 'Bearer '], '', NONE],
    ['an empty header', ['x-api-key', ''], '', NONE],
    [
      'the same value in two places',
      ['authorization', 'Bearer k1', 'x-api-key', 'k1'],
      '',
      one('k1', 'authorization'),
    ],
    ['the same value in header and query', ['api-key', 'k1'], '?key=k1', one('k1', 'api-key')],
    [
      'the same header twice with one value',
      ['x-api-key', 'k1', 'x-api-key', 'k1'],
      '',
      one('k1', 'x-api-key'),
    ],
    [
      'another scheme beside a key',
      ['authorization', 'Basic abc', 'x-api-key', 'k1'],
      '',
      one('k1', 'x-api-key'),
    ],
    ['two values in two places', ['authorization', 'Bearer k1', 'x-api-key', 'k2'], '', CONFLICT],
    ['header and query differ', ['api-key', 'k1'], '?key=k2', CONFLICT],
    ['two values in the query', [], '?key=k1&key=k2', CONFLICT],
    ['one value twice in the query', [], '?key=k1&key=k1', one('k1', 'query')],
    [
      'two authorizations',
      ['authorization', 'Bearer k1', 'Authorization', 'Bearer k2'],
      '',
      CONFLICT,
    ],
    [
      'two authorizations of two schemes',
      ['authorization', 'Bearer k1', 'authorization', 'Basic x'],
      '',
      CONFLICT,
    ],
    ['two x-api-keys', ['x-api-key', 'k1', 'x-api-key', 'k2'], '', CONFLICT],
    ['case of values counts', ['authorization', 'Bearer k1', 'x-api-key', 'K1'], '', CONFLICT],
    ['an over-long value', ['x-api-key', 'k'.repeat(513)], '', one('', 'x-api-key')],
    ['the longest value', ['x-api-key', 'k'.repeat(512)], '', one('k'.repeat(512), 'x-api-key')],
    ['a control character', ['x-api-key', 'k\u00011'], '', one('', 'x-api-key')],
    ['an encoded control character', [], '?key=k%00', one('', 'query')],
    ['a blank inside', ['authorization', 'Bearer k1 k2'], '', one('', 'authorization')],
    ['a character outside ASCII', ['x-api-key', 'kÿ'], '', one('', 'x-api-key')],
    ['broken encoding', [], '?key=%zz', one('%zz', 'query')],
    ['an odd number of header parts', ['x-api-key'], '', NONE],
  ])('reads %s', (_, rawHeaders, query, wanted) => {
    expect(readCredentials(rawHeaders, query)).toEqual(wanted);
  });

  it('answers whatever the headers and the query are', () => {
    const name = fc.oneof(
      fc.string(),
      fc.constantFrom('authorization', 'x-api-key', 'api-key', 'x-goog-api-key'),
    );
    const pair = fc.tuple(name, fc.string());
    fc.assert(
      fc.property(fc.array(pair), fc.string(), (pairs, query) => {
        const read = readCredentials(pairs.flat(), query);
        expect(read.kind === 'one' ? read.value : '').toMatch(/^[!-~]*$/);
      }),
    );
  });
});
