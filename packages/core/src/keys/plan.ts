import { compileModelPatterns } from '../access/model-patterns.ts';
import type {
  PoolRecord,
  ProviderRecord,
  Snapshot,
  Strategy,
  TargetRecord,
  TokenPrice,
  UpstreamKeyRecord,
} from '../snapshot/snapshot.ts';
import { hashOf } from './hash.ts';
import { PlanBuilder } from './plan-builder.ts';
import type {
  Candidate,
  DeclaredPlan,
  EndpointPlan,
  KeyEntry,
  NodePlan,
  ScopePlan,
} from './plan-parts.ts';
import { BLOCK, layoutTable, type TableLayout } from './table-layout.ts';

export type { Candidate, EndpointPlan, KeyEntry, NodePlan, ScopePlan } from './plan-parts.ts';

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
  /** Limits that operators declared, with their places. */
  readonly declared: readonly DeclaredPlan[];
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
  readonly strategy: Strategy;
  /** Place of the tier's turn counter, and of what a thread remembers of the tier. */
  readonly index: number;
  readonly candidates: readonly Candidate[];
  /** The candidates of each target: they lie beside each other. */
  readonly targets: readonly TargetPlan[];
  /** The candidates by the quota domain they draw on. */
  readonly domains: readonly DomainPlan[];
  /** Whether nobody gave a weight: then each candidate's known rate is its weight. */
  readonly weightless: boolean;
  /** Running sum of the candidates' weights. */
  readonly cumulative: Float64Array;
  /** Keys a target names whose own list of models does not allow its model. */
  readonly notAllowed: readonly { readonly provider: string; readonly key: string }[];
}

/** The candidates of one target: from `first` up to, but without, `end`. */
export interface TargetPlan {
  readonly first: number;
  readonly end: number;
  readonly price: TokenPrice | null;
  /** Of endpoint×model, as `Candidate.breaker`. */
  readonly breaker: number;
}

/** One quota domain of a tier: calls that share a prefix are kept together in it. */
export interface DomainPlan {
  readonly path: string;
  /** Hash of the path, 32 bits. */
  readonly hash: number;
  readonly weight: number;
  readonly candidates: readonly Candidate[];
}

/** Lays out the key table of a snapshot. Pure and deterministic: the main thread and every worker compute the same. */
export function planKeys(snapshot: Pick<Snapshot, 'providers' | 'pools'>): KeyPlan {
  const builder = new PlanBuilder(snapshot.providers);
  const pools = new Map<string, PoolPlan>();
  let tiers = 0;
  for (const pool of snapshot.pools) {
    const planned = planTiers(builder, pool, tiers);
    tiers += planned.length;
    pools.set(pool.id, { id: pool.id, index: pools.size, tiers: planned });
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
    nodes: parts.nodes.length,
    blocks: parts.blockCount,
    tiers,
    scopesPerCandidate: most(parts.candidates.map(({ scopes }) => scopes.length)),
    depth: most(parts.keys.map(({ nodes }) => nodes.length)),
  });
  for (const { blocks } of parts.candidates) {
    // Where the blocks lie is known only now that everything has been counted.
    for (const [place, block] of blocks.entries()) {
      blocks[place] = layout.blocks + block * BLOCK.cells;
    }
  }
  return Object.freeze({
    ...parts,
    pools,
    layout,
    fingerprint: hashOf([...parts.scopes.map(placeOf), ...pools.keys()].join('\u001f')),
    byteLength: (workers: number) => layout.fixedBytes + layout.bytesPerWriter * workers,
  });
}

/** What decides where a scope lies. */
const placeOf = ({ id, record, slots }: ScopePlan): string => `${id} ${record} ${slots}`;

function planTiers(builder: PlanBuilder, pool: PoolRecord, first: number): readonly TierPlan[] {
  return pool.tiers.map(({ targets }, tier) => {
    const candidates: Candidate[] = [];
    const planned: TargetPlan[] = [];
    const notAllowed: { provider: string; key: string }[] = [];
    for (const target of targets) {
      const keys = keysOf(builder.providerOf(target.provider), target, notAllowed);
      const sum = keys.reduce((total, key) => total + key.weight, 0);
      const start = candidates.length;
      for (const key of keys) {
        const weight = (target.weight * key.weight) / sum;
        if (weight > 0) {
          candidates.push(builder.addCandidate({ pool: pool.id, tier, target, key, weight }));
        }
      }
      const breaker = candidates[start]?.breaker;
      if (breaker !== undefined)
        planned.push({ first: start, end: candidates.length, price: target.price, breaker });
    }
    return {
      tier,
      strategy: pool.strategy,
      index: first + tier,
      candidates,
      targets: planned,
      domains: domainsOf(candidates),
      weightless:
        targets.every(({ weight }) => weight === 1) &&
        candidates.every(({ key }) => key.weight === 1),
      cumulative: runningSum(candidates),
      notAllowed,
    };
  });
}

function domainsOf(candidates: readonly Candidate[]): readonly DomainPlan[] {
  return [...Map.groupBy(candidates, ({ domain }) => domain)].map(([path, members]) => ({
    path,
    hash: hashOf(path),
    weight: members.reduce((sum, { weight }) => sum + weight, 0),
    candidates: members,
  }));
}

const most = (counts: readonly number[]): number =>
  counts.reduce((top, count) => Math.max(top, count), 0);

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
