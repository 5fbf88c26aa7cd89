import type { ScopeKind } from './cooldown-codes.ts';
import type { Candidate } from './plan.ts';
import type { Verdict } from './verdict.ts';

/** The scope a verdict names, among those that bind the candidate; -1 for none. */
export function scopeOf(candidate: Candidate, verdict: Verdict): number {
  if (verdict.scope === 'none') return -1;
  return scopeAt(candidate, verdict.scope, verdict.level);
}

export function scopeAt(
  { scopes, locks }: Candidate,
  kind: ScopeKind,
  level?: Verdict['level'],
): number {
  const depth = locks.length;
  const node = level === 'organization' ? 0 : depth - 1;
  return scopes[placeOf(kind, depth, node)] ?? -1;
}

/** The order of a candidate's scopes, see `Candidate.scopes`. */
function placeOf(kind: ScopeKind, depth: number, node: number): number {
  switch (kind) {
    case 'key':
      return 0;
    case 'key_group':
      return 1;
    case 'node':
      return 2 + node;
    case 'node_group':
      return 2 + depth + node;
    case 'endpoint':
      return 2 + 2 * depth;
    case 'endpoint_group':
      return 3 + 2 * depth;
    default:
      return 4 + 2 * depth;
  }
}
