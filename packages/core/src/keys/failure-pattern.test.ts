import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failurePattern, patternFault, prefixPattern } from './failure-pattern.ts';

describe('a failure pattern', () => {
  it.each([
    '^Daily quota',
    '^Your (?:team|account) \\S{1,64} has no credits',
    '^Limit: (?<limit>\\d{1,9}) per day$',
    '^[a-z [\\]]{1,20}: over',
    '^a.*b',
    '^a(?:b|c)?d',
    '^a{3}(bc){2}',
    '^\\(x\\)+$',
    '^a+?b',
    '^(?:[^"]{0,40})?"quota"',
  ])('%s is taken', (source) => {
    expect(patternFault(source)).toBeNull();
  });

  it.each([
    ['quota', /does not begin/],
    ['^a|b', /every alternative/],
    ['^(a', /not a regular expression/],
    ['^(a+)+$', /inside a quantifier/],
    ['^(?:a|aa)*$', /inside a quantifier/],
    ['^((?:ab?)c){2,9}', /inside a quantifier/],
    ['^(a)\\1', /refers back/],
    ['^(?<n>a)\\k<n>', /refers back/],
    ['^(?=a)b', /looks ahead/],
    ['^(?<!a)b', /looks ahead/],
    ['^a*a*a*b', /too many ways/],
    ['^.{0,300}.{0,300}.{0,300}x', /too many ways/],
    [`^${'(?:a|a)'.repeat(25)}b`, /too many ways/],
    ['^a{5000}', /more often/],
    [`^${'a'.repeat(300)}`, /longer/],
  ])('%s is refused', (source, fault) => {
    expect(patternFault(source)).toMatch(fault);
  });

  it('that is taken answers soon, whatever it is tried on', () => {
    const atom = fc.constantFrom('a', '.', '[ab]', '\\S', '(?:ab)', '(?:a|b)', 'b', '\\d');
    const quantifier = fc.constantFrom('', '', '?', '*', '+', '{0,60}', '{3}', '{2,}?');
    const source = fc
      .array(fc.tuple(atom, quantifier), { maxLength: 6 })
      .map((parts) => `^${parts.map((part) => part.join('')).join('')}!`);
    const texts = ['a'.repeat(2048), 'ab'.repeat(1024), `${'a'.repeat(2047)}b`];
    fc.assert(
      fc.property(source, (pattern) => {
        if (patternFault(pattern) !== null) return;
        const startedAt = performance.now();
        for (const text of texts) failurePattern(pattern).test(text);
        expect(performance.now() - startedAt).toBeLessThan(500);
      }),
      { numRuns: 200 },
    );
  });

  it('of a prefix matches that text alone, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.string(), (prefix, rest) => {
        const pattern = failurePattern(prefixPattern(prefix));
        expect(pattern.test(prefix + rest)).toBe(true);
        expect(pattern.test(`x${prefix}`)).toBe(
          `x${prefix}`.toLowerCase().startsWith(prefix.toLowerCase()),
        );
      }),
    );
  });
});
