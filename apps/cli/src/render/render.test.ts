import { snakeCased } from '@keywell/contract/admin/snake-case';
import { describe, expect, it } from 'vitest';
import { FORECAST, RECORD } from '../../../../packages/control/src/http/admin-world.contract.ts';
import { renderAlerts } from './alerts-table.ts';
import { clean } from './clean.ts';
import { renderConsumers } from './consumers-table.ts';
import { showBytes, showCountdown, showDuration, showInstant } from './duration.ts';
import { renderForecast, showAmount } from './forecast-table.ts';
import { renderKeys } from './keys-table.ts';
import { renderLogs } from './logs-table.ts';
import { renderCatalogue, renderModels } from './models-table.ts';
import { showCost } from './money.ts';
import { createPaint } from './paint.ts';
import { renderPools } from './pools-table.ts';
import { renderChanges, renderProblem } from './problems.ts';
import { renderTimeline } from './timeline.ts';

const plain = createPaint(false);
const lines = (...each: readonly string[]): string => `${each.join('\n')}\n`;

const cooldown = (over: object = {}) => ({
  scope_id: 'node:openai/org-1',
  scope: 'node',
  class: 'funds_exhausted',
  dimension: 'spend',
  ends_in_ms: 134_000,
  authoritative: true,
  evidence: 'body.code=insufficient_quota',
  ...over,
});
const key = (id: string, over: object = {}) => ({
  provider: 'openai',
  key: id,
  fingerprint: '0a1b2c3d',
  domain: 'openai/org-1',
  domain_source: 'pinned' as const,
  weight: 1,
  in_flight: 0,
  attempts: 12,
  successes: 10,
  failures: 2,
  state: 'ready' as const,
  cooldowns: [],
  ...over,
});

describe('the forecast', () => {
  const forecast = snakeCased(FORECAST);

  it('shows what is left, how fast it goes and when it ends', () => {
    expect(renderForecast([forecast], plain)).toBe(
      lines(
        'POOL  READY   DIMENSION   DOMAINS           LEFT    OF  BURN A MINUTE  DRY IN  BACK IN',
        'chat  1 of 2  tokens_day   2 of 2  240.0k (24 %)  1.0M           2000  ~2h 0m        –',
        '~: as things go now; the usual course of the day is not known yet.',
      ),
    );
  });

  it('says what is not known, and what to do about it', () => {
    const [dimension] = forecast.dimensions;
    if (dimension === undefined) throw new Error('no dimension');
    const learning = {
      ...dimension,
      state: 'learning' as const,
      domains: { known: 1, all: 2 },
      burn_per_minute: null,
      exhausts_in_ms: null,
    };
    const shown = renderForecast(
      [
        { ...forecast, dimensions: [learning] },
        { ...forecast, pool: 'local', eligible: 0, dimensions: [] },
      ],
      plain,
    );
    expect(shown).toMatch(/chat .* 1 of 2 .* – +learning/);
    expect(shown).toMatch(/local +0 of 2 +no limit known .* unknown +2m 14s/);
    expect(shown).toContain('declare "limits" at its keys');
    expect(shown).toContain('Domains that tell no limit');
    expect(renderForecast([], plain)).toContain('Add one to the configuration');
  });

  it('shows what is used up, and when it is back', () => {
    const dry = forecast.dimensions.map((each) => ({
      ...each,
      state: 'exhausted' as const,
      left: 0,
      percent_left: 0,
      recovers_in_ms: 8000,
    }));
    expect(renderForecast([{ ...forecast, dimensions: dry }], plain)).toMatch(
      /0 \(0 %\) .* now +8s/,
    );
  });

  it('writes amounts as people read them', () => {
    expect([0.25, 7, 940, 9999, 12_345, 1.5e6, 2e9].map(showAmount)).toEqual([
      '0.3',
      '7',
      '940',
      '9999',
      '12.3k',
      '1.5M',
      '2.0G',
    ]);
  });
});

describe('the table of alerts', () => {
  it('shows what is active and what is over, and what to do when there is none', () => {
    const alert = {
      id: '1',
      at: Date.UTC(2026, 10, 25, 10),
      ended_at: null,
      kind: 'pool_exhausted' as const,
      subject: 'pool:chat',
      rule: '',
      pool: 'chat',
      message: 'Pool chat has no key that can serve (2 candidates).',
    };
    const over = { ...alert, ended_at: alert.at + 60_000, rule: 'low' };
    expect(renderAlerts([alert, over], plain)).toBe(
      lines(
        'AT                    ALERT           ABOUT      OVER                  RULE  MESSAGE',
        '2026-11-25 10:00:00Z  pool_exhausted  pool:chat  active                –     Pool chat has no key that can serve (2 candidates).',
        '2026-11-25 10:00:00Z  pool_exhausted  pool:chat  2026-11-25 10:01:00Z  low   Pool chat has no key that can serve (2 candidates).',
      ),
    );
    expect(renderAlerts([], plain)).toContain('No alerts.');
  });
});

describe('the table of keys', () => {
  it('shows state, class and countdown, the longest cooldown first, guesses marked', () => {
    const keys = [
      key('a', {
        state: 'cooled',
        cooldowns: [
          cooldown({
            scope_id: 'key:openai/a',
            class: 'concurrency',
            ends_in_ms: 4001,
            authoritative: false,
            evidence: '',
          }),
          cooldown(),
        ],
      }),
      key('b', { in_flight: 13 }),
    ];
    expect(renderKeys(keys, plain)).toBe(
      lines(
        'KEY       FINGERPRINT  DOMAIN        STATE   IN FLIGHT  SERVED  FAILED  COOLDOWN                             ENDS IN  BECAUSE',
        'openai/a  0a1b2c3d     openai/org-1  cooled          0      10       2  funds_exhausted (node:openai/org-1)   2m 14s  body.code=insufficient_quota',
        '                                                                        concurrency (key:openai/a)               ~5s',
        'openai/b  0a1b2c3d     openai/org-1  ready          13      10       2',
      ),
    );
  });

  it('shows which domains nobody declared', () => {
    const shown = renderKeys([key('a', { domain_source: 'inferred' }), key('b')], plain);
    expect(shown.match(/openai\/org-1 \(inferred\)/g)).toHaveLength(1);
  });

  it('colours only when it may', () => {
    expect(renderKeys([key('a')], plain)).not.toContain('\u001b');
    expect(renderKeys([key('a')], createPaint(true))).toContain('\u001b[32mready\u001b[0m');
  });
});

it('the table of pools shows what each tier can serve', () => {
  const tiers = [
    { tier: 0, candidates: 3, eligible: 0, next_in_ms: 8000 },
    { tier: 1, candidates: 1, eligible: 1, next_in_ms: null },
  ];
  expect(renderPools([{ pool: 'chat', tiers, requests_10s: 42, retries_10s: 3 }], plain)).toBe(
    lines(
      'POOL  TIER  READY   NEXT IN  REQUESTS 10S  RETRIES 10S',
      'chat     1  0 of 3       8s            42            3',
      '         2  1 of 1        –',
    ),
  );
});

it('the table of consumers shows the part of a key that may be shown', () => {
  const consumer = {
    id: 'web',
    name: null,
    source: 'command' as const,
    key_ids: ['AbCdEfGhIj'],
    models: ['smart', 'gpt-*'],
    requests_per_minute: 100,
    enabled: true,
    budget: {
      amount_micros: 1_000_000,
      period: 'day' as const,
      spent_micros: 250_000,
      held_micros: 100_000,
    },
    created_at: Date.UTC(2026, 10, 23, 18),
  };
  expect(renderConsumers([consumer], plain)).toBe(
    lines(
      'CONSUMER  NAME  FROM     KEY              MODELS        PER MINUTE                BUDGET  ENABLED  ADDED',
      'web       –     command  kw_AbCdEfGhIj_…  smart, gpt-*         100  0.35 of 1.00 $ a day  yes      2026-11-23 18:00:00Z',
    ),
  );
});

it('the table of requests names who served', () => {
  expect(renderLogs([snakeCased(RECORD)], plain)).toBe(
    lines(
      'AT                    REQUEST  STATUS   TOOK  OPERATION         CONSUMER  MODEL  SERVED BY  ATTEMPTS       COST  ERROR',
      '2026-11-23 18:20:05Z  req_1    200     1.2 s  chat.completions  web       smart  openai/b          2  $0.001234',
    ),
  );
});

describe('costs', () => {
  it('are told to the micro, marked where they are estimated, and unknown where they are', () => {
    const cost = (micros: number | null, estimated = false): string =>
      showCost({ cost_micros: micros, cost_estimated: estimated });
    expect([cost(0), cost(1), cost(1_500_000), cost(12_345_678)]).toEqual([
      '$0.00',
      '$0.000001',
      '$1.50',
      '$12.345678',
    ]);
    expect([cost(2000, true), cost(null)]).toEqual(['~$0.002', 'unknown']);
  });
});

describe('models', () => {
  const capabilities = {
    context_length: 1_047_576,
    max_output_tokens: 32_768,
    vision: true,
    audio_input: null,
    files: null,
    tools: true,
    json: true,
    reasoning: false,
  };
  const price = { input_micros: 2_000_000, cached_input_micros: 500_000, output_micros: 8_000_000 };

  it('stand with their targets, prices for a million tokens, and what they can', () => {
    const target = {
      alias: 'smart',
      pool: 'chat',
      tier: 0,
      provider: 'openai',
      kind: 'openai',
      model: 'gpt-4.1',
      price,
      capabilities,
    };
    const unknown = Object.fromEntries(Object.keys(capabilities).map((name) => [name, null]));
    const local = {
      ...target,
      tier: 1,
      provider: 'local',
      model: 'llama',
      price: null,
      capabilities: { ...capabilities, ...unknown },
    };
    expect(renderModels([target, local], plain)).toBe(
      lines(
        'MODEL  ANSWERED BY     CONTEXT  OUTPUT   IN $/M  OUT $/M  TAKES AND DOES',
        'smart  openai/gpt-4.1    1.05M     33k        2        8  pictures tools json -reasoning',
        '       local/llama           –       –  unknown  unknown  –',
      ),
    );
    expect(renderModels([], plain)).toBe('No models.\n');
  });

  it('of the catalogue say where prices differ, and how many more there are', () => {
    const model = {
      kind: 'openai',
      model: 'gpt-4.1',
      also: [],
      inputs: null,
      outputs: null,
      batch_percent: 50,
      price: { ...price, long_context: [{ above_input_tokens: 200_000, ...price }] },
      capabilities,
    };
    expect(renderCatalogue({ data: [model], total: 3 }, plain)).toBe(
      lines(
        'KIND    MODEL    CONTEXT  OUTPUT  IN $/M  OUT $/M  TAKES AND DOES',
        'openai  gpt-4.1    1.05M     33k      2*       8*  pictures tools json -reasoning',
        '*: other prices for long inputs, or at other times; --json shows them.',
        '2 more: search for less, or add --all',
      ),
    );
    expect(renderCatalogue({ data: [], total: 0 }, plain)).toMatch(/No model/);
  });
});

describe('the timeline', () => {
  it('draws candidates, exclusions, attempts, verdicts, waits and the end', () => {
    expect(renderTimeline(snakeCased(RECORD), plain)).toBe(
      lines(
        'req_1  POST /v1/chat/completions → 200 in 1.2 s',
        '2026-11-23 18:20:05Z · consumer web · model smart · pool chat',
        'served by openai/b (gpt-5) · 2 attempts · first byte after 900 ms · 812 B in, 1.2 kB out · 12 + 40 tokens · cost $0.001234',
        '',
        '    +0 ms  ┬  tier 1: 2 of 3 candidates can serve',
        '           │    passed over openai/c: credential_dead (key), ends in 15m 0s',
        '    +1 ms  ├▶ attempt 1 (first) → openai/a gpt-5 in openai/org-1',
        '  +120 ms  │  ✗ 429 funds_exhausted (node): body.code=insufficient_quota; cooled for 5m 0s (our guess)',
        '  +121 ms  ├  waited 200 ms: back-off before another attempt',
        '  +321 ms  ├▶ attempt 2 (rotation) → openai/b gpt-5 in openai/org-2',
        '  +1.22 s  │  ✓ 200 success, 12 + 40 tokens, cost $0.001234',
        '  +1.24 s  └  200 answered',
      ),
    );
  });

  it('lets nothing from a caller or a provider reach the screen as a command', () => {
    const hostile = '\u001b[2J\u202e\u0007x\nforged line';
    const [first] = RECORD.timeline;
    if (first?.kind !== 'candidates') throw new Error('unreachable');
    const record = {
      ...RECORD,
      model: hostile,
      path: hostile,
      timeline: [
        {
          ...first,
          excluded: first.excluded.map((each) => Object.assign({}, each, { provider: hostile })),
        },
      ],
    };
    const drawn = renderTimeline(snakeCased(record), plain);
    expect(drawn.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(drawn.split('\n').some((line) => line.startsWith('forged'))).toBe(false);
  });
});

describe('a problem', () => {
  const problem = {
    file: 'k.yaml',
    line: 3,
    column: 5,
    path: 'pools[0]',
    message: 'Bad.',
    hint: 'Write good.',
  };
  it('is shown with its place and what would be right', () => {
    expect(renderProblem('error', problem)).toBe(
      'k.yaml:3:5: error: pools[0]: Bad.\n  Write good.',
    );
    expect(renderProblem('warning', { ...problem, line: 0, path: '', hint: '' })).toBe(
      'k.yaml: warning: Bad.',
    );
  });
});

it('changes are marked as added, changed and removed', () => {
  const change = { kind: 'key', id: 'openai/a', path: 'p.weight', before: '1', after: '2' };
  expect(
    renderChanges(
      [
        { ...change, action: 'changed' },
        { ...change, action: 'added' },
        { ...change, action: 'removed' },
      ],
      plain,
    ),
  ).toBe(lines('~ key openai/a  p.weight', '    1 → 2', '+ key openai/a', '- key openai/a'));
  expect(renderChanges([], plain)).toBe('No changes.\n');
});

it.each([
  [0, '0s'],
  [1, '1s'],
  [59_001, '1m 0s'],
  [134_000, '2m 14s'],
  [3_599_500, '1h 0m'],
  [11_100_000, '3h 5m'],
  [86_399_999, '1d 0h'],
  [187_200_000, '2d 4h'],
])('a countdown of %i ms reads %s', (ms, shown) => {
  expect(showCountdown(ms)).toBe(shown);
});

it('durations, bytes and instants read as people write them', () => {
  expect([12.4, 999.4, 1240, 9999, 61_000].map(showDuration)).toEqual([
    '12 ms',
    '999 ms',
    '1.2 s',
    '9.9 s',
    '1m 1s',
  ]);
  expect([812, 1234, 3_400_000].map(showBytes)).toEqual(['812 B', '1.2 kB', '3.4 MB']);
  expect(showInstant(Number.NaN)).toBe('–');
  expect(clean('a\u0000b')).toBe('a·b');
});
