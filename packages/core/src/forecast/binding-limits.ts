/** One (domain, limit group) that a pool can draw on. */
export interface PoolMember {
  readonly provider: string;
  /** Display paths of the domain and all above it, root first. */
  readonly domainPath: readonly string[];
  readonly group: string;
}

/** What is known of one limit: what is left in it; null where that is not known. */
export interface BindingLimit {
  readonly left: number | null;
}

export interface BindingLimits<L> {
  /** The limits that together bound what the members can take: none lies above another one of them. */
  readonly limits: readonly L[];
  /** Members that at least one of them bounds. */
  readonly known: number;
}

/** The members of a pool by their domains, made once for a configuration. */
export interface PoolTree {
  /** See `placeName`; empty for the root of all. */
  readonly name: string;
  /** Members at or below it. */
  readonly members: number;
  readonly below: readonly PoolTree[];
}

/** Names one limit group at one node, whatever the dimension. */
export const placeName = (path: string, group: string): string => `${path}\n${group}`;

/** The members of a pool as a tree. */
export function poolTree(members: readonly PoolMember[]): PoolTree {
  return { name: '', members: members.length, below: treesBelow(members, 0) };
}

function treesBelow(members: readonly PoolMember[], depth: number): readonly PoolTree[] {
  const deeper = members.filter(({ domainPath }) => domainPath.length > depth);
  const places = Map.groupBy(deeper, ({ domainPath, group }) =>
    placeName(domainPath[depth] ?? '', group),
  );
  return [...places].map(([name, there]) => ({
    name,
    members: there.length,
    below: treesBelow(there, depth + 1),
  }));
}

/**
 * The limits that bind a pool in one dimension. An organization's limit and those of its projects bind the same calls: whichever has
 * less left is the one that counts, the projects' together against the organization's.
 */
export function bindingLimits<L extends BindingLimit>(
  tree: PoolTree,
  limitAt: (name: string) => L | undefined,
): BindingLimits<L> {
  const limits: L[] = [];
  const { known } = cut(tree.below, limitAt, limits);
  return { limits, known };
}

/** Puts the limits that bind below into `limits`, and answers how many members they bound and what is left in them. */
function cut<L extends BindingLimit>(
  trees: readonly PoolTree[],
  limitAt: (name: string) => L | undefined,
  limits: L[],
): { readonly known: number; readonly left: number } {
  let known = 0;
  let left = 0;
  for (const tree of trees) {
    const first = limits.length;
    const below = tree.below.length === 0 ? NOTHING : cut(tree.below, limitAt, limits);
    const found = limitAt(tree.name);
    const own = found?.left ?? null;
    const whole = below.known === tree.members;
    if (found !== undefined && own !== null && !(whole && below.left < own)) {
      limits.length = first;
      limits.push(found);
      known += tree.members;
      left += own;
    } else {
      known += below.known;
      left += below.left;
    }
  }
  return { known, left };
}

const NOTHING = Object.freeze({ known: 0, left: 0 });
