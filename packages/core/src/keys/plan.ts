import { compileModelPatterns } from '../access/model-patterns.ts';
import type {
  PoolRecord,
  ProviderRecord,
  Snapshot,
  TargetRecord,
  UpstreamKeyRecord,
} from '../snapshot/snapshot.ts';
import { slotsOf, type ScopeKind } from './cooldown-codes.ts';
import { domainPaths, escapeName } from './domain-path.ts';
import { layoutTable, type TableLayout } from './table-layout.ts';

/**
 * What a snapshot's providers and pools mean for the key table: every record, every scope that can be cooled, every candidate, with
 * their places. The same snapshot gives the same plan in every thread.
 */
export interface KeyPlan {
  readonly candidates: readonly Candidate[];
  readonly pools: ReadonlyMap<string, PoolPlan>;
  readonly endpoints: readonly EndpointPlan[];
  readonly nodes: readonly NodePlan[];
  readonly keys: readonly KeyEntry[];
  readonly scopes: readonly ScopePlan[];
  readonly scopeById: ReadonlyMap<string, ScopePlan>;
  readonly layout: TableLayout;
  /** Tells plans apart whose tables must not be mixed up: a hash of everything that has a place. */
  readonly fingerprint: number;
  /** Bytes of a table for this many writers: the workers and the main thread. */
  byteLength(workers: number): number;
}

export interface PoolPlan {
  readonly id: string;
  readonly index: number;
  readonly tiers: readonly TierPlan[];
}

export interface TierPlan {
  readonly tier: number;
  readonly candidates: readonly Candidate[];
  /** Running sum of the candidates' weights. */
  readonly cumulative: Float64Array;
  /** Keys a target names whose own list of models does not allow its model. */
  readonly notAllowed: readonly { readonly provider: string; readonly key: string }[];
}

/** One key of one target. */
export interface Candidate {
  readonly index: number;
  readonly pool: string;
  readonly tier: number;
  readonly provider: ProviderRecord;
  readonly key: UpstreamKeyRecord;
  readonly model: string;
  /** target.weight × key.weight ÷ the sum of the key weights of the target. */
  readonly weight: number;
  /** Display path of the quota domain: `openai/org-1/project-a`. */
  readonly domain: string;
  /** Display paths of the domain and all above it, root first. */
  readonly domainPath: readonly string[];
  /** Scopes that bind it: key, key×group, nodes root first, node×group root first, endpoint, endpoint×group, egress. */
  readonly scopes: Int32Array;
  /** Records to lock in this order: nodes root first. The endpoint's record comes last, where it is needed. */
  readonly locks: Int32Array;
  readonly keyIndex: number;
  readonly endpoint: number;
  /** Place of the breaker of endpoint×group. */
  readonly breaker: number;
}

export interface ScopePlan {
  readonly index: number;
  /** Stable across snapshots: `key:openai/a`, `node_group:openai/org-1#gpt-5`. */
  readonly id: string;
  readonly kind: ScopeKind;
  readonly provider: string;
  /** Record whose lock protects it. */
  readonly record: number;
  readonly endpoint: number;
  readonly firstSlot: number;
  readonly slots: number;
  /** Fingerprint of the one credential it belongs to, where it belongs to one. */
  readonly fingerprint: string | null;
}

export interface NodePlan {
  /** Index of the node and of its record. */
  readonly index: number;
  readonly parent: number | null;
  readonly provider: string;
  readonly path: string;
}

export interface KeyEntry {
  readonly index: number;
  readonly provider: ProviderRecord;
  readonly key: UpstreamKeyRecord;
  readonly endpoint: number;
  /** Nodes from the root to the key's own. */
  readonly nodes: readonly number[];
  readonly domain: string;
  /** Scopes that bind it whatever the model: key, nodes, endpoint, egress; then those of its groups. */
  readonly scopes: readonly number[];
}

export interface EndpointPlan {
  readonly index: number;
  readonly record: number;
  readonly provider: ProviderRecord;
  readonly scopes: readonly number[];
  readonly keys: readonly number[];
}

/** Lays out the key table of a snapshot. Pure and deterministic: the main thread and every worker compute the same. */
export function planKeys(snapshot: Pick<Snapshot, 'providers' | 'pools'>): KeyPlan {
  const builder = new PlanBuilder(snapshot.providers);
  const pools = new Map<string, PoolPlan>();
  for (const pool of snapshot.pools) {
    pools.set(pool.id, { id: pool.id, index: pools.size, tiers: planTiers(builder, pool) });
  }
  const parts = builder.finish();
  const layout = layoutTable({
    records: parts.nodes.length + parts.endpoints.length + pools.size,
    scopes: parts.scopes.length,
    slots: parts.slotCount,
    keys: parts.keys.length,
    endpoints: parts.endpoints.length,
    breakers: parts.breakers,
    pools: pools.size,
    limits: parts.scopes.filter((scope) => scope.kind === 'node_group').length,
    scopesPerCandidate: parts.candidates.reduce(
      (top, each) => Math.max(top, each.scopes.length),
      0,
    ),
  });
  return Object.freeze({
    ...parts,
    pools,
    layout,
    fingerprint: fingerprintOf([...parts.scopes.map((scope) => scope.id), ...pools.keys()]),
    byteLength: (workers: number) => layout.fixedBytes + layout.bytesPerWriter * workers,
  });
}

function planTiers(builder: PlanBuilder, pool: PoolRecord): readonly TierPlan[] {
  return pool.tiers.map(({ targets }, tier) => {
    const candidates: Candidate[] = [];
    const notAllowed: { provider: string; key: string }[] = [];
    for (const target of targets) {
      const keys = keysOf(builder.providerOf(target.provider), target, notAllowed);
      const sum = keys.reduce((total, key) => total + key.weight, 0);
      for (const key of keys) {
        const weight = (target.weight * key.weight) / sum;
        if (weight > 0) {
          candidates.push(builder.addCandidate({ pool: pool.id, tier, target, key, weight }));
        }
      }
    }
    return { tier, candidates, cumulative: runningSum(candidates), notAllowed };
  });
}

function keysOf(
  provider: ProviderRecord | undefined,
  target: TargetRecord,
  notAllowed: { provider: string; key: string }[],
): readonly UpstreamKeyRecord[] {
  const named = new Set(target.keys);
  const usable = (provider?.keys ?? []).filter(
    (key) => (named.size === 0 || named.has(key.id)) && key.weight > 0 && key.weight < Infinity,
  );
  return usable.filter((key) => {
    const allowed = key.models.length === 0 || compileModelPatterns(key.models)(target.model);
    if (!allowed) notAllowed.push({ provider: target.provider, key: key.id });
    return allowed;
  });
}

function runningSum(candidates: readonly Candidate[]): Float64Array {
  const sums = new Float64Array(candidates.length);
  let sum = 0;
  for (const [index, candidate] of candidates.entries()) {
    sum += candidate.weight;
    sums[index] = sum;
  }
  return sums;
}

/** FNV-1a over the names, 32 bits: a guard against mixing tables up, not against an attacker. */
function fingerprintOf(names: readonly string[]): number {
  let hash = 0x811c9dc5;
  for (const name of names) {
    for (let at = 0; at < name.length; at += 1) {
      hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
    }
    hash = Math.imul(hash ^ 0x1f, 0x01000193);
  }
  return hash | 0;
}

/** What a candidate is made from. */
interface CandidateSeed {
  readonly pool: string;
  readonly tier: number;
  readonly target: TargetRecord;
  readonly key: UpstreamKeyRecord;
  readonly weight: number;
}

interface KeyDraft extends KeyEntry {
  readonly scopes: number[];
}

interface EndpointDraft extends EndpointPlan {
  readonly scopes: number[];
  readonly keys: number[];
}

/**
 * Collects nodes, keys, endpoints and scopes in the snapshot's order while the pools are read. Node records come first, parents
 * before children, then the endpoints', so that locking in ascending order is locking the root first.
 */
class PlanBuilder {
  readonly #providers = new Map<string, EndpointDraft>();
  readonly #endpoints: EndpointDraft[] = [];
  readonly #nodes: NodePlan[] = [];
  readonly #nodeByPath = new Map<string, number>();
  /** Fingerprint of the key whose own domain a node is: what was learned there ends with the credential. */
  readonly #ownFingerprints = new Map<number, string>();
  readonly #keys: KeyDraft[] = [];
  readonly #keyByName = new Map<string, KeyDraft>();
  readonly #scopes: ScopePlan[] = [];
  readonly #scopeById = new Map<string, ScopePlan>();
  readonly #breakers = new Map<number, number>();
  readonly #candidates: Candidate[] = [];
  #slotCount = 0;

  constructor(providers: readonly ProviderRecord[]) {
    for (const provider of providers) {
      for (const key of provider.keys) this.#addNodes(provider, key);
    }
    for (const provider of providers) this.#addProvider(provider);
  }

  providerOf(id: string): ProviderRecord | undefined {
    return this.#providers.get(id)?.provider;
  }

  addCandidate(seed: CandidateSeed): Candidate {
    const { target, key, weight } = seed;
    const endpoint = this.#providers.get(target.provider);
    const entry = this.#keyByName.get(nameOf(target.provider, key.id));
    if (endpoint === undefined || entry === undefined) {
      throw new Error(`The target's key ${target.provider}/${key.id} does not exist.`);
    }
    const depth = entry.nodes.length;
    // Key, nodes, endpoint, egress: what every candidate of the key has in common comes first.
    const own = entry.scopes.slice(0, depth + 3);
    const keyGroup = this.#keyScope('key_group', entry, target.model);
    const nodeGroups = entry.nodes.map((node) =>
      this.#nodeScope('node_group', node, endpoint, target.model),
    );
    const endpointGroup = this.#endpointScope('endpoint_group', endpoint, target.model);
    note(entry.scopes, [keyGroup, ...nodeGroups, endpointGroup]);
    const candidate: Candidate = Object.freeze({
      index: this.#candidates.length,
      pool: seed.pool,
      tier: seed.tier,
      provider: endpoint.provider,
      key: entry.key,
      model: target.model,
      weight,
      domain: entry.domain,
      domainPath: entry.nodes.map((node) => this.#nodes[node]?.path ?? ''),
      scopes: Int32Array.of(
        ...own.slice(0, 1),
        keyGroup,
        ...own.slice(1, 1 + depth),
        ...nodeGroups,
        ...own.slice(1 + depth, 2 + depth),
        endpointGroup,
        ...own.slice(2 + depth),
      ),
      locks: Int32Array.from(entry.nodes),
      keyIndex: entry.index,
      endpoint: endpoint.index,
      breaker: this.#breakerOf(endpointGroup),
    });
    this.#candidates.push(candidate);
    return candidate;
  }

  finish() {
    return {
      candidates: this.#candidates,
      endpoints: this.#endpoints,
      nodes: this.#nodes,
      keys: this.#keys,
      scopes: this.#scopes,
      scopeById: this.#scopeById,
      slotCount: this.#slotCount,
      breakers: this.#breakers.size,
    };
  }

  #addNodes(provider: ProviderRecord, key: UpstreamKeyRecord): void {
    let parent: number | null = null;
    for (const path of domainPaths(provider, key)) {
      let index = this.#nodeByPath.get(path);
      if (index === undefined) {
        index = this.#nodes.length;
        this.#nodes.push({ index, parent, provider: provider.id, path });
        this.#nodeByPath.set(path, index);
      }
      if (key.domain.length === 0) this.#ownFingerprints.set(index, key.fingerprint);
      parent = index;
    }
  }

  #addProvider(provider: ProviderRecord): void {
    const index = this.#endpoints.length;
    const record = this.#nodes.length + index;
    const endpoint: EndpointDraft = { index, record, provider, scopes: [], keys: [] };
    this.#endpoints.push(endpoint);
    this.#providers.set(provider.id, endpoint);
    const shared = [
      this.#endpointScope('endpoint', endpoint, null),
      this.#endpointScope('egress', endpoint, null),
    ];
    for (const key of provider.keys) {
      const paths = domainPaths(provider, key);
      const nodes = paths.map((path) => this.#nodeByPath.get(path) ?? -1);
      const entry: KeyDraft = {
        index: this.#keys.length,
        provider,
        key,
        endpoint: index,
        nodes,
        domain: paths.at(-1) ?? provider.id,
        scopes: [],
      };
      this.#keys.push(entry);
      endpoint.keys.push(entry.index);
      this.#keyByName.set(nameOf(provider.id, key.id), entry);
      note(entry.scopes, [
        this.#keyScope('key', entry, null),
        ...nodes.map((node) => this.#nodeScope('node', node, endpoint, null)),
        ...shared,
      ]);
    }
  }

  #keyScope(kind: 'key' | 'key_group', entry: KeyDraft, group: string | null): number {
    return this.#scope({
      id: `${kind}:${nameOf(entry.provider.id, entry.key.id)}${groupPart(group)}`,
      kind,
      provider: entry.provider.id,
      record: entry.nodes.at(-1) ?? -1,
      endpoint: entry.endpoint,
      fingerprint: entry.key.fingerprint,
    });
  }

  #nodeScope(
    kind: 'node' | 'node_group',
    node: number,
    endpoint: EndpointDraft,
    group: string | null,
  ): number {
    const path = this.#nodes[node]?.path ?? '';
    return this.#scope({
      id: `${kind}:${path}${groupPart(group)}`,
      kind,
      provider: endpoint.provider.id,
      record: node,
      endpoint: endpoint.index,
      fingerprint: this.#ownFingerprints.get(node) ?? null,
    });
  }

  #endpointScope(
    kind: 'endpoint' | 'endpoint_group' | 'egress',
    endpoint: EndpointDraft,
    group: string | null,
  ): number {
    return this.#scope({
      id: `${kind}:${escapeName(endpoint.provider.id)}${groupPart(group)}`,
      kind,
      provider: endpoint.provider.id,
      record: endpoint.record,
      endpoint: endpoint.index,
      fingerprint: null,
    });
  }

  #scope(seed: Omit<ScopePlan, 'index' | 'firstSlot' | 'slots'>): number {
    const known = this.#scopeById.get(seed.id);
    if (known !== undefined) return known.index;
    const slots = slotsOf(seed.kind);
    const scope: ScopePlan = {
      ...seed,
      index: this.#scopes.length,
      firstSlot: this.#slotCount,
      slots,
    };
    this.#slotCount += slots;
    this.#scopes.push(scope);
    this.#scopeById.set(seed.id, scope);
    this.#endpoints[seed.endpoint]?.scopes.push(scope.index);
    return scope.index;
  }

  #breakerOf(endpointGroup: number): number {
    const known = this.#breakers.get(endpointGroup);
    if (known !== undefined) return known;
    const breaker = this.#breakers.size;
    this.#breakers.set(endpointGroup, breaker);
    return breaker;
  }
}

const nameOf = (provider: string, key: string): string =>
  `${escapeName(provider)}/${escapeName(key)}`;

const groupPart = (group: string | null): string => (group === null ? '' : `#${group}`);

function note(list: number[], scopes: readonly number[]): void {
  for (const scope of scopes) if (!list.includes(scope)) list.push(scope);
}
