import { describe, expect, it } from 'vitest';
import { fingerprintOf } from './compile.ts';
import { type LoadedConfig, loadConfig } from './load-config.ts';
import { createSecretResolver } from './secret-references.ts';

const CANARY = 'sk-canary-Zx81kQ0pLm';
const HASH = `kwh_${'ab'.repeat(32)}`;
const ENV: Readonly<Record<string, string>> = { KEY_A: 'sk-aaaa', KEY_B: 'sk-bbbb', BLANK: ' ' };

const load = (text: string | Uint8Array): LoadedConfig =>
  loadConfig(typeof text === 'string' ? new TextEncoder().encode(text) : text, 'keywell.yaml', {
    resolveSecret: createSecretResolver({ env: (name) => ENV[name], folder: '/nowhere' }),
    fingerprint: fingerprintOf,
    storedConsumers: [],
    slotOf: () => ({ slot: 0, generation: 1 }),
    version: 7,
    wallNow: Date.UTC(2026, 10, 25),
  });

const GOOD = `version: 1
providers:
  - id: openai
    kind: openai
    keys:
      - { id: a, value: "env:KEY_A", domain: org-1 }
      - { id: b, value: "env:KEY_B", domain: org-2/project-a, weight: 2, models: ["gpt-*"] }
pools:
  - id: chat
    tiers:
      - targets: [{ provider: openai, model: gpt-5 }]
models:
  - { alias: smart, pool: chat }
consumers:
  - { id: web, key_hash: ${HASH}, models: [smart], limits: { requests_per_minute: 100 } }
`;
const swap = (from: string, to: string): string => {
  expect(GOOD).toContain(from);
  return GOOD.replace(from, to);
};

interface Wrong {
  readonly name: string;
  readonly text: string | Uint8Array;
  readonly at: `${number}:${number}`;
  readonly path: string;
  readonly message: RegExp;
  readonly hint: RegExp;
}

const KEY_A = 'value: "env:KEY_A", domain: org-1';
const WRONG: readonly Wrong[] = [
  {
    name: 'a misspelt field',
    text: swap('    kind', '    kindd'),
    at: '4:5',
    path: 'providers[0].kindd',
    message: /no field "kindd"/,
    hint: /Did you mean "kind"/,
  },
  {
    name: 'a misspelt list',
    text: swap('pools:', 'pool:'),
    at: '8:1',
    path: 'pool',
    message: /no field "pool" at the top/,
    hint: /Did you mean "pools"/,
  },
  {
    name: 'an unknown field nothing resembles',
    text: swap(KEY_A, `${KEY_A}, colour: red`),
    at: '6:53',
    path: 'providers[0].keys[0].colour',
    message: /no field "colour"/,
    hint: /Known here: id, value, domain/,
  },
  {
    name: '__proto__ as a field',
    text: swap('alias: smart', '__proto__: { a: 1 }, alias: smart'),
    at: '13:7',
    path: '',
    message: /not the name of a field/,
    hint: /plain words/,
  },
  {
    name: 'a missing field',
    text: swap('alias: smart, ', ''),
    at: '13:5',
    path: 'models[0].alias',
    message: /"alias" is missing/,
    hint: /model name/,
  },
  {
    name: 'a wrong version',
    text: swap('version: 1', 'version: 2'),
    at: '1:10',
    path: 'version',
    message: /is not 1/,
    hint: /Write 1/,
  },
  {
    name: 'a number in text',
    text: swap('weight: 2', 'weight: two'),
    at: '7:71',
    path: 'providers[0].keys[1].weight',
    message: /is text, not a number/,
    hint: /above 0/,
  },
  {
    name: 'an upper-case id',
    text: swap('id: chat', 'id: Chat'),
    at: '9:9',
    path: 'pools[0].id',
    message: /not written as it must/,
    hint: /lower-case/,
  },
  {
    name: 'a misspelt choice',
    text: swap('id: chat', 'id: chat\n    retry_ambiguous: nevr'),
    at: '10:22',
    path: 'pools[0].retry_ambiguous',
    message: /not one of once, never \(did you mean "never"/,
    hint: /"once" or "never"/,
  },
  {
    name: 'a duration beyond its range',
    text: swap('id: chat', 'id: chat\n    connect_timeout_ms: 1'),
    at: '10:25',
    path: 'pools[0].connect_timeout_ms',
    message: /too small/,
    hint: /from 50 to 60000/,
  },
  {
    name: 'a half duration',
    text: swap('id: chat', 'id: chat\n    connect_timeout_ms: 99.5'),
    at: '10:25',
    path: 'pools[0].connect_timeout_ms',
    message: /not a whole number/,
    hint: /whole number/,
  },
  {
    name: 'an empty list of keys',
    text: GOOD.replace(/keys:\n.*\n.*\n/, 'keys: []\n'),
    at: '5:11',
    path: 'providers[0].keys',
    message: /is empty/,
    hint: /at least one key/,
  },
  {
    name: 'a target of an unknown provider',
    text: swap('provider: openai,', 'provider: opnai,'),
    at: '11:31',
    path: 'pools[0].tiers[0].targets[0].provider',
    message: /no provider "opnai"/,
    hint: /Did you mean "openai"/,
  },
  {
    name: 'a target with an unknown key',
    text: swap('model: gpt-5', 'model: gpt-5, keys: [c]'),
    at: '11:60',
    path: 'pools[0].tiers[0].targets[0].keys[0]',
    message: /has no key "c"/,
    hint: /Known: a, b|Did you mean/,
  },
  {
    name: 'a pool whose targets select no key',
    text: swap('domain: org-1', 'domain: org-1, models: ["o1*"]').replace(
      'model: gpt-5',
      'model: claude',
    ),
    at: '11:46',
    path: 'pools[0].tiers[0].targets[0].model',
    message: /No key of "openai" may serve/,
    hint: /models/,
  },
  {
    name: 'an alias of an unknown pool',
    text: swap('pool: chat', 'pool: chatt'),
    at: '13:27',
    path: 'models[0].pool',
    message: /no pool "chatt"/,
    hint: /Did you mean "chat"/,
  },
  {
    name: 'two equal aliases',
    text: swap(
      '  - { alias: smart, pool: chat }',
      '  - { alias: smart, pool: chat }\n  - { alias: smart, pool: chat }',
    ),
    at: '14:14',
    path: 'models[1].alias',
    message: /there twice/,
    hint: /entry 1/,
  },
  {
    name: 'a key alias twice',
    text: swap('id: b', 'id: a'),
    at: '7:15',
    path: 'providers[0].keys[1].id',
    message: /key "a" is there twice/,
    hint: /Rename/,
  },
  {
    name: 'one reference in two keys',
    text: swap('env:KEY_B', 'env:KEY_A'),
    at: '7:25',
    path: 'providers[0].keys[1].value',
    message: /same value/,
    hint: /"a" is the same key/,
  },
  {
    name: 'a malformed key hash',
    text: swap(HASH, 'kwh_123'),
    at: '15:26',
    path: 'consumers[0].key_hash',
    message: /not written as it must/,
    hint: /64 hex digits/,
  },
  {
    name: 'a consumer of an unknown model',
    text: swap('models: [smart]', 'models: [smrt]'),
    at: '15:105',
    path: 'consumers[0].models[0]',
    message: /no model alias "smrt"/,
    hint: /Did you mean "smart"/,
  },
  {
    name: 'a model with half of an emoji in its name, which no URL can hold',
    text: swap('model: gpt-5', 'model: "gpt-\\ud83d"'),
    at: '11:46',
    path: 'pools[0].tiers[0].targets[0].model',
    message: /not written as it must be/,
    hint: /a model name such as "gpt-5"/,
  },
  {
    name: 'an alias with half of an emoji',
    text: swap('alias: smart', 'alias: "smart\\udc00"'),
    at: '13:14',
    path: 'models[0].alias',
    message: /not written as it must be/,
    hint: /a model name such as "smart"/,
  },
  {
    name: 'a base URL of another scheme',
    text: swap('kind: openai', 'kind: openai\n    base_url: ftp://x/v1'),
    at: '5:15',
    path: 'providers[0].base_url',
    message: /not an http or https URL/,
    hint: /https:\/\/api/,
  },
  {
    name: 'a base URL with a password',
    text: swap('kind: openai', `kind: openai\n    base_url: https://u:${CANARY}@x/v1`),
    at: '5:15',
    path: 'providers[0].base_url',
    message: /user or a password/,
    hint: /env:NAME/,
  },
  {
    name: 'a base URL with a query',
    text: swap('kind: openai', `kind: openai\n    base_url: https://x/v1?key=${CANARY}`),
    at: '5:15',
    path: 'providers[0].base_url',
    message: /query or a fragment/,
    hint: /https:\/\/api/,
  },
  {
    name: 'an unknown kind',
    text: swap('kind: openai', 'kind: opena'),
    at: '4:11',
    path: 'providers[0].kind',
    message: /not known/,
    hint: /Did you mean "openai"/,
  },
  {
    name: 'a host without a base URL',
    text: swap('kind: openai', 'kind: openai-compatible'),
    at: '3:5',
    path: 'providers[0].base_url',
    message: /needs a base_url/,
    hint: /127\.0\.0\.1/,
  },
  {
    name: 'an openai key without a value',
    text: swap('value: "env:KEY_A", ', ''),
    at: '6:9',
    path: 'providers[0].keys[0].value',
    message: /needs a value/,
    hint: /env:NAME/,
  },
  {
    name: 'a variable that is not set',
    text: swap('KEY_A', 'KEY_X'),
    at: '6:25',
    path: 'providers[0].keys[0].value',
    message: /KEY_X is not set/,
    hint: /[Ss]et it/,
  },
  {
    name: 'a blank variable',
    text: swap('KEY_A', 'BLANK'),
    at: '6:25',
    path: 'providers[0].keys[0].value',
    message: /blank/,
    hint: /[Gg]ive it a value/,
  },
  {
    name: 'a secret file that is missing',
    text: swap('env:KEY_A', 'file:keys/a'),
    at: '6:25',
    path: 'providers[0].keys[0].value',
    message: /\/nowhere\/keys\/a cannot be used/,
    hint: /Create it/,
  },
  {
    name: 'a shell variable',
    text: swap('"env:KEY_A"', '"${KEY_A}"'),
    at: '6:25',
    path: 'providers[0].keys[0].value',
    message: /not replaced here/,
    hint: /env:NAME/,
  },
  {
    name: 'a placeholder',
    text: swap('env:KEY_A', 'changeme'),
    at: '6:25',
    path: 'providers[0].keys[0].value',
    message: /placeholder/,
    hint: /real value/,
  },
  {
    name: 'a vault reference',
    text: swap('env:KEY_A', 'vault:secret/x'),
    at: '6:25',
    path: 'providers[0].keys[0].value',
    message: /not known/,
    hint: /env:NAME or file:path/,
  },
  {
    name: 'a credential as an id',
    text: swap('id: a,', `id: ${CANARY},`),
    at: '6:15',
    path: 'providers[0].keys[0].id',
    message: /not written/,
    hint: /lower-case/,
  },
  {
    name: 'a credential as a number field',
    text: swap('weight: 2', `weight: ${CANARY}`),
    at: '7:71',
    path: 'providers[0].keys[1].weight',
    message: /is text/,
    hint: /above 0/,
  },
  {
    name: 'a duplicate field',
    text: swap('version: 1', 'version: 1\nversion: 1'),
    at: '2:1',
    path: '',
    message: /there twice/,
    hint: /Remove one/,
  },
  {
    name: 'two documents',
    text: `${GOOD}---\nversion: 1\n`,
    at: '16:1',
    path: '',
    message: /more than one document/,
    hint: /---/,
  },
  {
    name: 'an open bracket',
    text: swap('models: ["gpt-*"] }', 'models: ["gpt-*"'),
    at: '8:1',
    path: '',
    message: /missing here|not valid YAML|indentation/,
    hint: /./,
  },
  {
    name: 'a tab as indentation',
    text: swap('    kind', '\tkind'),
    at: '4:1',
    path: '',
    message: /tab|YAML/,
    hint: /./,
  },
  {
    name: 'a tag',
    text: swap('id: chat', 'id: !!js/function chat'),
    at: '9:9',
    path: '',
    message: /Tags/,
    hint: /Remove the tag/,
  },
  {
    name: 'an empty file',
    text: '# nothing\n',
    at: '0:0',
    path: '',
    message: /empty/,
    hint: /version: 1/,
  },
  {
    name: 'a list at the top',
    text: '- 1\n',
    at: '1:1',
    path: '',
    message: /is a list, not a map/,
    hint: /^$/,
  },
  {
    name: 'bytes that are no UTF-8',
    text: Uint8Array.of(0x61, 0xff, 0xfe),
    at: '0:0',
    path: '',
    message: /UTF-8/,
    hint: /Save/,
  },
  {
    name: 'a file that is too large',
    text: new Uint8Array(4 * 1024 * 1024 + 1).fill(0x20),
    at: '0:0',
    path: '',
    message: /larger than 4 MiB/,
    hint: /./,
  },
  {
    name: 'brackets without end',
    text: `a: ${'['.repeat(100_000)}`,
    at: '0:0',
    path: '',
    message: /nests deeper/,
    hint: /flatter/,
  },
  {
    name: 'lists in lists in one line',
    text: `${'- '.repeat(50_000)}a`,
    at: '0:0',
    path: '',
    message: /nests/,
    hint: /flatter/,
  },
  {
    name: 'an alert for a pool that is not there',
    text: `${GOOD}alerts: [{ id: low, pool: chta, below_percent: 5 }]\n`,
    at: '16:27',
    path: 'alerts[0].pool',
    message: /no pool "chta"/,
    hint: /Did you mean "chat"/,
  },
  {
    name: 'an alert that would never be raised',
    text: `${GOOD}alerts: [{ id: low }]\n`,
    at: '16:16',
    path: 'alerts[0].id',
    message: /no threshold/,
    hint: /below_percent/,
  },
];

describe('a wrong file', () => {
  it.each(WRONG)('with $name is refused with its place and what would be right', (wrong) => {
    const loaded = load(wrong.text);
    expect(loaded.ok).toBe(false);
    const problems = loaded.ok ? [] : loaded.problems;
    const [line, column] = wrong.at.split(':').map(Number);
    const found = problems.find(
      (each) => wrong.message.test(each.message) && each.path === wrong.path,
    );
    expect(found ?? problems).toMatchObject({
      file: 'keywell.yaml',
      line,
      column,
    });
    expect(found?.hint).toMatch(wrong.hint);
    expect(JSON.stringify(problems)).not.toContain(CANARY);
  });

  it('is told all its problems at once, in the order of the file, mistakes of shape and of reference alike', () => {
    const text = swap('kind: openai', 'kindd: openai')
      .replace('env:KEY_A', 'env:KEY_X')
      .replace('pool: chat', 'pool: nope')
      .replace('models: [smart]', 'models: [other]');
    const loaded = load(text);
    const problems = loaded.ok ? [] : loaded.problems;
    expect(problems.map((each) => `${each.line} ${each.path}`)).toEqual([
      '3 providers[0].kind',
      '4 providers[0].kindd',
      '6 providers[0].keys[0].value',
      '13 models[0].pool',
      '15 consumers[0].models[0]',
    ]);
  });

  it('cannot make the reader repeat anchors without end', () => {
    const levels = Array.from({ length: 30 }, (_, i) =>
      i === 0 ? 'x0: &x0 [a, a, a, a, a, a, a, a]' : `x${i}: &x${i} [${`*x${i - 1}, `.repeat(8)}]`,
    );
    const startedAt = performance.now();
    const loaded = load(levels.join('\n'));
    expect(loaded.ok).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});

describe('a good file', () => {
  it('is compiled with every default filled in', () => {
    const loaded = load(GOOD);
    expect(loaded.ok ? loaded.warnings : loaded.problems).toEqual([]);
    if (!loaded.ok) return;
    const { hash, ...rest } = loaded.snapshot;
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.parse(JSON.stringify(rest))).toMatchObject({
      version: 7,
      providers: [
        {
          id: 'openai',
          kind: 'openai',
          baseUrl: 'https://api.openai.com/v1',
          streamUsage: true,
          keys: [
            {
              id: 'a',
              value: '[secret]',
              fingerprint: fingerprintOf('sk-aaaa'),
              domain: ['org-1'],
              weight: 1,
              models: [],
              organization: null,
              project: null,
            },
            {
              id: 'b',
              value: '[secret]',
              fingerprint: fingerprintOf('sk-bbbb'),
              domain: ['org-2', 'project-a'],
              weight: 2,
              models: ['gpt-*'],
              organization: null,
              project: null,
            },
          ],
        },
      ],
      pools: [
        {
          id: 'chat',
          tiers: [{ targets: [{ provider: 'openai', model: 'gpt-5', weight: 1, keys: [] }] }],
          deadlineMs: 600_000,
          connectTimeoutMs: 5000,
          firstByteTimeoutMs: 300_000,
          idleTimeoutMs: 120_000,
          maxStreamDurationMs: 3_600_000,
          retryAmbiguous: 'once',
          maxWaitMs: 0,
        },
      ],
      models: [{ alias: 'smart', pool: 'chat' }],
      consumers: [
        {
          id: 'web',
          keyHashes: ['ab'.repeat(32)],
          models: ['smart'],
          requestsPerMinute: 100,
          enabled: true,
          slot: 0,
          generation: 1,
        },
      ],
      traffic: {
        maxBodyBytes: 33_554_432,
        maxResponseBytes: 67_108_864,
        maxConnections: 20_000,
        headersTimeoutMs: 10_000,
        bodyIdleTimeoutMs: 30_000,
        slowReaderTimeoutMs: 60_000,
        shutdownGraceMs: 30_000,
      },
    });
    expect(loaded.config.log).toEqual({
      enabled: true,
      retention_days: 30,
      max_queued_rows: 20_000,
    });
  });

  it('warns an hour or a tenth before a pool is dry, unless it says otherwise', () => {
    const alertsOf = (text: string) => {
      const loaded = load(text);
      return loaded.ok ? loaded.snapshot.alerts : loaded.problems;
    };
    expect(alertsOf(GOOD)).toEqual([
      { id: 'running-low', pool: null, belowPercent: 10, etaBelowMs: 3_600_000 },
    ]);
    expect(alertsOf(`${GOOD}alerts: []\n`)).toEqual([]);
    expect(alertsOf(`${GOOD}alerts: [{ id: a, pool: chat, below_percent: 2.5 }]\n`)).toEqual([
      { id: 'a', pool: 'chat', belowPercent: 2.5, etaBelowMs: null },
    ]);
  });

  it('may be JSON, with tabs, and compiles to the same', () => {
    const value = {
      version: 1,
      providers: [
        {
          id: 'openai',
          kind: 'openai',
          keys: [
            { id: 'a', value: 'env:KEY_A', domain: 'org-1' },
            {
              id: 'b',
              value: 'env:KEY_B',
              domain: 'org-2/project-a',
              weight: 2,
              models: ['gpt-*'],
            },
          ],
        },
      ],
      pools: [{ id: 'chat', tiers: [{ targets: [{ provider: 'openai', model: 'gpt-5' }] }] }],
      models: [{ alias: 'smart', pool: 'chat' }],
      consumers: [
        { id: 'web', key_hash: HASH, models: ['smart'], limits: { requests_per_minute: 100 } },
      ],
    };
    const [yaml, json] = [load(GOOD), load(JSON.stringify(value, null, '\t'))];
    expect(json.ok && yaml.ok && json.snapshot.hash === yaml.snapshot.hash).toBe(true);
  });

  it('finds places inside what an anchor repeats', () => {
    const text = swap('tiers:', 'tiers: &t')
      .replace('models:\n', '  - { id: two, tiers: *t }\nmodels:\n')
      .replace('provider: openai,', 'provider: nope,');
    const loaded = load(text);
    expect(loaded.ok ? [] : loaded.problems.map((each) => each.line)).toEqual([11, 11]);
  });

  it.each([
    ['a literal credential', swap('env:KEY_A', CANARY), /credential itself/],
    ['keys that all share one domain', swap('org-2/project-a', 'org-1'), /share one quota domain/],
    [
      'keys of one organization, in projects of their own',
      swap('domain: org-1', 'domain: org-2/project-b'),
      /share one quota domain/,
    ],
    [
      'a fallback on the same accounts',
      swap(
        'model: gpt-5 }]\n',
        'model: gpt-5 }]\n      - targets: [{ provider: openai, model: gpt-5-mini, keys: [a] }]\n',
      ),
      /fallback only uses accounts that the tiers above use/,
    ],
    ['one credential behind two references', swap('env:KEY_B', 'sk-aaaa'), /same credential/],
    [
      'a pattern that matches nothing',
      swap('models: [smart]', 'models: [smart, "x*"]'),
      /matches no model alias/,
    ],
    ['a consumer that may call nothing', swap('models: [smart]', 'models: []'), /no model at all/],
    [
      'an unencrypted host',
      swap('kind: openai', 'kind: openai\n    base_url: http://example.com/v1'),
      /unencrypted/,
    ],
  ])('with %s works and is warned about', (_, text, warning) => {
    const loaded = load(text);
    const warnings = loaded.ok ? loaded.warnings : [];
    expect(warnings.map((each) => each.message).join('\n')).toMatch(warning);
    expect(warnings.every((each) => each.line > 0)).toBe(true);
    expect(JSON.stringify(loaded.ok ? [loaded.snapshot, warnings] : loaded)).not.toContain(CANARY);
  });

  it('says how long calls wait, and who shares with whom', () => {
    const text = swap(
      '  - id: chat\n',
      '  - id: chat\n    max_wait_ms: 9000\n    spill_after_ms: 500\n    max_waiting: 20\n',
    );
    const consumer = (id: string, more: string): string =>
      `  - { id: ${id}, key_hash: kwh_${id.charCodeAt(0).toString(16).repeat(32)}, models: [smart]${more} }\n`;
    const loaded = load(
      text +
        consumer('a', ', organization: x, team: t, weight: 7, priority: 3') +
        consumer('b', ', organization: x') +
        consumer('c', ', team: x'),
    );
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const { pools, consumers } = loaded.snapshot;
    expect(pools[0]).toMatchObject({ maxWaitMs: 9000, spillAfterMs: 500, maxWaiting: 20 });
    expect(
      consumers.map(({ sharePath, weight, priority }) => ({ sharePath, weight, priority })),
    ).toEqual([
      { sharePath: ['web'], weight: 1, priority: 0 },
      { sharePath: ['x', 't', 'a'], weight: 7, priority: 3 },
      { sharePath: ['x', 'b'], weight: 1, priority: 0 },
      // Not beside those of the organization of that name.
      { sharePath: ['~x', 'c'], weight: 1, priority: 0 },
    ]);
  });

  it('has a hash that follows a secret and is blind to how it is referred to', () => {
    const hashOf = (text: string): string => {
      const loaded = load(text);
      return loaded.ok ? loaded.snapshot.hash : 'refused';
    };
    expect(hashOf(swap('env:KEY_A', 'sk-aaaa'))).toBe(hashOf(GOOD));
    expect(hashOf(swap('env:KEY_A', 'sk-other'))).not.toBe(hashOf(GOOD));
  });
});
