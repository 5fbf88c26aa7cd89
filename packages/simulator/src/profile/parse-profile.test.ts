import { expect, test } from 'vitest';
import { defaultProfile } from './default-profile.ts';
import { checkProfile, parseProfile } from './parse-profile.ts';

const GOOD = `version: 1
calls_kept: 100
organizations:
  - id: org-1
    balance_micros: 5000000
    limits: [{ model: gpt-5, requests_per_day: 200 }]
    projects:
      - id: proj_a
        keys: [{ alias: a, value: sk-simulated-a }]
        models: [gpt-5]
        limits: [{ model: gpt-5, tokens_per_minute: 1000 }]
models:
  - id: gpt-5
    limits: { requests_per_minute: 500, tokens_per_minute: 30000 }
    price: { call_micros: 10, input_micros_per_million_tokens: 1250000 }
faults:
  - { fault: quota_exhausted, key: a, after_calls: 100, retry_after_ms: 5 }
`.replace(', retry_after_ms: 5', '');

test('a profile with every part is read', () => {
  const parsed = parseProfile(GOOD, 'p.yaml');
  expect(parsed).toMatchObject({
    ok: true,
    profile: {
      callsKept: 100,
      organizations: [
        { id: 'org-1', balanceMicros: 5_000_000, projects: [{ keys: [{ alias: 'a' }] }] },
      ],
      models: [{ limits: { requestsPerMinute: 500 }, price: { callMicros: 10 } }],
      faults: [{ fault: 'quota_exhausted', afterCalls: 100 }],
    },
  });
});

test.each([
  [
    'a field that does not exist',
    ['calls_kept: 100', 'calls_keep: 100'],
    2,
    'calls_keep',
    /unknown field/,
  ],
  [
    'a number that is none',
    ['requests_per_day: 200', 'requests_per_day: many'],
    6,
    'organizations[0].limits[0].requests_per_day',
    /expected number/,
  ],
  [
    'a limit for a model that is not there',
    ['model: gpt-5, requests', 'model: gpt-6, requests'],
    6,
    'organizations[0].limits[0].model',
    /no model "gpt-6"; expected one of: gpt-5/,
  ],
  [
    'a fault for a key that is not there',
    ['key: a', 'key: z'],
    17,
    'faults[0].key',
    /no key "z"; expected one of: a/,
  ],
  [
    'a fault with a parameter of another',
    ['after_calls: 100', 'events: 1'],
    17,
    'faults[0].events',
    /does not take events/,
  ],
  [
    'a key value that is too short',
    ['sk-simulated-a', 'short'],
    9,
    'organizations[0].projects[0].keys[0].value',
    /8 to 500/,
  ],
  [
    'no keys',
    ['keys: [{ alias: a, value: sk-simulated-a }]', 'keys: []'],
    9,
    'organizations[0].projects[0].keys',
    /.+/,
  ],
])('%s is refused with its place', (...[, [from = '', to = ''], line, path, message]) => {
  const parsed = parseProfile(GOOD.replace(from, to), 'p.yaml');
  expect(parsed.ok ? [] : parsed.problems).toContainEqual({
    file: 'p.yaml',
    line,
    column: expect.any(Number),
    path,
    message: expect.stringMatching(message),
  });
});

test('the same key twice is refused, by alias and by value', () => {
  const twice = GOOD.replace(
    'value: sk-simulated-a }',
    'value: sk-simulated-a }, { alias: a, value: sk-simulated-a }',
  );
  const parsed = parseProfile(twice, 'p.yaml');
  expect(parsed.ok ? [] : parsed.problems.map(({ path }) => path)).toEqual([
    'organizations[0].projects[0].keys[1].alias',
    'organizations[0].projects[0].keys[1].value',
  ]);
});

test.each([
  ['', /empty/],
  ['a: [1', /not YAML/],
  ['a: 1\na: 2', /not YAML/],
  ['&a [*a]', /not YAML|expected/],
])('%j is no profile, and no reason to fail', (text, message) => {
  const parsed = parseProfile(text, 'p.yaml');
  expect(parsed.ok ? '' : parsed.problems.map((problem) => problem.message).join(';')).toMatch(
    message,
  );
});

test('aliases that would multiply without end are refused', () => {
  const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
  for (let at = 1; at < 9; at++) {
    lines.push(`a${at}: &a${at} [${Array.from({ length: 10 }, () => `*a${at - 1}`).join(',')}]`);
  }
  const parsed = parseProfile(lines.join('\n'), 'bomb.yaml');
  expect(parsed).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringMatching(/alias/i) }],
  });
});

test('the default profile is right', () => {
  expect(checkProfile(defaultProfile())).toEqual([]);
});
