import { describe, expect, it } from 'vitest';
import { CANARY, GOOD, HASH, load, swap } from './config-text.contract.ts';
import { fingerprintOf } from './compile.ts';

describe('a wrong file', () => {
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
