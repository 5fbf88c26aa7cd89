import { describe, expect, it } from 'vitest';
import { listCooldowns } from './recover.ts';
import { at, attempt, eligibleKeys, endOf, twoOrgs, verdictOf } from './table-fixture.bench.ts';
import { SUCCESS } from './verdict.ts';

describe('refused credentials of a whole provider', () => {
  const dead = verdictOf('credential_dead', { scope: 'key' });

  it('are the provider’s trouble when two organizations meet them and nothing is answered well', () => {
    const table = twoOrgs();
    attempt(table, 'a', dead, 0);
    expect(eligibleKeys(table, 1)).toEqual(['b', 'c']);
    const aside = attempt(table, 'c', dead, 1000).filter(({ action }) => action === 'cleared');
    expect(aside.map(({ setAside }) => setAside)).toEqual([true, true]);
    expect(eligibleKeys(table, 1001)).toEqual(['a', 'b', 'c']);
    expect(listCooldowns(table, at(1001))).toEqual([]);
  });

  it('bind again from the first success on, which shows that the provider takes credentials', () => {
    const table = twoOrgs();
    attempt(table, 'a', dead, 0);
    attempt(table, 'c', dead, 1000);
    expect(attempt(table, 'b', SUCCESS, 1001)).toHaveLength(2);
    expect(eligibleKeys(table, 1002)).toEqual(['b']);
  });

  it('make no key’s rest longer, however many were met while it lasted', () => {
    const table = twoOrgs();
    for (let second = 0; second < 20; second += 2) {
      attempt(table, 'a', dead, second * 1000);
      attempt(table, 'c', dead, second * 1000 + 1);
    }
    attempt(table, 'b', SUCCESS, 20_000);
    expect(eligibleKeys(table, 20_001)).toEqual(['b']);
    expect(endOf(table, 20_001)).toBeLessThanOrEqual(20_000 + 15 * 60_000);
  });

  it('are the keys’ own when one organization meets them, other keys are served, or a minute lies between', () => {
    const sameOrg = twoOrgs();
    attempt(sameOrg, 'a', dead, 0);
    attempt(sameOrg, 'b', dead, 1);
    expect(eligibleKeys(sameOrg, 2)).toEqual(['c']);
    const served = twoOrgs();
    attempt(served, 'a', dead, 0);
    attempt(served, 'b', SUCCESS, 1);
    attempt(served, 'c', dead, 2);
    expect(eligibleKeys(served, 3)).toEqual(['b']);
    const apart = twoOrgs();
    attempt(apart, 'a', dead, 0);
    attempt(apart, 'c', dead, 60_001);
    expect(eligibleKeys(apart, 60_002)).toEqual(['b']);
  });
});
