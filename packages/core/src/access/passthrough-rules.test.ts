import { describe, expect, it } from 'vitest';
import { compilePassthroughRules, PASSTHROUGH_RULE } from './passthrough-rules.ts';

describe('a rule of what is open', () => {
  it.each([
    ['GET /a/b', 'GET', '/a/b', true],
    ['GET /a/b', 'POST', '/a/b', false],
    ['/a/b', 'DELETE', '/a/b', true],
    ['/a/b', 'GET', '/a', false],
    ['/a/b', 'GET', '/a/b/c', false],
    ['/a/b', 'GET', '/A/b', false],
    ['/a/*', 'GET', '/a/b', true],
    ['/a/*', 'GET', '/a/b/c', false],
    ['/a/*/c', 'GET', '/a/b/c', true],
    ['/a/*/c', 'GET', '/a/b/d', false],
    ['/a/**', 'GET', '/a/b/c', true],
    ['/a/**', 'GET', '/a/b', true],
    ['/a/**', 'GET', '/a', false],
    ['/a/**', 'GET', '/ab/c', false],
    ['/**', 'PATCH', '/anything/at/all', true],
    ['/models/*:predict', 'POST', '/models/imagen-4:predict', true],
    ['/models/*:predict', 'POST', '/models/:predict', false],
    ['/models/*:predict', 'POST', '/models/imagen-4:predictLongRunning', false],
    ['/models/a*a', 'POST', '/models/a', false],
    ['/models/a*a', 'POST', '/models/aa', false],
    ['/models/a*a', 'POST', '/models/aba', true],
  ] as const)('%s: %s %s is open: %s', (rule, method, path, open) => {
    expect(PASSTHROUGH_RULE.test(rule)).toBe(true);
    expect(compilePassthroughRules([rule])(method, path)).toBe(open);
  });

  it.each([
    '',
    '/',
    'a',
    'GET',
    'GET  /a',
    'get /a',
    'HEAD /a',
    '/a/',
    '//a',
    '/a//b',
    '/../a',
    '/a/..',
    '/a/./b',
    '/a/**/b',
    '/a**',
    '/a*b*c',
    '/a b',
    '/a%2fb',
    '/a?b',
    '/a;b',
    '/a\\b',
    'https://example.org/a',
  ])('%j is none, and opens nothing', (rule) => {
    expect(PASSTHROUGH_RULE.test(rule)).toBe(false);
    const opens = compilePassthroughRules([rule]);
    expect(['/', '/a', '/a/b', '/a/x/b', '/a/b/c', '//a'].some((path) => opens('GET', path))).toBe(
      false,
    );
  });

  it('is one of several, and without any nothing is open', () => {
    const opens = compilePassthroughRules(['GET /a', 'POST /b/**']);
    expect(opens('GET', '/a')).toBe(true);
    expect(opens('POST', '/b/c')).toBe(true);
    expect(opens('POST', '/a')).toBe(false);
    expect(compilePassthroughRules([])('GET', '/a')).toBe(false);
  });

  it('is read in time that does not explode, however it is written', () => {
    const long = `/${'a'.repeat(250)}*${'a'.repeat(250)} `;
    const startedAt = performance.now();
    expect(PASSTHROUGH_RULE.test(long)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
