import { generateKeyPairSync, verify } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Secret } from '@keywell/core/secret/secret';
import type { UpstreamKeyRecord } from '@keywell/core/snapshot/snapshot';
import type { CredentialKind } from '@keywell/providers/compatible/credential';
import type { Vendor } from '@keywell/providers/compatible/vendor';
import { vendorOf } from '@keywell/providers/registry';
import { FakeClock } from '@keywell/testkit/fake-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeadlineSweeper } from '../../pipeline/deadline-sweeper.ts';
import type { OutboundRequest } from '../../seam/outbound.ts';
import { Http1Outbound } from '../http1/http1-outbound.ts';
import { CredentialDesk, isCredentialFailure, type LiveCredentials } from './key-credentials.ts';

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const AWS_ID = `AKIA${'1'.repeat(16)}`;
const HOUR_MS = 3_600_000;
const REQUEST: OutboundRequest = {
  origin: 'https://provider.example',
  path: '/v1/chat',
  method: 'POST',
  headers: ['content-type', 'application/json'],
  body: new TextEncoder().encode('{}'),
  connectTimeoutMs: 1000,
};

let server: Server;
let url: string;
let forms: URLSearchParams[];
let answers: (Answer | 'hang')[];
let heard: () => void;
let clock: FakeClock;
let sweeper: DeadlineSweeper;
let outbound: Http1Outbound;
let desk: CredentialDesk;

beforeEach(async () => {
  forms = [];
  answers = [];
  heard = () => undefined;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      forms.push(new URLSearchParams(Buffer.concat(chunks).toString()));
      const answer = answers.shift() ?? token(`t${forms.length}`);
      heard();
      if (answer === 'hang') return;
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  clock = new FakeClock();
  sweeper = new DeadlineSweeper(clock.now);
  outbound = new Http1Outbound();
  desk = new CredentialDesk({ outbound, clock, random: () => 0.5, sweeper });
});

afterEach(async () => {
  sweeper.stop();
  await outbound.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const token = (value: string, expiresIn = 3600): Answer => ({
  status: 200,
  body: { access_token: value, token_type: 'Bearer', expires_in: expiresIn },
});

const keyOf = (value: string): UpstreamKeyRecord => ({
  id: 'a',
  value: new Secret(value),
  fingerprint: '',
  domain: ['~a'],
  domainPinned: false,
  domainInferred: false,
  ownerTenant: null,
  limits: [],
  weight: 1,
  models: [],
  organization: null,
  project: null,
});

function vendorTaking(...credentials: CredentialKind[]): Vendor {
  const vendor = vendorOf('openai-compatible');
  if (vendor === null) throw new Error('the compatible vendor is gone');
  return { ...vendor, credentials };
}

function live(value: object | string, kind: CredentialKind, baseUrl = 'https://provider.example') {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const credentials = desk.credentialsFor(keyOf(text), vendorTaking(kind), baseUrl);
  if (credentials.kind !== 'live') throw new Error('these credentials are static');
  return credentials;
}

const client = () =>
  live({ token_url: url, client_id: 'me', client_secret: 's3' }, 'client_credentials');

/** The bearer that a request would be sent with, or the failure's class. */
async function bearer(credentials: LiveCredentials): Promise<string> {
  const authorized = await credentials.authorize(REQUEST);
  if (isCredentialFailure(authorized)) return authorized.verdict.class;
  return authorized.headers[authorized.headers.indexOf('authorization') + 1] ?? '';
}

/** Lets a call in the background come to its end: it is over when the next one that waits would not ask again. */
const nextForm = (): Promise<void> =>
  new Promise((resolve) => {
    heard = resolve;
  });

describe('a plain key', () => {
  it('is a header that stays the same', () => {
    const vendor = vendorTaking('plain');
    expect(desk.credentialsFor(keyOf('sk-1'), vendor, REQUEST.origin)).toEqual({
      kind: 'static',
      headers: ['authorization', 'Bearer sk-1'],
    });
  });
});

describe('an AWS key', () => {
  it('signs every request for the region of its host, without a promise', () => {
    const aws = live(
      `${AWS_ID}:secret:session`,
      'aws_access_key',
      'https://bedrock-runtime.eu-central-1.amazonaws.com',
    );
    const signed = aws.authorize(REQUEST);
    expect(signed).not.toBeInstanceOf(Promise);
    expect(signed).toMatchObject({
      headers: [
        'content-type',
        'application/json',
        'x-amz-date',
        '20260101T000000Z',
        'x-amz-security-token',
        'session',
        'authorization',
        expect.stringMatching(
          /^AWS4-HMAC-SHA256 Credential=AKIA1{16}\/20260101\/eu-central-1\/bedrock\/aws4_request, /,
        ),
      ],
    });
    expect(aws.secrets()).toEqual([AWS_ID, 'secret', 'session']);
  });

  it('is a dead credential where no region is known', async () => {
    expect(await bearer(live(`${AWS_ID}:secret`, 'aws_access_key'))).toBe('credential_dead');
  });
});

describe('a grant', () => {
  it('of a Google service account is an assertion that its public key proves', async () => {
    const google = live(
      {
        client_email: 'a@p.iam.gserviceaccount.com',
        private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
        private_key_id: 'k1',
        token_uri: url,
      },
      'google_service_account',
    );
    expect(await bearer(google)).toBe('Bearer t1');
    expect(forms[0]?.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const [header = '', claims = '', proof = ''] = forms[0]?.get('assertion')?.split('.') ?? [];
    const signed = Buffer.from(`${header}.${claims}`);
    expect(verify('RSA-SHA256', signed, publicKey, Buffer.from(proof, 'base64url'))).toBe(true);
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(header)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'k1' });
    const issuedAt = Date.UTC(2026, 0, 1) / 1000;
    expect(read(claims)).toEqual({
      iss: 'a@p.iam.gserviceaccount.com',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      aud: url,
      iat: issuedAt,
      exp: issuedAt + 3600,
    });
  });

  it('of an Entra application names its tenant, scope and secret', async () => {
    const origin = new URL(url).origin;
    const entra = live(
      { tenant_id: 'contoso.com', client_id: 'c', client_secret: 's&=', authority: origin },
      'entra_client',
    );
    expect(await bearer(entra)).toBe('Bearer t1');
    expect(Object.fromEntries(forms[0] ?? [])).toEqual({
      grant_type: 'client_credentials',
      client_id: 'c',
      client_secret: 's&=',
      scope: 'https://cognitiveservices.azure.com/.default',
    });
  });

  it('of a refresh token goes on with the one that came in its place', async () => {
    answers.push({
      status: 200,
      body: { access_token: 'one', expires_in: 100, refresh_token: 'r2' },
    });
    const refresh = live({ token_url: url, client_id: 'c', refresh_token: 'r1' }, 'oauth_refresh');
    expect(await bearer(refresh)).toBe('Bearer one');
    clock.advance(HOUR_MS);
    expect(await bearer(refresh)).toBe('Bearer t2');
    expect(forms.map((form) => form.get('refresh_token'))).toEqual(['r1', 'r2']);
  });

  it('whose private key cannot be read is a dead credential, and nothing is sent', async () => {
    const broken = live(
      { client_email: 'a@b', private_key: '-----BEGIN PRIVATE KEY-----x', token_uri: url },
      'google_service_account',
    );
    expect(await bearer(broken)).toBe('credential_dead');
    expect(forms).toEqual([]);
  });
});

describe('a token', () => {
  it('is bought once for all who wait, then used without a promise and in the same headers', async () => {
    const credentials = client();
    const all = await Promise.all([1, 2, 3].map(() => bearer(credentials)));
    expect(all).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1']);
    const one = credentials.authorize(REQUEST);
    const other = credentials.authorize(REQUEST);
    if (one instanceof Promise || other instanceof Promise) throw new Error('a promise');
    if (isCredentialFailure(one) || isCredentialFailure(other)) throw new Error('a failure');
    expect(one.headers).toBe(other.headers);
    expect(forms).toHaveLength(1);
  });

  it('is shared by keys of the same value, and by nobody else', async () => {
    expect(await bearer(client())).toBe('Bearer t1');
    expect(await bearer(client())).toBe('Bearer t1');
    const other = live(
      { token_url: url, client_id: 'b', client_secret: 's3' },
      'client_credentials',
    );
    expect(await bearer(other)).toBe('Bearer t2');
  });

  it('is renewed in the background before its end, while the old one serves', async () => {
    const credentials = client();
    await bearer(credentials);
    clock.advance(HOUR_MS - 91_000);
    expect(await bearer(credentials)).toBe('Bearer t1');
    expect(forms).toHaveLength(1);
    clock.advance(17_000);
    const asked = nextForm();
    expect(credentials.authorize(REQUEST)).not.toBeInstanceOf(Promise);
    await asked;
    clock.advance(70_000);
    expect(await bearer(credentials)).toBe('Bearer t2');
    expect(forms).toHaveLength(2);
  });

  it('is waited for once it has ended', async () => {
    const credentials = client();
    await bearer(credentials);
    clock.advance(HOUR_MS - 5000);
    const authorized = credentials.authorize(REQUEST);
    expect(authorized).toBeInstanceOf(Promise);
    await authorized;
    expect(await bearer(credentials)).toBe('Bearer t2');
  });

  it('is bought anew once a provider refuses it, but not right after it was bought', async () => {
    const credentials = client();
    await bearer(credentials);
    credentials.refused();
    expect(await bearer(credentials)).toBe('Bearer t1');
    clock.advance(10_000);
    credentials.refused();
    expect(await bearer(credentials)).toBe('Bearer t2');
  });

  it('keeps serving when its renewal fails, until its end', async () => {
    const credentials = client();
    await bearer(credentials);
    clock.advance(HOUR_MS - 70_000);
    answers.push({ status: 503, body: '' });
    const asked = nextForm();
    expect(await bearer(credentials)).toBe('Bearer t1');
    await asked;
    expect(await bearer(credentials)).toBe('Bearer t1');
  });
});

const FAILURES: readonly (readonly [string, Answer, string, string])[] = [
  ['invalid_grant', { status: 400, body: { error: 'invalid_grant' } }, 'credential_dead', 'key'],
  ['401', { status: 401, body: { error: 'invalid_client' } }, 'credential_dead', 'key'],
  ['a page', { status: 403, body: '<html>' }, 'credential_dead', 'key'],
  [
    'a clock that is wrong',
    {
      status: 400,
      body: {
        error: 'invalid_grant',
        error_description:
          'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.',
      },
    },
    'clock_fault',
    'key',
  ],
  [
    'a client secret that has expired',
    { status: 401, body: { error: 'invalid_client', error_codes: [7000222] } },
    'credential_expired',
    'key',
  ],
  ['500', { status: 500, body: '' }, 'transient', 'none'],
  ['429', { status: 429, body: '', headers: { 'retry-after': '7' } }, 'transient', 'none'],
  ['a redirect', { status: 302, body: '', headers: { location: '/x' } }, 'transient', 'none'],
  [
    'an answer without a token',
    { status: 200, body: { access_token: 'a b' } },
    'transient',
    'none',
  ],
  ['an answer that is no JSON', { status: 200, body: '[1' }, 'transient', 'none'],
  ['an answer without end', { status: 200, body: 'x'.repeat(70_000) }, 'transient', 'none'],
];

describe('a token endpoint that does not give one', () => {
  it.each(FAILURES)('is judged by what it says: %s', async (_name, answer, verdict, scope) => {
    answers.push(answer);
    const authorized = await client().authorize(REQUEST);
    expect(authorized).toMatchObject({ verdict: { class: verdict, scope } });
    expect(JSON.stringify(authorized)).not.toContain('short-lived');
  });

  it('is given up after its deadline, and the call is broken off', async () => {
    answers.push('hang');
    const asked = nextForm();
    const waiting = bearer(client());
    await asked;
    clock.advance(9999);
    sweeper.sweep();
    expect(sweeper.size).toBe(1);
    clock.advance(1);
    sweeper.sweep();
    expect(await waiting).toBe('transient');
    expect(sweeper.size).toBe(0);
  });

  it('that nobody listens at is a transient failure', async () => {
    const nobody = live(
      { token_url: 'http://127.0.0.1:1/', client_id: 'c', client_secret: 's' },
      'client_credentials',
    );
    expect(await bearer(nobody)).toBe('transient');
  });

  it('is left alone for longer after each failure, and then asked by one', async () => {
    const credentials = client();
    let elapsed = 0;
    const askedAt: number[] = [];
    while (forms.length < 4) {
      answers = [{ status: 500, body: '' }];
      const before = forms.length;
      const all = await Promise.all([bearer(credentials), bearer(credentials)]);
      expect(all).toEqual(['transient', 'transient']);
      if (forms.length > before) askedAt.push(elapsed);
      clock.advance(250);
      elapsed += 250;
    }
    expect(askedAt).toEqual([0, 750, 2250, 5250]);
    answers = [];
    clock.advance(10_000);
    expect(await bearer(credentials)).toBe('Bearer t5');
  });

  it('is left alone as long as it asks for', async () => {
    const credentials = client();
    answers.push({ status: 503, body: '', headers: { 'retry-after': '20' } });
    await bearer(credentials);
    clock.advance(19_999);
    expect(await bearer(credentials)).toBe('transient');
    expect(forms).toHaveLength(1);
    clock.advance(1);
    expect(await bearer(credentials)).toBe('Bearer t2');
  });
});
