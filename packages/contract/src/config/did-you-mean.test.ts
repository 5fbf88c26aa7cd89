import { array, assert, property, stringMatching } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didYouMean } from './did-you-mean.ts';

describe('the name that was meant', () => {
  it.each([
    ['pool', ['pools', 'models'], 'pools'],
    ['modles', ['pools', 'models'], 'models'],
    ['baseUrl', ['base_url', 'kind'], 'base_url'],
    ['opnai', ['anthropic', 'openai'], 'openai'],
    ['kye_hash', ['key_hash', 'id'], 'key_hash'],
    ['colour', ['id', 'value', 'weight'], null],
    ['c', ['a', 'b'], null],
    ['', ['a'], null],
    ['x'.repeat(65), ['x'.repeat(64)], null],
  ])('for %s among %j is %s', (wrong, known, meant) => {
    expect(didYouMean(wrong, known)).toBe(meant);
  });

  it('is always one of the known, and a known name finds itself', () => {
    const name = stringMatching(/^[a-z_]{1,20}$/);
    assert(
      property(name, array(name, { minLength: 1, maxLength: 8 }), (wrong, known) => {
        const meant = didYouMean(wrong, known);
        expect(meant === null || known.includes(meant)).toBe(true);
        expect(meant !== null || wrong.length === 1 || !known.includes(wrong)).toBe(true);
      }),
    );
  });
});
