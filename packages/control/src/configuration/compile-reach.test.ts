import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from './compile.ts';
import { describeSnapshot } from './describe-snapshot.ts';
import { decodeLastGood, encodeLastGood } from './last-good.ts';
import { type LoadedConfig, loadConfig } from './load-config.ts';
import { createSecretResolver, secretFiles } from './secret-references.ts';
import { Secret } from '@keywell/core/secret/secret';
import type { SecretSealer } from '../ports/stores.ts';

const CANARY = 'team-canary-4711';
const ENV: Readonly<Record<string, string>> = { A: 'sk-aaaa', TEAM: CANARY };

const load = (provider: string): LoadedConfig =>
  loadConfig(
    new TextEncoder().encode(`version: 1
providers:
  - id: host
    kind: openai-compatible
    base_url: https://llm.example/v1
${provider}
    keys: [{ id: a, value: "env:A", domain: org-1 }]
pools: [{ id: chat, tiers: [{ targets: [{ provider: host, model: m }] }] }]
models: [{ alias: smart, pool: chat }]
`),
    'keywell.yaml',
    {
      resolveSecret: createSecretResolver({ env: (name) => ENV[name], folder: '/nowhere' }),
      fingerprint: fingerprintOf,
      storedConsumers: [],
      slotOf: () => ({ slot: 0, generation: 1 }),
      wallNow: Date.UTC(2026, 10, 25),
      version: 1,
    },
  );

function loaded(provider: string): LoadedConfig & { ok: true } {
  const answer = load(provider);
  if (!answer.ok) throw new Error(JSON.stringify(answer.problems));
  return answer;
}

describe('how a provider is reached', () => {
  it('is as the file says', () => {
    const { snapshot, warnings } = loaded(`    auth: { kind: header, name: X-Token, scheme: Key }
    dialects: [anthropic-messages, openai-chat]
    headers: { X-Title: "my team", x-team: "env:TEAM" }
    api_version: 2025-04-01-preview`);
    const [provider] = snapshot.providers;
    expect(provider).toMatchObject({
      auth: { kind: 'header', name: 'x-token', scheme: 'Key' },
      dialects: ['anthropic-messages', 'openai-chat'],
      apiVersion: '2025-04-01-preview',
    });
    expect(provider?.headers?.map(({ name, value }) => [name, value.reveal()])).toEqual([
      ['x-title', 'my team'],
      ['x-team', CANARY],
    ]);
    expect(warnings).toEqual([]);
  });

  it('is not in the record where the file leaves it to the vendor', () => {
    const [provider] = loaded('').snapshot.providers;
    for (const field of ['auth', 'dialects', 'headers', 'apiVersion'])
      expect(provider).not.toHaveProperty(field);
  });

  it('is described without the values of headers, and a new value is another configuration', () => {
    const one = loaded('    headers: { x-team: "env:TEAM" }').snapshot;
    const described = JSON.stringify(describeSnapshot(one));
    expect(described).toContain('x-team');
    expect(`${described}${inspect(one, { depth: 9 })}`).not.toContain('canary');
    expect(loaded('    headers: { x-team: other }').snapshot.hash).not.toBe(one.hash);
    expect(loaded(`    headers: { x-team: ${CANARY} }`).snapshot.hash).toBe(one.hash);
    expect(loaded('    auth: { kind: query, name: key }').snapshot.hash).not.toBe(
      loaded('    auth: { kind: query, name: token }').snapshot.hash,
    );
  });

  it.each([
    ['a header without a name', 'auth: { kind: header }', 'auth.kind', /where the key goes/],
    ['a parameter without a name', 'auth: { kind: query }', 'auth.kind', /where the key goes/],
    ['a bearer with a name', 'auth: { kind: bearer, name: x }', 'auth.name', /no name of its own/],
    [
      'a word before a parameter',
      'auth: { kind: query, name: k, scheme: K }',
      'auth.scheme',
      /word/,
    ],
    ['a key in a framing header', 'auth: { kind: header, name: Host }', 'auth.name', /cannot go/],
    [
      'a kind of authentication that is not known',
      'auth: { kind: sigv5 }',
      'auth.kind',
      /one of bearer/,
    ],
    ['a dialect that is not known', 'dialects: [openai]', 'dialects[0]', /one of openai-chat/],
    ['a dialect twice', 'dialects: [gemini, gemini]', 'dialects[1]', /twice/],
    ['no dialect', 'dialects: []', 'dialects', /empty/],
    [
      'a hop-by-hop header',
      'headers: { Transfer-Encoding: chunked }',
      'headers.Transfer-Encoding',
      /cannot be declared/,
    ],
    [
      'a credential for everybody',
      'headers: { authorization: "Bearer x" }',
      'headers.authorization',
      /cannot be declared/,
    ],
    ['a cookie', 'headers: { Cookie: a }', 'headers.Cookie', /cannot be declared/],
    [
      'a header of Keywell',
      'headers: { keywell-tags: a }',
      'headers.keywell-tags',
      /cannot be declared/,
    ],
    ['a name that is no token', 'headers: { "x y": a }', 'headers.…', /cannot be declared/],
    ['a header twice', 'headers: { x-a: "1", X-A: "2" }', 'headers.X-A', /twice/],
    [
      'a line break in a value',
      'headers: { x-a: "1\\r\\nhost: evil" }',
      'headers.x-a',
      /cannot stand/,
    ],
    [
      'a header whose reference leads nowhere',
      'headers: { x-a: "env:NONE" }',
      'headers.x-a',
      /NONE|environment/,
    ],
    ['a version that is none', 'api_version: "2024&x=1"', 'api_version', /written/],
  ])('is refused with %s', (_, line, path, message) => {
    const answer = load(`    ${line}`);
    const problems = answer.ok ? [] : answer.problems;
    expect(problems.map((each) => each.path)).toContain(`providers[0].${path}`);
    expect(problems.map((each) => each.message).join('\n')).toMatch(message);
    for (const { hint, line: at } of problems) expect([hint !== '', at > 0]).toEqual([true, true]);
    expect(JSON.stringify(problems)).not.toContain('evil');
  });
});

it('files that headers name are watched like those of keys', () => {
  const { config } = loaded('');
  const providers = config.providers.map((each) => ({ ...each, headers: { x: 'file:team.txt' } }));
  expect(secretFiles(providers, '/etc')).toEqual(['/etc/team.txt']);
});

describe('the last good configuration', () => {
  const turned = (text: string): string => text.split('').toReversed().join('');
  const sealer: SecretSealer = {
    seal: (secret, place) => `${place.rowId}|${turned(secret.reveal())}`,
    open: (sealed, place) =>
      sealed.startsWith(`${place.rowId}|`)
        ? { ok: true, secret: new Secret(turned(sealed.slice(place.rowId.length + 1))) }
        : { ok: false, message: 'it belongs to another place' },
  };

  it('keeps literal values of headers sealed, and references as they are', () => {
    const { config } = loaded(`    headers: { x-team: ${CANARY}, x-other: "env:TEAM" }`);
    const saved = encodeLastGood(config, '/etc/keywell.yaml', sealer);
    expect(saved).not.toContain(CANARY);
    expect(saved).toContain('env:TEAM');
    const opened = decodeLastGood(saved, sealer);
    expect(opened.ok && opened.value).toMatchObject({
      providers: [{ headers: { 'x-team': CANARY, 'x-other': 'env:TEAM' } }],
    });
    const moved = saved.replace('host/header/x-team|', 'host/header/x-else|');
    expect(decodeLastGood(moved, sealer).ok).toBe(false);
  });
});
