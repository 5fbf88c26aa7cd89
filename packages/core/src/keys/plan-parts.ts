import type {
  ModelCapabilities,
  ProviderRecord,
  TokenPrice,
  UpstreamKeyRecord,
} from '../snapshot/snapshot.ts';
import type { ScopeKind } from './cooldown-codes.ts';
import type { Dimension } from './verdict.ts';

/** A declared limit of one limit group at one node. */
export interface DeclaredPlan {
  readonly block: number;
  readonly dimension: Dimension;
  readonly limit: number;
  readonly refill: 'continuous' | 'window';
}

/** One key of one target. */
export interface Candidate {
  readonly index: number;
  readonly pool: string;
  readonly tier: number;
  readonly provider: ProviderRecord;
  readonly key: UpstreamKeyRecord;
  readonly model: string;
  /** The limit group: candidates of one group share a limit at a node. */
  readonly group: string;
  readonly price: TokenPrice | null;
  /** Tokens of input and output that the model takes; null where it is not known. */
  readonly contextLength: number | null;
  readonly capabilities: ModelCapabilities;
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
  /** First cells of its limit group's block at each node, in the order of `locks`. */
  readonly blocks: Int32Array;
  readonly keyIndex: number;
  readonly endpoint: number;
  /** Place of the breaker and the statistics of endpoint×model. */
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
  /** Index of the limits' block that goes with it; -1 but for node×group. */
  readonly block: number;
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
