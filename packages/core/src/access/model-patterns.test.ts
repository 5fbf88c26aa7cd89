import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFirstMatch, compileModelPatterns, matchesModel } from './model-patterns.ts';

describe('model patterns', () => {
  it.each<[string[], string, boolean]>([
    [['gpt-5'], 'gpt-5', true],
    [['gpt-5'], 'gpt-5-mini', false],
    [['gpt-5'], 'GPT-5', false],
    [['gpt-*'], 'gpt-5', true],
    [['gpt-*'], 'gpt-', true],
    [['gpt-*'], 'xgpt-5', false],
    [['*-mini'], 'gpt-5-mini', true],
    [['*-mini'], 'gpt-5-mini-2', false],
    [['*mini*'], 'gpt-5-mini-2', true],
    [['a*b*c'], 'abc', true],
    [['a*b*c'], 'a-b-b-c', true],
    [['a*b*c'], 'acb', false],
    [['ab*ba'], 'aba', false],
    [['ab*ba'], 'abba', true],
    [['*a*a'], 'a', false],
    [['*a*a'], 'aa', true],
    [['a**b'], 'ab', true],
    [['*'], 'anything', true],
    [['**'], 'anything', true],
    [['*'], '', true],
    [['a', 'b*'], 'bc', true],
    [[''], '', true],
    [[''], 'a', false],
    [[], 'gpt-5', false],
    [['gpt-5?'], 'gpt-55', false],
    [['gpt.5'], 'gpt-5', false],
    [['[ab]'], 'a', false],
  ])('%j on %j is %s', (patterns, name, matched) => {
    expect(matchesModel(patterns, name)).toBe(matched);
  });

  it('agrees with the same glob as a regular expression', () => {
    const piece = fc.constantFrom('a', 'b', 'ab', '*', '-');
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 10 }),
        (pieces, name) => {
          const glob = pieces.join('');
          const expression = new RegExp(`^${glob.replaceAll('*', '.*')}$`);
          expect(matchesModel([glob], name)).toBe(expression.test(name));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('finds the first of many that a name matches, as trying one after the other does', () => {
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 4 });
    const globs = fc.array(
      glob.filter((text) => text.includes('*')),
      { maxLength: 8 },
    );
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 6 });
    fc.assert(
      fc.property(globs, name, (all, asked) => {
        const expected = all.findIndex((each) => matchesModel([each], asked));
        expect(compileFirstMatch(all)(asked)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('does not blow up on a hostile pattern or name', () => {
    const matches = compileModelPatterns([`${'*a'.repeat(250)}*b`, '*aaaaaaaaaaaaaaab']);
    const startedAt = performance.now();
    for (let i = 0; i < 1000; i += 1) expect(matches('a'.repeat(512))).toBe(false);
    expect(matches('a'.repeat(10_000_000))).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
