import type { KeyPlan } from '../keys/plan.ts';
import type { PoolMember } from './binding-limits.ts';

/** Which (domain, limit group) each pool can draw on, each once. */
export function poolMembers(plan: KeyPlan): ReadonlyMap<string, readonly PoolMember[]> {
  const members = new Map<string, Map<string, PoolMember>>();
  for (const id of plan.pools.keys()) members.set(id, new Map());
  for (const { pool, provider, domainPath, group } of plan.candidates) {
    const name = `${domainPath.at(-1)}\n${group}`;
    members.get(pool)?.set(name, { provider: provider.id, domainPath, group });
  }
  return new Map([...members].map(([pool, each]) => [pool, [...each.values()]]));
}
