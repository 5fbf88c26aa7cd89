import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  awsRegionOf,
  CREDENTIAL_KINDS,
  readCredential,
  secretsOfCredential,
  type Credential,
} from './credential.ts';

const ID = 'AKIDEXAMPLE000000000'.replace('AKID', 'AKIA');
const CANARY = 'canary-Zx81kQ0pLm';
const PEM = `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----\n`;

const GOOD: readonly (readonly [string, string, Partial<Credential>])[] = [
  ['a plain key', 'sk-abc', { kind: 'plain' }],
  ['a Bedrock API key', `ABSK${CANARY}`, { kind: 'plain' }],
  ['an AWS key in a line', `${ID}:${CANARY}`, { kind: 'aws_access_key', accessKeyId: ID }],
  [
    'temporary AWS credentials',
    JSON.stringify({
      access_key_id: `ASIA${ID}`,
      secret_access_key: CANARY,
      session_token: `t+/${CANARY}=`,
      region: 'us-gov-west-1',
    }),
    { kind: 'aws_access_key', region: 'us-gov-west-1' },
  ],
  [
    "a service account's file",
    JSON.stringify({
      type: 'service_account',
      project_id: 'p',
      private_key_id: 'k1',
      private_key: PEM,
      client_email: 'me@p.iam.gserviceaccount.com',
      token_uri: 'https://oauth2.googleapis.com/token',
    }),
    {
      kind: 'google_service_account',
      tokenUrl: 'https://oauth2.googleapis.com/token',
      privateKeyId: 'k1',
    },
  ],
  [
    'an Entra application',
    JSON.stringify({ tenant_id: 'contoso.com', client_id: 'c', client_secret: CANARY }),
    {
      kind: 'entra_client',
      tokenUrl: 'https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token',
      scope: 'https://cognitiveservices.azure.com/.default',
    },
  ],
  [
    'an Entra application in a cloud of its own',
    JSON.stringify({
      tenant_id: 't',
      client_id: 'c',
      client_secret: CANARY,
      authority: 'https://login.microsoftonline.us/',
      scope: 'https://cognitiveservices.azure.us/.default',
    }),
    {
      tokenUrl: 'https://login.microsoftonline.us/t/oauth2/v2.0/token',
      scope: 'https://cognitiveservices.azure.us/.default',
    },
  ],
  [
    'client credentials',
    JSON.stringify({ token_url: 'https://id.example/t', client_id: 'c', client_secret: CANARY }),
    { kind: 'client_credentials', scope: null },
  ],
  [
    'what gcloud writes for a person',
    JSON.stringify({
      type: 'authorized_user',
      client_id: 'c',
      client_secret: 's',
      refresh_token: CANARY,
    }),
    { kind: 'oauth_refresh', tokenUrl: 'https://oauth2.googleapis.com/token' },
  ],
];

const WRONG: readonly (readonly [string, string, RegExp])[] = [
  ['an AWS key without its secret', `${ID}:`, /needs a secret_access_key/],
  ['an AWS key with too many parts', `${ID}:${CANARY}:b:c`, /needs two or three parts/],
  [
    'a region that is none',
    JSON.stringify({ access_key_id: ID, secret_access_key: CANARY, region: CANARY }),
    /needs a region such as/,
  ],
  [
    'a service account without its key',
    JSON.stringify({ client_email: CANARY }),
    /needs a private_key in PEM/,
  ],
  [
    'a token endpoint without TLS',
    JSON.stringify({ token_url: 'http://id.example/', client_id: CANARY, client_secret: CANARY }),
    /needs a token_url that begins with https/,
  ],
  [
    'a password in the token endpoint',
    JSON.stringify({ token_url: `https://a:${CANARY}@id.example/`, client_id: 'c' }),
    /needs a token_url/,
  ],
  [
    'a tenant that would change the path',
    JSON.stringify({ tenant_id: `${CANARY}/../x`, client_id: 'c', client_secret: 's' }),
    /needs a tenant_id/,
  ],
  [
    'an empty secret',
    JSON.stringify({ tenant_id: 't', client_id: 'c', client_secret: '' }),
    /needs a client_secret/,
  ],
  [
    'JSON of another kind',
    JSON.stringify({ type: 'external_account', audience: CANARY }),
    /of a kind that is not known/,
  ],
  ['no JSON', `{${CANARY}`, /of a kind that is not known/],
  ['a text with a line end', `sk-${CANARY}\nx`, /cannot be sent in a header/],
];

describe('reading a credential', () => {
  it.each(GOOD)('knows %s', (_name, value, expected) => {
    const reading = readCredential(value, CREDENTIAL_KINDS);
    expect(reading).toMatchObject({ ok: true, credential: expected });
  });

  it.each(WRONG)('refuses %s and quotes nothing of it', (_name, value, message) => {
    const reading = readCredential(value, CREDENTIAL_KINDS);
    expect(reading).toMatchObject({ ok: false, message: expect.stringMatching(message) });
    expect(JSON.stringify(reading)).not.toContain(CANARY);
  });

  it('refuses kinds that a vendor does not take, and says which it does', () => {
    const aws = readCredential(`${ID}:${CANARY}`);
    expect(aws).toEqual({
      ok: false,
      message: 'The credential is an AWS access key.',
      hint: 'Write an API key or token as it is sent.',
    });
    expect(readCredential('sk-abc', ['entra_client'])).toMatchObject({
      ok: false,
      message: 'The credential is a plain API key.',
      hint: expect.stringContaining('tenant_id'),
    });
  });

  it('leaves a vendor of plain keys what only looks like JSON', () => {
    expect(readCredential('{x}')).toMatchObject({ ok: true, credential: { kind: 'plain' } });
  });

  it('never throws, and never shows a secret', () => {
    const value = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .dictionary(
          fc.constantFrom(
            'access_key_id',
            'secret_access_key',
            'session_token',
            'client_email',
            'private_key',
            'token_uri',
            'tenant_id',
            'token_url',
            'client_id',
            'client_secret',
            'refresh_token',
          ),
          fc.jsonValue(),
        )
        .map((fields) => JSON.stringify(fields)),
    );
    fc.assert(
      fc.property(value, fc.subarray([...CREDENTIAL_KINDS], { minLength: 1 }), (text, kinds) => {
        const reading = readCredential(text, kinds);
        expect(reading.ok && !kinds.includes(reading.credential.kind)).toBe(false);
      }),
    );
    const shown = GOOD.map(([, text]) => JSON.stringify(readCredential(text, CREDENTIAL_KINDS)));
    expect(shown.join('')).not.toContain(CANARY);
  });

  it('lists every secret for those who mask texts', () => {
    const all = GOOD.flatMap(([, text]) => {
      const reading = readCredential(text, CREDENTIAL_KINDS);
      return reading.ok ? secretsOfCredential(reading.credential) : [];
    });
    expect(all).toEqual([
      ID,
      CANARY,
      `ASIA${ID}`,
      CANARY,
      `t+/${CANARY}=`,
      'me@p.iam.gserviceaccount.com',
      'k1',
      PEM,
      CANARY,
      CANARY,
      CANARY,
      's',
      CANARY,
    ]);
  });
});

it.each([
  ['https://bedrock-runtime.eu-central-1.amazonaws.com/openai/v1', 'eu-central-1'],
  ['https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
  ['https://vpce-1a2b-3c.bedrock-runtime.ap-southeast-2.vpce.amazonaws.com', 'ap-southeast-2'],
  ['https://bedrock-runtime.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
  ['https://bedrock-mantle.us-east-1.api.aws/v1', 'us-east-1'],
  ['https://us-east-1.example.com', null],
  ['http://127.0.0.1:9000', null],
  ['no url', null],
])('reads the region of %s', (url, region) => {
  expect(awsRegionOf(url)).toBe(region);
});
