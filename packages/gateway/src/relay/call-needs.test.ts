import { needFrom } from '@keywell/core/keys/need';
import { planKeys } from '@keywell/core/keys/plan';
import { describe, expect, it } from 'vitest';
import { aSnapshot } from '../../../testkit/src/a-snapshot.ts';
import { tokensCharged } from './call-needs.ts';

const USAGE = { inputTokens: 100, outputTokens: 50, cachedTokens: 0 };

function charged(settlesTo: 'used' | 'upfront'): number {
  const [candidate] = planKeys(aSnapshot()).candidates;
  if (candidate === undefined) throw new Error('no candidate');
  const charge = { ...candidate.provider.charge, output: 'upfront', settlesTo } as const;
  const provider = { ...candidate.provider, charge };
  const need = needFrom({ tokens: 1100, inputTokens: 100, outputTokens: 1000 });
  return tokensCharged({ ...candidate, provider }, need, USAGE);
}

describe('what a consumer’s share is charged for a call', () => {
  it('is its whole allowance where the provider gives nothing of it back', () => {
    expect(charged('upfront')).toBe(1100);
  });

  it('is what it used where the provider settles to that', () => {
    expect(charged('used')).toBe(150);
  });
});
