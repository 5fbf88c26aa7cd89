import { matchesModel } from '../access/model-patterns.ts';
import type { ProviderRecord, TargetRecord, UpstreamKeyRecord } from '../snapshot/snapshot.ts';
import { slotsOf } from './cooldown-codes.ts';
import { domainPaths, escapeName, isOwnDomain } from './domain-path.ts';
import type {
  Candidate,
  DeclaredPlan,
  EndpointPlan,
  KeyEntry,
  NodePlan,
  ScopePlan,
} from './plan-parts.ts';

/** What a candidate is made from. */
export interface CandidateSeed {
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
export class PlanBuilder {
  readonly #providers = new Map<string, EndpointDraft>();
  readonly #endpoints: EndpointDraft[] = [];
  readonly #nodes: NodePlan[] = [];
  readonly #nodeByPath = new Map<string, number>();
  /** How many keys lie at or below each node. */
  readonly #keysBelow: number[] = [];
  /** Fingerprint of the key whose own domain a node is: what was learned there ends with the credential. */
  readonly #ownFingerprints = new Map<number, string>();
  readonly #keys: KeyDraft[] = [];
  readonly #keyByName = new Map<string, KeyDraft>();
  readonly #scopes: ScopePlan[] = [];
  readonly #scopeById = new Map<string, ScopePlan>();
  readonly #breakers = new Map<number, number>();
  readonly #declared: DeclaredPlan[] = [];
  readonly #candidates: Candidate[] = [];
  #slotCount = 0;
  #blockCount = 0;

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
      this.#nodeScope('node_group', node, endpoint, target.group),
    );
    const blocks = nodeGroups.map((scope) => this.#scopes[scope]?.block ?? -1);
    this.#declare(key, target.group, blocks.at(-1) ?? -1);
    const endpointGroup = this.#endpointScope('endpoint_group', endpoint, target.model);
    note(entry.scopes, [keyGroup, ...nodeGroups, endpointGroup]);
    const candidate: Candidate = Object.freeze({
      index: this.#candidates.length,
      pool: seed.pool,
      tier: seed.tier,
      provider: endpoint.provider,
      key: entry.key,
      model: target.model,
      group: target.group,
      price: target.price,
      contextLength: target.contextLength,
      capabilities: target.capabilities,
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
      blocks: Int32Array.from(blocks),
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
      blockCount: this.#blockCount,
      declared: this.#declared,
      breakers: this.#breakers.size,
    };
  }

  /** What a key declares holds for its own node; of several that declare the same, the lowest. */
  #declare(key: UpstreamKeyRecord, group: string, block: number): void {
    for (const { dimension, limit, refill, groups } of key.limits) {
      if (!(limit > 0 && limit < Infinity)) continue;
      if (groups.length > 0 && !matchesModel(groups, group)) continue;
      const known = this.#declared.findIndex(
        (each) => each.block === block && each.dimension === dimension,
      );
      const lowest = Math.min(limit, this.#declared[known]?.limit ?? limit);
      const declared: DeclaredPlan = { block, dimension, limit: lowest, refill };
      if (known < 0) this.#declared.push(declared);
      else this.#declared[known] = declared;
    }
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
      this.#keysBelow[index] = (this.#keysBelow[index] ?? 0) + 1;
      if (isOwnDomain(key)) this.#ownFingerprints.set(index, key.fingerprint);
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

  #scope(seed: Omit<ScopePlan, 'index' | 'firstSlot' | 'slots' | 'block'>): number {
    const known = this.#scopeById.get(seed.id);
    if (known !== undefined) return known.index;
    const slots = slotsOf(seed.kind, this.#keysBelow[seed.record] === 1);
    const scope: ScopePlan = {
      ...seed,
      index: this.#scopes.length,
      firstSlot: this.#slotCount,
      slots,
      block: seed.kind === 'node_group' ? this.#blockCount : -1,
    };
    if (scope.block >= 0) this.#blockCount += 1;
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
