import { array, assert, constantFrom, option, property, record, string } from 'fast-check';
import { aSnapshot, type KeySketch } from '@keywell/testkit/a-snapshot';
import { describe, expect, it } from 'vitest';
import { readAccount, type KnownAccount } from './account.ts';
import { domainPaths } from './domain-path.ts';
import { inferDomains } from './infer-domains.ts';

const URL_OF = 'http://127.0.0.1:1/v1';

/** A key with the account that was told for it, `org` or `org/project`. */
type Sketch = KeySketch & { told?: string };

const own = (id: string, told?: string): Sketch => ({
  id,
  domain: [`~${id}`],
  domainPinned: false,
  ...(told === undefined ? {} : { told }),
});
const pinned = (id: string, domain: string, told?: string): Sketch => ({
  ...own(id, told),
  domain: domain.split('/'),
  domainPinned: true,
});
/** Placed by `organization` and `project` of the file. */
const named = (id: string, domain: string, told?: string): Sketch => ({
  ...pinned(id, domain, told),
  domainPinned: false,
});

function infer(sketches: readonly Sketch[], baseUrl = URL_OF) {
  const keys = sketches.map((sketch, index): KeySketch => {
    const key = { ...sketch, fingerprint: `fp-${index}` };
    delete key.told;
    return key;
  });
  const { providers } = aSnapshot({ providers: [{ keys }] });
  const known = sketches.flatMap(({ told, ownerTenant = null }, index): KnownAccount[] => {
    if (told === undefined) return [];
    const [organization = '', project = null] = told.split('/');
    return [
      { baseUrl, ownerTenant, fingerprint: `fp-${index}`, account: { organization, project } },
    ];
  });
  const { providers: placed, contradictions } = inferDomains(providers, known);
  const domains = Object.fromEntries(
    placed.flatMap((provider) =>
      provider.keys.map((key) => [key.id, domainPaths(provider, key).at(-1)]),
    ),
  );
  const inferred = placed[0]?.keys.filter((key) => key.domainInferred).map((key) => key.id);
  return { domains, inferred, contradictions };
}

describe('keys without a domain', () => {
  it('join when responses name one account for them, and stay apart otherwise', () => {
    const { domains, inferred } = infer([
      own('a', 'acme'),
      own('b', 'acme'),
      own('c', 'other'),
      own('d'),
    ]);
    expect(domains).toEqual({
      a: 'openai/acme',
      b: 'openai/acme',
      c: 'openai/other',
      d: 'openai/~d',
    });
    expect(inferred).toEqual(['a', 'b', 'c']);
  });

  it('share the organization and keep their projects', () => {
    expect(infer([own('a', 'acme/search'), own('b', 'acme/chat')]).domains).toEqual({
      a: 'openai/acme/search',
      b: 'openai/acme/chat',
    });
  });

  it('are not joined by a word about another base URL', () => {
    const { domains } = infer([own('a', 'acme'), own('b', 'acme')], 'https://elsewhere.example/v1');
    expect(domains).toEqual({ a: 'openai/~a', b: 'openai/~b' });
  });

  it('go where a pinned key of the same account is', () => {
    const { domains } = infer([
      pinned('a', 'prod/search', 'acme/p1'),
      own('b', 'acme/p1'),
      own('c', 'acme/p2'),
    ]);
    expect(domains).toEqual({
      a: 'openai/prod/search',
      b: 'openai/prod/search',
      c: 'openai/prod/p2',
    });
  });
});

describe('tenants', () => {
  it('never share a domain with each other or with the installation, whatever a header says', () => {
    const tenant = (id: string, ownerTenant: string, told: string): Sketch => ({
      ...own(id, told),
      ownerTenant,
    });
    const { domains } = infer([
      own('a', 'acme'),
      tenant('b', 't1', 'acme'),
      tenant('c', 't2', 'acme'),
      tenant('d', 't1', 'acme'),
    ]);
    expect(domains).toEqual({
      a: 'openai/acme',
      b: 'openai/@t1:acme',
      c: 'openai/@t2:acme',
      d: 'openai/@t1:acme',
    });
  });

  it('stay apart for any names of theirs, and whatever a file declares', () => {
    const name = string({
      minLength: 1,
      maxLength: 6,
      unit: constantFrom('a', ':', '@', '~', '%', '/', '#'),
    });
    assert(
      property(name, name, name, name, (t1, t2, d1, d2) => {
        const path = (ownerTenant: string | null, domain: string): string | undefined =>
          domainPaths({ id: 'p' }, { id: 'k', domain: [domain], ownerTenant }).at(-1);
        expect(t1 !== t2 && path(t1, d1) === path(t2, d2)).toBe(false);
        expect(path(null, d1)).not.toBe(path(t1, d2));
      }),
    );
  });
});

describe('keys placed by organization and project', () => {
  it('keep their names, which their account then goes by', () => {
    const { domains, inferred } = infer([
      named('a', 'org-1', 'acme'),
      named('b', 'org-1'),
      own('c', 'acme'),
    ]);
    expect(domains).toEqual({ a: 'openai/org-1', b: 'openai/org-1', c: 'openai/org-1' });
    expect(inferred).toEqual(['c']);
  });

  it('move when the provider says that they belong to somebody else', () => {
    const { domains } = infer([named('a', 'org-1', 'acme'), named('b', 'org-1', 'other')]);
    expect(domains).toEqual({ a: 'openai/org-1', b: 'openai/other' });
  });

  it('keep the project that the file names', () => {
    const { domains } = infer([named('a', 'org-1/search', 'acme/p1'), own('b', 'acme/p1')]);
    expect(domains).toEqual({ a: 'openai/org-1/search', b: 'openai/org-1/search' });
  });

  it('are not mistaken for an account that is only called the same', () => {
    const { domains } = infer([pinned('a', 'acme', 'other'), own('b', 'acme')]);
    expect(domains).toEqual({ a: 'openai/acme', b: 'openai/account:acme' });
  });
});

describe('pinned keys', () => {
  it('never move, and it is told when one account is pinned to two domains', () => {
    const { domains, inferred, contradictions } = infer([
      pinned('a', 'org-1', 'acme'),
      pinned('b', 'org-2', 'acme'),
    ]);
    expect(domains).toEqual({ a: 'openai/org-1', b: 'openai/org-2' });
    expect(inferred).toEqual([]);
    expect(contradictions).toEqual([
      {
        kind: 'one_account_two_domains',
        provider: 'openai',
        keys: ['a', 'b'],
        domains: ['openai/org-1', 'openai/org-2'],
        organizations: ['acme'],
      },
    ]);
  });

  it('are told of when one project is pinned to two domains of its organization', () => {
    const keys = [pinned('a', 'org-1/x', 'acme/p'), pinned('b', 'org-1/y', 'acme/p')];
    expect(infer(keys).contradictions).toMatchObject([{ kind: 'one_account_two_domains' }]);
    const apart = [pinned('a', 'org-1/x', 'acme/p'), pinned('b', 'org-1/y', 'acme/q')];
    expect(infer(apart).contradictions).toEqual([]);
  });

  it('are told of when two accounts are pinned to one domain', () => {
    const { domains, contradictions } = infer([
      pinned('a', 'org-1', 'acme'),
      pinned('b', 'org-1', 'other'),
    ]);
    expect(domains).toEqual({ a: 'openai/org-1', b: 'openai/org-1' });
    expect(contradictions).toMatchObject([
      { kind: 'two_accounts_one_domain', keys: ['a', 'b'], organizations: ['acme', 'other'] },
    ]);
  });

  it('never move in any mixture of keys and accounts, and keys of one account end up under one root', () => {
    const sketch = record({
      kind: constantFrom('own', 'pinned', 'named'),
      domain: constantFrom('x', 'y', 'x/p', 'acme'),
      told: option(constantFrom('acme', 'acme/p', 'other/p'), { nil: undefined }),
    });
    assert(
      property(array(sketch, { minLength: 1, maxLength: 6 }), (drawn) => {
        const keys = drawn.map(({ kind, domain, told }, index) => {
          if (kind === 'own') return own(`k${index}`, told);
          return kind === 'pinned'
            ? pinned(`k${index}`, domain, told)
            : named(`k${index}`, domain, told);
        });
        const { domains } = infer(keys);
        const still = keys.filter(({ domainPinned }) => domainPinned === true);
        for (const { id = '', domain = [] } of still)
          expect(domains[id]).toBe(['openai', ...domain].join('/'));
        const free = keys.filter((key) => key.domainPinned !== true && key.told !== undefined);
        const byAccount = Map.groupBy(free, ({ told = '' }) => told.split('/')[0]);
        const scattered = [...byAccount.values()].filter((group) => {
          const roots = new Set(group.map(({ id = '' }) => domains[id]?.split('/')[1]));
          return roots.size > 1;
        });
        // Only where pinned keys of the account disagree already can a twin of each of them be apart.
        const torn = infer(keys).contradictions.length > 0;
        expect(torn ? [] : scattered).toEqual([]);
      }),
    );
  });
});

describe('what a header may hold', () => {
  it.each([
    ['a name', 'acme', 'acme'],
    ['an id with separators', 'org/1#2', 'org/1#2'],
    ['nothing', '', null],
    ['a name of ours', '~b', null],
    ['a tenant', '@t1:acme', null],
    ['spaces', 'a b', null],
    ['what is too long', 'x'.repeat(129), null],
    ['another alphabet', 'акме', null],
  ])('%s', (_, organization, expected) => {
    expect(readAccount({ organization })?.organization ?? null).toBe(expected);
  });

  it('keeps an organization whose project is no name', () => {
    expect(readAccount({ organization: 'acme', project: 'a b' })).toEqual({
      organization: 'acme',
      project: null,
    });
    expect(readAccount(null)).toBeNull();
  });
});
