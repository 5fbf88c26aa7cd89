import type { KnownAccount } from '@keywell/core/keys/account';
import { domainPaths } from '@keywell/core/keys/domain-path';
import type { MergeSuggestion } from '@keywell/core/keys/flow-ledger';
import { type DomainContradiction, inferDomains } from '@keywell/core/keys/infer-domains';
import { type PoolDomainFinding, poolDomainFindings } from '@keywell/core/keys/pool-domains';
import type { ProviderRecord } from '@keywell/core/snapshot/snapshot';
import type { LiveConfiguration } from '../../configuration/live-configuration.ts';

export interface DomainPorts {
  readonly configuration: Pick<LiveConfiguration, 'snapshot' | 'declaredProviders'>;
  readonly domains: {
    /** What responses named. */
    readonly known: () => readonly KnownAccount[];
    readonly isUnsteady: (
      of: Pick<KnownAccount, 'baseUrl' | 'ownerTenant' | 'fingerprint'>,
    ) => boolean;
    /** Pairs that seem to draw on one bucket. */
    readonly suggestions: () => readonly MergeSuggestion[];
  };
}

/** Two keys that should probably have one domain. */
export interface DomainSuggestion {
  readonly provider: string;
  readonly group: string;
  readonly keys: readonly [string, string];
  readonly domains: readonly [string, string];
  readonly observations: number;
  readonly contrast: number;
  readonly standardError: number;
}

/** Everything about the domain tree that somebody should look at. */
export interface DomainFindings {
  readonly suggestions: readonly DomainSuggestion[];
  readonly contradictions: readonly DomainContradiction[];
  /** Keys whose provider names one account, then another. */
  readonly unsteady: readonly { readonly provider: string; readonly key: string }[];
  /** Pools that are less safe than they look; `inferred` where only responses show it, not the file. */
  readonly pools: readonly (PoolDomainFinding & { readonly inferred: boolean })[];
}

/** Looks at everything as it is now. */
export function domainFindings({ configuration, domains }: DomainPorts): DomainFindings {
  const snapshot = configuration.snapshot();
  const providers = configuration.declaredProviders();
  const written = new Set(poolDomainFindings({ ...snapshot, providers }).map(nameOf));
  return {
    suggestions: domains
      .suggestions()
      .flatMap((suggestion) => standing(suggestion, snapshot.providers)),
    contradictions: inferDomains(providers, domains.known()).contradictions,
    unsteady: providers.flatMap(({ id, baseUrl, keys }) =>
      keys
        .filter((key) => domains.isUnsteady({ ...key, baseUrl }))
        .map((key) => ({ provider: id, key: key.id })),
    ),
    pools: poolDomainFindings(snapshot).map((finding) =>
      Object.assign({}, finding, { inferred: !written.has(nameOf(finding)) }),
    ),
  };
}

/** A suggestion as long as it is one: both keys are there, of one owner, and still apart. */
function standing(
  { provider, group, keys, evidence }: MergeSuggestion,
  providers: readonly ProviderRecord[],
): readonly DomainSuggestion[] {
  const record = providers.find(({ id }) => id === provider);
  const [one, two] = keys.map((id) => record?.keys.find((key) => key.id === id));
  if (record === undefined || one === undefined || two === undefined) return [];
  if (one.ownerTenant !== two.ownerTenant) return [];
  const domains = [one, two].map((key) => domainPaths(record, key).at(-1) ?? '');
  const [first = '', second = ''] = domains;
  if (first === second) return [];
  const { observations, contrast, standardError } = evidence;
  return [
    { provider, group, keys, domains: [first, second], observations, contrast, standardError },
  ];
}

const nameOf = ({ kind, pool, tier }: PoolDomainFinding): string =>
  JSON.stringify([kind, pool, tier]);
