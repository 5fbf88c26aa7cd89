import type { Instant } from './cooldown-changes.ts';
import type { KeyTable } from './key-table.ts';
import type { KeyEntry, KeyPlan, ScopePlan } from './plan.ts';
import { listCooldowns } from './recover.ts';
import { restoreCooldowns } from './restore-cooldowns.ts';
import type { CooldownChange, CooldownName } from './status.ts';

/** Old scope id → the scopes that take its place. */
export type MovedScopes = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Where the cooldowns of a domain go that is no more because responses placed its keys elsewhere: to the nodes that its keys have
 * now. What an operator renames or regroups in the file is another matter and does not count here.
 */
export function movedScopes(before: KeyPlan, after: KeyPlan): MovedScopes {
  const moved = new Map<string, Set<string>>();
  const kept = new Set(after.nodes.map(({ path }) => path));
  const twins = new Map(after.keys.map((entry) => [nameOf(entry), entry]));
  const scopesAt = Map.groupBy(before.scopes.filter(isOfNode), ({ record }) => record);
  for (const entry of before.keys) {
    const twin = twins.get(nameOf(entry));
    if (twin === undefined || !twin.key.domainInferred || twin.domain === entry.domain) continue;
    for (const [depth, node] of entry.nodes.entries()) {
      const path = before.nodes[node]?.path ?? '';
      if (kept.has(path)) continue;
      const to = after.nodes[placeOf(depth, entry, twin)]?.path ?? '';
      for (const { id, kind } of scopesAt.get(node) ?? []) {
        const targets = moved.get(id) ?? new Set();
        moved.set(id, targets.add(`${kind}:${to}${id.slice(`${kind}:${path}`.length)}`));
      }
    }
  }
  return moved;
}

/** What moves, when, and what is known beside the table of the cooldowns that do. */
export interface Move {
  readonly moved: MovedScopes;
  readonly at: Instant;
  readonly evidenceOf: (cooldown: CooldownName) => string;
}

/** Puts the cooldowns of moved domains into the new table. Returns what ends under the old names and stands under the new ones. */
export function moveCooldowns(
  from: KeyTable,
  to: KeyTable,
  { moved, at, evidenceOf }: Move,
): CooldownChange[] {
  if (moved.size === 0) return [];
  const old = listCooldowns(from, at)
    .filter(({ scopeId }) => moved.has(scopeId))
    .map((row): CooldownChange => ({ ...row, evidence: evidenceOf(row) }));
  const placed = old.flatMap((row) => renamed(row, moved));
  restoreCooldowns(to, placed, at);
  const ended = old.map((row): CooldownChange => ({
    ...row,
    action: 'cleared',
    endsAt: 0,
    evidence: '',
  }));
  return [...ended, ...placed];
}

/** A change under the names its scope has now; itself where it has not moved. */
export function renamed(change: CooldownChange, moved: MovedScopes): readonly CooldownChange[] {
  const targets = moved.get(change.scopeId);
  return targets === undefined ? [change] : [...targets].map((scopeId) => ({ ...change, scopeId }));
}

/** The node that takes the place of the one at this depth: a leaf is a leaf again. */
function placeOf(depth: number, before: KeyEntry, after: KeyEntry): number {
  const last = after.nodes.length - 1;
  const leaf = depth === before.nodes.length - 1;
  return after.nodes[leaf ? last : Math.min(depth, last)] ?? -1;
}

const isOfNode = ({ kind }: ScopePlan): boolean => kind === 'node' || kind === 'node_group';

const nameOf = ({ provider, key }: KeyEntry): string =>
  JSON.stringify([provider.id, provider.baseUrl, key.id, key.fingerprint, key.ownerTenant]);
