import { matchesModel } from '../access/model-patterns.ts';
import type { KeyPlan } from '../keys/plan.ts';
import type { LimitSample } from './limit-sample.ts';

/** The limits that the configuration declares, each at its domain and limit group. How much of them is left is not known from there. */
export function declaredLimits(plan: Pick<KeyPlan, 'candidates'>): readonly LimitSample[] {
  const limits = new Map<string, LimitSample>();
  for (const { provider, key, domain, model: group } of plan.candidates) {
    for (const { dimension, limit, refill, groups } of key.limits) {
      if (groups.length > 0 && !matchesModel(groups, group)) continue;
      limits.set(`${domain}\n${group}\n${dimension}`, {
        provider: provider.id,
        path: domain,
        group,
        dimension,
        limit,
        remaining: null,
        resetInMs: null,
        refill,
        source: 'config',
      });
    }
  }
  return [...limits.values()];
}
