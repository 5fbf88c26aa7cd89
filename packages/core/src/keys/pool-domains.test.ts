import { aSnapshot, type KeySketch } from '@keywell/testkit/a-snapshot';
import { describe, expect, it } from 'vitest';
import { poolDomainFindings } from './pool-domains.ts';

/** A pool of tiers, each a list of key aliases, over keys given as alias → domain. */
function findings(
  domains: Readonly<Record<string, string>>,
  tiers: readonly (readonly string[])[],
) {
  const keys = Object.entries(domains).map(([id, domain]): KeySketch => ({
    id,
    domain: domain.split('/'),
  }));
  const pool = { tiers: tiers.map((names) => ({ targets: [{ keys: names }] })) };
  return poolDomainFindings(aSnapshot({ providers: [{ keys }], pools: [pool] })).map(
    ({ kind, tier, domains: where, keys: count }) => ({ kind, tier, where, count }),
  );
}

describe('a pool', () => {
  it('whose keys share a domain is found, also where they share only the organization', () => {
    const one = { kind: 'one_domain', tier: null, count: 2 };
    expect(findings({ a: 'x', b: 'x' }, [['a', 'b']])).toEqual([{ ...one, where: ['openai/x'] }]);
    expect(findings({ a: 'x/p', b: 'x/q' }, [['a'], ['b']])).toEqual([
      { ...one, where: ['openai/x'] },
    ]);
    expect(findings({ a: 'x/p', b: 'x/p' }, [['a', 'b']])).toEqual([
      { ...one, where: ['openai/x/p'] },
    ]);
  });

  it('of several domains, or of one key, is fine', () => {
    expect(findings({ a: 'x', b: 'y' }, [['a', 'b']])).toEqual([]);
    expect(findings({ a: 'x' }, [['a']])).toEqual([]);
    expect(findings({ a: 'x', b: 'y' }, [['a'], ['b']])).toEqual([]);
  });
});

describe('a fallback', () => {
  it('is found when its accounts are those of the tiers above', () => {
    const shares = { kind: 'fallback_shares', count: 1 };
    expect(findings({ a: 'x' }, [['a'], ['a']])).toEqual([
      { ...shares, tier: 1, where: ['openai/x'] },
    ]);
    expect(findings({ a: 'x', b: 'y/p', c: 'y/q' }, [['a'], ['b'], ['c']])).toEqual([
      { ...shares, tier: 2, where: ['openai/y'] },
    ]);
    expect(findings({ a: 'x', b: 'y', c: 'x' }, [['a', 'b'], ['c']])).toEqual([
      { ...shares, tier: 1, where: ['openai/x'] },
    ]);
  });

  it('is fine when one of its keys is of another account', () => {
    expect(findings({ a: 'x', b: 'x', c: 'z' }, [['a'], ['b', 'c']])).toEqual([]);
  });
});
