/** One (domain, limit group) that a pool can draw on. */
export interface PoolMember {
  readonly provider: string;
  /** Display paths of the domain and all above it, root first. */
  readonly domainPath: readonly string[];
  readonly group: string;
}

/** What is known of one limit, by where it lies. */
export interface PlacedLimit {
  readonly path: string;
  readonly group: string;
  /** What is left in it; null where that is not known. */
  readonly left: number | null;
}

export interface BindingLimits<L> {
  /** The limits that together bound what the members can take: none lies above another one of them. */
  readonly limits: readonly L[];
  /** Members that at least one of them bounds. */
  readonly known: number;
}

/**
 * The limits that bind a pool in one dimension. An organization's limit and those of its projects bind the same calls: whichever has
 * less left is the one that counts, the projects' together against the organization's.
 */
export function bindingLimits<L extends PlacedLimit>(
  members: readonly PoolMember[],
  limitAt: (path: string, group: string) => L | undefined,
): BindingLimits<L> {
  const { limits, known } = cut(members, 0, limitAt);
  return { limits, known };
}

interface Cut<L> extends BindingLimits<L> {
  readonly left: number;
}

function cut<L extends PlacedLimit>(
  members: readonly PoolMember[],
  depth: number,
  limitAt: (path: string, group: string) => L | undefined,
): Cut<L> {
  const limits: L[] = [];
  let known = 0;
  let left = 0;
  const places = Map.groupBy(
    members.filter((member) => member.domainPath.length > depth),
    (member) => `${member.domainPath[depth]}\n${member.group}`,
  );
  for (const group of places.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const found = limitAt(first.domainPath[depth] ?? '', first.group);
    const below = cut(group, depth + 1, limitAt);
    const own = found === undefined || found.left === null ? null : { found, left: found.left };
    const whole = below.known === group.length;
    if (own !== null && !(whole && below.left < own.left)) {
      limits.push(own.found);
      known += group.length;
      left += own.left;
    } else {
      limits.push(...below.limits);
      known += below.known;
      left += below.left;
    }
  }
  return { limits, known, left };
}
