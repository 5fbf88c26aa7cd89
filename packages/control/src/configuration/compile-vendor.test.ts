import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from './compile.ts';
import { type LoadedConfig, loadConfig } from './load-config.ts';
import { createSecretResolver } from './secret-references.ts';

const ENV: Readonly<Record<string, string>> = { A: 'sk-aaaa', B: 'sk-bbbb', C: 'sk-cccc' };

const load = (text: string): LoadedConfig =>
  loadConfig(new TextEncoder().encode(text), 'keywell.yaml', {
    resolveSecret: createSecretResolver({ env: (name) => ENV[name], folder: '/nowhere' }),
    fingerprint: fingerprintOf,
    storedConsumers: [],
    slotOf: () => ({ slot: 0, generation: 1 }),
    version: 1,
    wallNow: Date.UTC(2026, 10, 25),
  });

const FILE = `version: 1
providers:
  - id: claude
    kind: anthropic
    failures:
      - { name: budget, status: [403], message_prefix: "Budget (team)", class: funds_exhausted, scope: node, level: organization, ends: utc_month }
      - { name: hourly, code: [HOURLY], class: window_exhausted_short, scope: node_group, dimension: tokens_hour }
    keys:
      - { id: a, value: "env:A", domain: org-1, limits: [{ dimension: requests_minute, limit: 50, models: ["claude-*"] }, { dimension: spend_day, limit: 12.5, refill: window }] }
      - { id: b, value: "env:B", domain: org-1, limits: [{ dimension: requests_minute, limit: 50, models: ["claude-*"] }, { dimension: spend_day, limit: 12.5, refill: window }] }
      - { id: c, value: "env:C", domain: org-2 }
  - { id: local, kind: ollama, keys: [{ id: none }] }
pools:
  - id: chat
    tiers:
      - targets:
          - { provider: claude, model: claude-opus-4-1-20250805, price: { input: 15, output: 75, cached_input: 1.5 }, context_length: 200000 }
          - { provider: claude, model: claude-opus-4-20250514, limit_group: mine, price: { input: 0.0375, output: 0.15 } }
      - targets: [{ provider: local, model: llama-4 }]
models: [{ alias: smart, pool: chat }]
`;

function snapshotOf(text: string): Snapshot {
  const loaded = load(text);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.snapshot;
}

const swap = (from: string, to: string): string => {
  expect(FILE).toContain(from);
  return FILE.replace(from, to);
};

describe("what a vendor's table and the file say together", () => {
  const snapshot = snapshotOf(FILE);
  const [claude, local] = snapshot.providers;
  const targets = snapshot.pools.flatMap((pool) => pool.tiers.flatMap((tier) => tier.targets));

  it('is where the provider is and how it charges', () => {
    expect(claude?.baseUrl).toBe('https://api.anthropic.com/v1');
    expect(claude?.charge.cachedInput).toBe('excluded');
    expect(local?.baseUrl).toBe('http://127.0.0.1:11434/v1');
    expect(local?.keys[0]?.value).toBeNull();
  });

  it('is the limit group of a model, unless the target names one', () => {
    expect(targets.map(({ group }) => group)).toEqual(['claude-opus-4', 'mine', 'llama-4']);
  });

  it('is a price in micros, cached input priced as input where nothing else is said, and unknown where nothing is', () => {
    expect(targets.map(({ price }) => price)).toEqual([
      { inputMicros: 15_000_000, cachedInputMicros: 1_500_000, outputMicros: 75_000_000 },
      { inputMicros: 37_500, cachedInputMicros: 37_500, outputMicros: 150_000 },
      null,
    ]);
    expect(targets.map(({ contextLength }) => contextLength)).toEqual([200_000, 200_000, null]);
  });

  it('is declared limits, spend in micros', () => {
    const limits = [
      { dimension: 'requests_minute', limit: 50, refill: 'continuous', groups: ['claude-*'] },
      { dimension: 'spend_day', limit: 12_500_000, refill: 'window', groups: [] },
    ];
    expect(claude?.keys.map((key) => key.limits)).toEqual([limits, limits, []]);
  });

  it('is declared refusals as plain data, which survive being written out', () => {
    expect(claude?.failures).toEqual([
      {
        name: 'budget',
        status: [[403, 403]],
        code: [],
        type: [],
        message: String.raw`^Budget \(team\)`,
        class: 'funds_exhausted',
        scope: 'node',
        level: 'organization',
        dimension: null,
        ends: 'utc_month',
      },
      {
        name: 'hourly',
        status: [],
        code: ['hourly'],
        type: [],
        message: null,
        class: 'window_exhausted_short',
        scope: 'node_group',
        level: null,
        dimension: 'tokens_hour',
        ends: 'wait',
      },
    ]);
    expect(JSON.parse(JSON.stringify(claude?.failures))).toEqual(claude?.failures);
  });

  it('changes the hash when it changes', () => {
    const others = [
      swap('utc_month', 'none'),
      swap('output: 75', 'output: 76'),
      swap('limit_group: mine', 'limit_group: ours'),
      FILE.replaceAll('limit: 50,', 'limit: 60,'),
    ];
    const hashes = [FILE, ...others].map((text) => snapshotOf(text).hash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('a wrong declaration', () => {
  it.each([
    [
      'message_prefix: "Budget (team)"',
      'message_pattern: "Budget"',
      'failures[0].message_pattern',
      /begin with "\^"/,
    ],
    [
      'message_prefix: "Budget (team)"',
      'message_pattern: "^(a+)+"',
      'failures[0].message_pattern',
      /inside a quantifier/,
    ],
    [
      'message_prefix: "Budget (team)"',
      'message_pattern: "^(a"',
      'failures[0].message_pattern',
      /not a regular expression/,
    ],
    [
      'message_prefix: "Budget (team)"',
      'message_prefix: x, message_pattern: "^x"',
      'failures[0].message_pattern',
      /not both/,
    ],
    [
      'status: [403], message_prefix: "Budget (team)", ',
      '',
      'failures[0].name',
      /asks about nothing/,
    ],
    ['name: hourly', 'name: budget', 'failures[1].name', /there twice/],
    [
      'class: funds_exhausted',
      'class: funds_exhausd',
      'failures[0].class',
      /did you mean "funds_exhausted"/,
    ],
    ['class: funds_exhausted', 'class: success', 'failures[0].class', /not one of/],
    ['dimension: tokens_hour', 'dimension: tokens', 'failures[1].dimension', /not one of/],
    ['ends: utc_month', 'ends: midnight', 'failures[0].ends', /not one of/],
  ])('of a failure (%s → %s) is refused with its place', (from, to, at, message) => {
    const loaded = load(swap(from, to));
    const problems = loaded.ok ? [] : loaded.problems;
    const found = problems.find((problem) => problem.path === `providers[0].${at}`);
    expect(found ?? problems).toMatchObject({ file: 'keywell.yaml' });
    expect(found?.message).toMatch(message);
    expect(found?.hint).not.toBe('');
  });

  it('of limits that contradict each other in one domain is refused at the second key', () => {
    const loaded = load(FILE.replace('limit: 50,', 'limit: 60,'));
    const problems = loaded.ok ? [] : loaded.problems;
    expect(problems).toMatchObject([{ path: 'providers[0].keys[1].limits' }]);
    const missing = load(swap('domain: org-2', 'domain: org-1'));
    expect(missing.ok ? [] : missing.problems).toMatchObject([{ path: 'providers[0].keys[2].id' }]);
  });

  it('that reads a message under any status is a warning: a 400 may quote the prompt', () => {
    const loaded = load(swap('status: [403], message_prefix', 'message_prefix'));
    const warnings = loaded.ok ? loaded.warnings : [];
    expect(warnings.map((warning) => warning.path)).toContain('providers[0].failures[0].name');
  });

  it('of a key without a value is refused where the vendor needs one, and of a base URL where it has none', () => {
    expect(load(swap('value: "env:C", ', '')).ok).toBe(false);
    const vertex = load(swap('kind: anthropic', 'kind: vertex'));
    expect(vertex.ok ? [] : vertex.problems).toMatchObject([{ path: 'providers[0].base_url' }]);
  });
});
