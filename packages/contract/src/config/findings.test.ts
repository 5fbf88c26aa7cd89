import { describe, expect, it } from 'vitest';
import { suggest } from './findings.ts';

describe('what a wrong name is answered with', () => {
  it.each([
    ['chta', ['chat', 'mail'], 'Did you mean "chat"?'],
    ['elsewhere', ['a', 'a', 'b'], 'Known: a, b.'],
    ['elsewhere', [], 'There is no pool in this file yet; add one.'],
    ['elsewhere', 'abcdefghij'.split(''), 'Known: a, b, c, d, e, f, g, h, ….'],
  ])('%s among %j', (wrong, known, said) => {
    expect(suggest(wrong, known, 'pool')).toBe(said);
  });
});
