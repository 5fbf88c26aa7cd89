import type { ProviderRecord, UpstreamKeyRecord } from '../snapshot/snapshot.ts';
import { accountPlace, sameAccount, type Account, type KnownAccount } from './account.ts';
import { domainPaths, isOwnDomain } from './domain-path.ts';

/** What responses say against the configuration. Nothing follows from it but that somebody is told. */
export interface DomainContradiction {
  /** The account is one and the pinned domains are two, or the other way round. */
  readonly kind: 'one_account_two_domains' | 'two_accounts_one_domain';
  readonly provider: string;
  /** Aliases of the keys that disagree, in the order of the configuration. */
  readonly keys: readonly string[];
  /** Their display paths, without repetition. */
  readonly domains: readonly string[];
  /** Organizations that the provider named for them, without repetition. */
  readonly organizations: readonly string[];
}

export interface Inference {
  readonly providers: readonly ProviderRecord[];
  readonly contradictions: readonly DomainContradiction[];
}

/** A key with the account that was told for it. */
interface Told {
  readonly key: UpstreamKeyRecord;
  readonly account: Account;
}

/**
 * Places keys in the domain tree by the accounts that responses named for them. A pinned key never moves. An account goes by the name
 * that the configuration has for it, where a key it was told for has one, so that what is declared keeps its place; otherwise by its
 * own. Keys of one provider entry (one base URL) and one owner are looked at together, and no others.
 */
export function inferDomains(
  providers: readonly ProviderRecord[],
  known: readonly KnownAccount[],
): Inference {
  const accounts = new Map(known.map((each) => [accountPlace(each), each.account]));
  const contradictions: DomainContradiction[] = [];
  if (accounts.size === 0) return { providers, contradictions };
  const placed = providers.map((provider) => {
    const moves = new Map<UpstreamKeyRecord, readonly string[]>();
    for (const told of toldByOwner(provider, accounts)) {
      const names = new AccountNames(told);
      for (const each of told) {
        const path = names.pathOf(each);
        if (path.join('/') !== each.key.domain.join('/')) moves.set(each.key, path);
      }
      contradictions.push(...contradictionsIn(provider, told));
    }
    return moves.size === 0 ? provider : { ...provider, keys: provider.keys.map(moved(moves)) };
  });
  return { providers: placed, contradictions };
}

function moved(moves: ReadonlyMap<UpstreamKeyRecord, readonly string[]>) {
  return (key: UpstreamKeyRecord): UpstreamKeyRecord => {
    const domain = moves.get(key);
    return domain === undefined ? key : { ...key, domain, domainInferred: true };
  };
}

function toldByOwner(
  provider: ProviderRecord,
  accounts: ReadonlyMap<string, Account>,
): readonly (readonly Told[])[] {
  const { baseUrl } = provider;
  const owners = new Map<string | null, Told[]>();
  for (const key of provider.keys) {
    const { ownerTenant, fingerprint } = key;
    const account =
      fingerprint === ''
        ? undefined
        : accounts.get(accountPlace({ baseUrl, ownerTenant, fingerprint }));
    if (account === undefined) continue;
    const told = owners.get(ownerTenant) ?? [];
    told.push({ key, account });
    owners.set(ownerTenant, told);
  }
  return [...owners.values()];
}

/** What the accounts of one owner's keys are called in the tree. */
class AccountNames {
  readonly #told: readonly Told[];
  readonly #roots = new Map<string, string>();
  readonly #owners = new Map<string, string>();

  constructor(told: readonly Told[]) {
    // A domain of its own names nobody's account.
    const named = told.filter(({ key }) => !isOwnDomain(key));
    this.#told = named.toSorted((a, b) => Number(b.key.domainPinned) - Number(a.key.domainPinned));
    for (const { key, account } of this.#told) {
      const root = key.domain[0] ?? '';
      const free = !this.#owners.has(root);
      if (!this.#roots.has(account.organization) && (free || key.domainPinned))
        this.#roots.set(account.organization, root);
      if (free) this.#owners.set(root, account.organization);
    }
  }

  pathOf({ key, account }: Told): readonly string[] {
    if (key.domainPinned) return key.domain;
    const twin = this.#told.find(
      (each) => each.key.domainPinned && sameAccount(each.account, account),
    );
    if (twin !== undefined) return twin.key.domain;
    const root = this.#rootOf(account.organization);
    const below = key.domain[0] === root ? key.domain.slice(1) : [];
    const project = account.project === null ? null : this.#projectOf(root, account);
    if (project === null || below[0] === project) return [root, ...below];
    return [root, project];
  }

  #rootOf(organization: string): string {
    const known = this.#roots.get(organization);
    if (known !== undefined) return known;
    const owner = this.#owners.get(organization);
    // The name is a declared domain's whose keys belong to somebody else.
    return owner === undefined || owner === organization ? organization : `account:${organization}`;
  }

  #projectOf(root: string, account: Account): string {
    const named = this.#told.find(
      ({ key, account: other }) =>
        sameAccount(other, account) && key.domain[0] === root && key.domain.length > 1,
    );
    return named?.key.domain[1] ?? account.project ?? '';
  }
}

function contradictionsIn(
  provider: ProviderRecord,
  told: readonly Told[],
): readonly DomainContradiction[] {
  const pinned = told.filter(({ key }) => key.domainPinned);
  const found = (
    kind: DomainContradiction['kind'],
    groups: Iterable<readonly Told[]>,
    differ: (each: Told) => string,
  ): readonly DomainContradiction[] =>
    [...groups].flatMap((group) => {
      if (new Set(group.map(differ)).size < 2) return [];
      return [contradiction(kind, provider, group)];
    });
  const root = ({ key }: Told): string => key.domain[0] ?? '';
  const organization = ({ account }: Told): string => account.organization;
  const whole = ({ account }: Told): string => JSON.stringify(account);
  const roots = found('one_account_two_domains', Map.groupBy(pinned, organization).values(), root);
  const projects = found(
    'one_account_two_domains',
    Map.groupBy(
      pinned.filter(({ account }) => account.project !== null),
      (each) => `${root(each)} ${whole(each)}`,
    ).values(),
    ({ key }) => key.domain.join('/'),
  );
  const owners = found('two_accounts_one_domain', Map.groupBy(pinned, root).values(), organization);
  return [...roots, ...projects, ...owners];
}

function contradiction(
  kind: DomainContradiction['kind'],
  provider: ProviderRecord,
  group: readonly Told[],
): DomainContradiction {
  const paths = group.map(({ key }) => domainPaths(provider, key).at(-1) ?? '');
  return {
    kind,
    provider: provider.id,
    keys: group.map(({ key }) => key.id),
    domains: [...new Set(paths)],
    organizations: [...new Set(group.map(({ account }) => account.organization))],
  };
}
