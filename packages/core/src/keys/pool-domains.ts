import { isPassthroughPool } from '../snapshot/passthrough-pool.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { planKeys, type Candidate, type PoolPlan } from './plan.ts';

/** A pool that looks safer than it is. */
export interface PoolDomainFinding {
  /**
   * `one_domain`: every key of the pool hangs below one node of the domain tree. `fallback_shares`: every key of a lower tier belongs
   * to an account that the tiers above use already.
   */
  readonly kind: 'one_domain' | 'fallback_shares';
  /** Place of the pool in the snapshot, and its id. */
  readonly index: number;
  readonly pool: string;
  /** The tier that gives no protection; null where it is the whole pool. */
  readonly tier: number | null;
  /** Display path of the node that all share, or the paths of the accounts. */
  readonly domains: readonly string[];
  readonly keys: number;
}

/** Looks at where the keys of every pool are in the domain tree. */
export function poolDomainFindings(
  snapshot: Pick<Snapshot, 'providers' | 'pools'>,
): readonly PoolDomainFinding[] {
  const plans = planKeys(snapshot).pools;
  return snapshot.pools.flatMap((pool, index) => {
    const plan = isPassthroughPool(pool.id) ? undefined : plans.get(pool.id);
    return plan === undefined ? [] : findingsOf(plan, index);
  });
}

function findingsOf(plan: PoolPlan, index: number): readonly PoolDomainFinding[] {
  const candidates = plan.tiers.flatMap((tier) => tier.candidates);
  const keys = new Set(candidates.map(({ keyIndex }) => keyIndex)).size;
  const shared = deepestShared(candidates);
  if (keys > 1 && shared !== null)
    return [{ kind: 'one_domain', index, pool: plan.id, tier: null, domains: [shared], keys }];
  const above = new Set<string>();
  return plan.tiers.flatMap((tier): readonly PoolDomainFinding[] => {
    const roots = new Set(tier.candidates.map(rootOf));
    const first = above.size === 0;
    const shares = roots.size > 0 && [...roots].every((root) => above.has(root));
    for (const root of roots) above.add(root);
    if (first || !shares) return [];
    const own = new Set(tier.candidates.map(({ keyIndex }) => keyIndex)).size;
    const where = { index, pool: plan.id, tier: tier.tier };
    return [{ kind: 'fallback_shares', ...where, domains: [...roots], keys: own }];
  });
}

const rootOf = ({ domainPath }: Candidate): string => domainPath[0] ?? '';

/** The lowest node above all of them; null where there is none. */
function deepestShared(candidates: readonly Candidate[]): string | null {
  const [first, ...others] = candidates;
  const paths = first?.domainPath ?? [];
  return paths.findLast((path) => others.every((each) => each.domainPath.includes(path))) ?? null;
}
