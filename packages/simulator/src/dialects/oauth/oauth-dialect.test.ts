/** Tokens for keys: service accounts, clients, refresh tokens; how long they hold, and what is refused. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { startSimulator } from '../../start-simulator.ts';
import type { Simulator } from '../../start-simulator.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const SPKI = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
const ACCOUNT = 'robot@project.iam.gserviceaccount.com';
const CLIENT = 'client-1:client-secret';
const REFRESH = 'refresh-token-1';

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function start(): Promise<Simulator> {
  const keys = [
    { alias: 'robot', value: `${ACCOUNT}:${SPKI}` },
    { alias: 'client', value: CLIENT },
    { alias: 'refresh', value: REFRESH },
  ];
  const simulator = await startSimulator({
    profile: {
      organizations: [{ id: 'org-1', projects: [{ id: 'p', keys }] }],
      models: [{ id: 'gemini' }],
    },
  });
  open.push(simulator);
  return simulator;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function assertion(over: object = {}, alg = 'RS256'): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: ACCOUNT, aud: 'https://oauth2.googleapis.com/token', iat, exp: iat + 3600 };
  const text = `${encode({ alg, typ: 'JWT' })}.${encode({ ...claims, ...over })}`;
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}`;
}

const JWT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

async function ask(
  simulator: Simulator,
  form: Record<string, string>,
  path = '/oauth/token',
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string; token: string }> {
  const response = await fetch(simulator.origin + path, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers,
  });
  const body = await response.text();
  const token = /"access_token": "([^"]+)"/.exec(body)?.[1] ?? '';
  return { status: response.status, body, token };
}

const PATH = '/v1/projects/p/locations/eu/publishers/google/models/gemini:generateContent';
const generate = (simulator: Simulator, token: string): Promise<Response> =>
  fetch(simulator.origin + PATH, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }),
  });

describe('a token', () => {
  test.each<[string, string, () => Record<string, string>, string, Record<string, string>]>([
    ['robot', 'an assertion', () => ({ grant_type: JWT, assertion: assertion() }), '/token', {}],
    [
      'client',
      'a secret in the form',
      () => ({
        grant_type: 'client_credentials',
        client_id: 'client-1',
        client_secret: 'client-secret',
      }),
      '/tenant-1/oauth2/v2.0/token',
      {},
    ],
    [
      'client',
      'a secret in the header',
      () => ({ grant_type: 'client_credentials' }),
      '/oauth/token',
      { authorization: `Basic ${Buffer.from(CLIENT).toString('base64')}` },
    ],
    [
      'refresh',
      'a refresh token',
      () => ({ grant_type: 'refresh_token', refresh_token: REFRESH }),
      '/oauth/token',
      {},
    ],
  ])('stands for the key %s after %s, for an hour', async (...[alias, , form, path, headers]) => {
    const simulator = await start();
    const { status, token, body } = await ask(simulator, form(), path, headers);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ token_type: 'Bearer', expires_in: 3599 });
    expect((await generate(simulator, token)).status).toBe(200);
    expect(simulator.counts().keys[alias]?.byOperation).toEqual({ token: 1, generateContent: 1 });
    simulator.advance(3_600_001);
    const late = await generate(simulator, token);
    expect(late.status).toBe(401);
    expect(await late.json()).toMatchObject({ error: { status: 'UNAUTHENTICATED' } });
  });

  test.each<[string, () => Record<string, string>, number, string]>([
    [
      'an altered assertion',
      () => ({ grant_type: JWT, assertion: `${assertion().slice(0, -8)}AAAAAAAA` }),
      400,
      'Invalid JWT Signature',
    ],
    [
      'an unsigned assertion',
      () => ({ grant_type: JWT, assertion: assertion({}, 'none') }),
      400,
      'Invalid JWT Signature',
    ],
    [
      'an assertion of nobody',
      () => ({ grant_type: JWT, assertion: assertion({ iss: 'x' }) }),
      400,
      'account not found',
    ],
    [
      'an assertion for elsewhere',
      () => ({ grant_type: JWT, assertion: assertion({ aud: 'x' }) }),
      400,
      'audience',
    ],
    [
      'an assertion without end',
      () => ({ grant_type: JWT, assertion: assertion({ exp: 9e9 }) }),
      400,
      'short-lived',
    ],
    ['no assertion', () => ({ grant_type: JWT }), 400, 'bad format'],
    [
      'a wrong secret',
      () => ({ grant_type: 'client_credentials', client_id: 'client-1', client_secret: 'x' }),
      401,
      'invalid_client',
    ],
    [
      'a wrong refresh token',
      () => ({ grant_type: 'refresh_token', refresh_token: 'x' }),
      400,
      'invalid_grant',
    ],
    ['another grant', () => ({ grant_type: 'password' }), 400, 'unsupported_grant_type'],
  ])('is refused for %s', async (_, form, status, words) => {
    const seen = await ask(await start(), form());
    expect(seen.status).toBe(status);
    expect(seen.body).toContain(words);
  });
});
