import type { KnownAccount } from '@keywell/core/keys/account';
import type { MergeSuggestion } from '@keywell/core/keys/flow-ledger';
import { inferDomains } from '@keywell/core/keys/infer-domains';
import { aSnapshot, type KeySketch } from '@keywell/testkit/a-snapshot';
import { describe, expect, it } from 'vitest';
import { domainFindings } from './domain-service.ts';

const BASE = 'http://127.0.0.1:1/v1';
const own = (id: string, over: Partial<KeySketch> = {}): KeySketch => ({
  id,
  fingerprint: `fp-${id}`,
  domain: [`~${id}`],
  domainPinned: false,
  ...over,
});
const told = (key: string, organization: string): KnownAccount => ({
  baseUrl: BASE,
  ownerTenant: null,
  fingerprint: `fp-${key}`,
  account: { organization, project: null },
});
const pair = (one: string, two: string): MergeSuggestion => ({
  provider: 'openai',
  group: 'gpt-5',
  keys: [one, two],
  evidence: {
    observations: 40,
    slope: 1,
    contrast: 0.98,
    standardError: 0.05,
    shared: true,
    apart: false,
  },
});

function find(
  keys: readonly KeySketch[],
  known: readonly KnownAccount[] = [],
  more: { suggestions?: readonly MergeSuggestion[]; unsteady?: readonly string[] } = {},
) {
  const declared = aSnapshot({ providers: [{ baseUrl: BASE, keys }] });
  const { providers } = inferDomains(declared.providers, known);
  return domainFindings({
    configuration: {
      snapshot: () => ({ ...declared, providers }),
      declaredProviders: () => declared.providers,
    },
    domains: {
      known: () => known,
      isUnsteady: ({ fingerprint }) => more.unsteady?.includes(fingerprint) ?? false,
      suggestions: () => more.suggestions ?? [],
    },
  });
}

describe('suggestions', () => {
  it('name both keys, where they are now, and how sure it is', () => {
    expect(find([own('a'), own('b')], [], { suggestions: [pair('b', 'a')] }).suggestions).toEqual([
      {
        provider: 'openai',
        group: 'gpt-5',
        keys: ['b', 'a'],
        domains: ['openai/~b', 'openai/~a'],
        observations: 40,
        contrast: 0.98,
        standardError: 0.05,
      },
    ]);
  });

  it.each([
    ['have one domain by now', [own('a', { domain: ['x'] }), own('b', { domain: ['x'] })]],
    ['belong to two owners', [own('a'), own('b', { ownerTenant: 't1' })]],
    ['are not both there any more', [own('a')]],
  ])('end when the keys %s', (_, keys) => {
    expect(find(keys, [], { suggestions: [pair('a', 'b')] }).suggestions).toEqual([]);
  });
});

describe('pools', () => {
  it('that only responses show to share an account are told apart from what the file shows', () => {
    const accounts = [told('a', 'acme'), told('b', 'acme')];
    expect(find([own('a'), own('b')]).pools).toEqual([]);
    expect(find([own('a'), own('b')], accounts).pools).toMatchObject([
      { kind: 'one_domain', pool: 'chat', domains: ['openai/acme'], inferred: true },
    ]);
    const pinned = { domain: ['x'], domainPinned: true };
    expect(find([own('a', pinned), own('b', pinned)]).pools).toMatchObject([{ inferred: false }]);
  });
});

describe('what speaks against the file', () => {
  it('is told for pinned keys, and for providers that cannot make up their mind', () => {
    const keys = ['a', 'b'].map((id) => own(id, { domain: [`org-${id}`], domainPinned: true }));
    const found = find(keys, [told('a', 'acme'), told('b', 'acme')], { unsteady: ['fp-b'] });
    expect(found.contradictions).toMatchObject([{ kind: 'one_account_two_domains' }]);
    expect(found.unsteady).toEqual([{ provider: 'openai', key: 'b' }]);
  });
});
