import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from './compile.ts';
import { loadConfig } from './load-config.ts';
import { createSecretResolver } from './secret-references.ts';

const CANARY = 'canary-Zx81kQ0pLm';
const AWS_ID = `AKIA${'1'.repeat(16)}`;
const AWS = `${AWS_ID}:${CANARY}`;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const serviceAccount = (privateKey: string): string =>
  JSON.stringify({ client_email: 'a@b.iam.gserviceaccount.com', private_key: privateKey }, null, 2);
const pem = (key: typeof rsa): string => key.export({ type: 'pkcs8', format: 'pem' });

function load(value: string, provider: string) {
  const text = `version: 1
providers:
  - { id: p, ${provider}, keys: [{ id: a, value: "env:KEY" }] }
pools: [{ id: chat, tiers: [{ targets: [{ provider: p, model: m }] }] }]
models: [{ alias: smart, pool: chat }]
`;
  return loadConfig(new TextEncoder().encode(text), 'keywell.yaml', {
    resolveSecret: createSecretResolver({ env: () => value, folder: '/nowhere' }),
    fingerprint: fingerprintOf,
    storedConsumers: [],
    slotOf: () => ({ slot: 0, generation: 1 }),
    version: 1,
    wallNow: 0,
  });
}

const BEDROCK = 'kind: bedrock, base_url: "https://bedrock-runtime.eu-central-1.amazonaws.com"';
const LOCAL_BEDROCK = 'kind: bedrock, base_url: "http://127.0.0.1:9000"';
const VERTEX = 'kind: vertex, base_url: "https://us-east1-aiplatform.googleapis.com/v1"';
const AZURE = 'kind: azure-openai, base_url: "https://r.openai.azure.com/openai/v1"';

describe('a key that is no plain credential', () => {
  it.each([
    ['an AWS access key', AWS, BEDROCK],
    [
      'an AWS access key with its region',
      JSON.stringify({
        access_key_id: AWS_ID,
        secret_access_key: CANARY,
        region: 'eu-west-1',
      }),
      LOCAL_BEDROCK,
    ],
    ['a service account in several lines', serviceAccount(pem(rsa)), VERTEX],
    [
      'an Entra application',
      JSON.stringify({ tenant_id: 't', client_id: 'c', client_secret: CANARY }),
      AZURE,
    ],
  ])('is taken by the vendor that knows it: %s', (_name, value, provider) => {
    const loaded = load(value, provider);
    expect(loaded).toMatchObject({ ok: true });
  });

  it.each<readonly [string, string, string, readonly [RegExp, RegExp]]>([
    ['by a vendor of plain keys', AWS, 'kind: openai', [/is an AWS access key/, /an API key/]],
    [
      'where no region is known',
      AWS,
      LOCAL_BEDROCK,
      [/region of this key is not known/, /base_url/],
    ],
    [
      'with a private key of another kind',
      serviceAccount(pem(ec)),
      VERTEX,
      [/no RSA key that can be read/, /whole JSON file/],
    ],
    [
      'with half a private key',
      serviceAccount(`-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----`),
      VERTEX,
      [/no RSA key that can be read/, /whole JSON file/],
    ],
    [
      'without its secret',
      JSON.stringify({ tenant_id: CANARY, client_id: CANARY }),
      AZURE,
      [/needs a client_secret/, /tenant_id, client_id and client_secret/],
    ],
  ])(
    'is refused %s, in words that hold nothing of it',
    (_name, value, provider, [message, hint]) => {
      const loaded = load(value, provider);
      expect(loaded).toMatchObject({
        ok: false,
        problems: [
          {
            path: 'providers[0].keys[0].value',
            message: expect.stringMatching(message),
            hint: expect.stringMatching(hint),
          },
        ],
      });
      expect(JSON.stringify(loaded)).not.toContain(CANARY);
    },
  );
});
