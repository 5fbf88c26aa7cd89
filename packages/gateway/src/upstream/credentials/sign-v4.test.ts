import { AwsV4Signer } from 'aws4fetch';
import { Secret } from '@keywell/core/secret/secret';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OutboundRequest } from '../../seam/outbound.ts';
import { SignatureV4, type AwsSigner } from './sign-v4.ts';

/** Credential, scope and instant of Amazon's test suite (aws-sig-v4-test-suite). */
const EXAMPLE: AwsSigner = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'),
  sessionToken: null,
  region: 'us-east-1',
  service: 'service',
};
const AT = Date.UTC(2015, 7, 30, 12, 36, 0);

const request = (part: Partial<OutboundRequest>): OutboundRequest => ({
  origin: 'https://example.amazonaws.com',
  path: '/',
  method: 'GET',
  headers: [],
  body: null,
  connectTimeoutMs: 1000,
  ...part,
});
const authorizationOf = (signer: AwsSigner, signed: OutboundRequest, at = AT): string => {
  const headers = new SignatureV4(signer).headersFor(signed, at);
  return headers[headers.indexOf('authorization') + 1] ?? '';
};

describe('a signature', () => {
  it('is the same for a body in pieces and for its text as for the whole', () => {
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const post = (body: OutboundRequest['body']): string =>
      authorizationOf(EXAMPLE, request({ method: 'POST', body }));
    expect(post([bytes('Param1'), bytes(''), bytes('=value1')])).toBe(post(bytes('Param1=value1')));
    expect(post('Größe')).toBe(post(bytes('Größe')));
    expect(post([bytes('Param1')])).not.toBe(post(bytes('Param1=value1')));
  });

  it.each([
    [
      'get-vanilla',
      request({}),
      'host;x-amz-date',
      '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    ],
    [
      'post-vanilla',
      request({ method: 'POST' }),
      'host;x-amz-date',
      '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
    ],
    [
      'get-vanilla-query-order-key-case',
      request({ path: '/?Param2=value2&Param1=value1' }),
      'host;x-amz-date',
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [
      'post-x-www-form-urlencoded',
      request({
        method: 'POST',
        headers: ['Content-Type', 'application/x-www-form-urlencoded'],
        body: new TextEncoder().encode('Param1=value1'),
      }),
      'content-type;host;x-amz-date',
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
  ])("is that of Amazon's test suite: %s", (_name, signed, names, signature) => {
    expect(authorizationOf(EXAMPLE, signed)).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
        `SignedHeaders=${names}, Signature=${signature}`,
    );
  });

  it('is what another implementation computes, for any body, path, query, token and day', async () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          segments: fc.array(word, { minLength: 1, maxLength: 3 }),
          query: fc.array(fc.tuple(word, word), { maxLength: 3 }),
          body: fc.uint8Array(),
          token: fc.option(fc.constantFrom('FwoGZXIvYXdzEJr//token=', 't')),
          at: fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }),
        }),
        async ({ segments, query, body, token, at }) => {
          fc.pre(!segments.some((segment) => /^\.{1,2}$/.test(segment)));
          const search = new URLSearchParams(query.map(([a, b]) => [a, b])).toString();
          const path = `/model/${segments.map((part) => encodeURIComponent(part)).join('/')}`;
          const signed = request({
            method: 'POST',
            path: search === '' ? path : `${path}?${search}`,
            headers: ['content-type', 'application/json'],
            body,
          });
          const signer = { ...EXAMPLE, sessionToken: token === null ? null : new Secret(token) };
          const theirs = new AwsV4Signer({
            method: 'POST',
            url: `${signed.origin}${signed.path}`,
            headers: { 'content-type': 'application/json' },
            body,
            accessKeyId: signer.accessKeyId,
            secretAccessKey: signer.secretAccessKey.reveal(),
            ...(token === null ? {} : { sessionToken: token }),
            service: signer.service,
            region: signer.region,
            datetime: at.toISOString().replace(/[-:]|\.\d{3}/g, ''),
            allHeaders: true,
          });
          expect(authorizationOf(signer, signed, at.getTime())).toBe(await theirs.authHeader());
        },
      ),
    );
  });

  it('covers the session token and goes on with the same key until the day is over', () => {
    const signature = new SignatureV4({ ...EXAMPLE, sessionToken: new Secret('st') });
    const before = signature.headersFor(request({}), AT);
    const next = signature.headersFor(request({}), AT + 86_400_000);
    expect(before.slice(0, 4)).toEqual([
      'x-amz-date',
      '20150830T123600Z',
      'x-amz-security-token',
      'st',
    ]);
    expect(before.at(-1)).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token');
    expect(next.at(-1)).toContain('Credential=AKIDEXAMPLE/20150831/');
    expect(signature.headersFor(request({}), AT)).toEqual(before);
  });
});
