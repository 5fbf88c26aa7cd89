import { describe, expect, it } from 'vitest';
import { UNKNOWN_CAPABILITIES } from '../snapshot/snapshot.ts';
import { exceedsContext, isRestricted, missingFor, NO_DEMANDS } from './demands.ts';

describe('what a model must be able to do', () => {
  it.each([
    ['vision', 'vision', 'no_vision'],
    ['audio', 'audioInput', 'no_audio'],
    ['files', 'files', 'no_files'],
    ['tools', 'tools', 'no_tools'],
    ['json', 'json', 'no_json'],
  ] as const)('%s is asked for: a model known to lack it is passed over', (demand, flag, why) => {
    const demands = { ...NO_DEMANDS, [demand]: true };
    expect(missingFor(demands, { ...UNKNOWN_CAPABILITIES, [flag]: false })).toBe(why);
    expect(missingFor(demands, { ...UNKNOWN_CAPABILITIES, [flag]: true })).toBeNull();
    expect(missingFor(demands, UNKNOWN_CAPABILITIES)).toBeNull();
    expect(missingFor(NO_DEMANDS, { ...UNKNOWN_CAPABILITIES, [flag]: false })).toBeNull();
    expect(isRestricted({ ...UNKNOWN_CAPABILITIES, [flag]: false })).toBe(true);
  });

  it('nothing that is unknown restricts', () => {
    expect(isRestricted(UNKNOWN_CAPABILITIES)).toBe(false);
  });

  it.each([
    [600_001, 100_000, true],
    [600_000, 100_000, false],
    [600_001, null, false],
  ])('%i bytes of text against a context of %s: too long is %s', (textBytes, length, is) => {
    expect(exceedsContext(textBytes, { contextLength: length })).toBe(is);
  });
});
