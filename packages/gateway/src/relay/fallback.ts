import type { Candidate, PoolPlan } from '@keywell/core/keys/plan';
import type { RequestFault } from '@keywell/core/keys/verdict';

/**
 * The candidates that will refuse the request for the same reason as `refused` did: the same model at the same endpoint, and where it was
 * too long for that, every model whose context is known to be no longer.
 */
export function refusingLikewise(
  plan: PoolPlan,
  refused: Candidate,
  fault: RequestFault,
): readonly Candidate[] {
  const { contextLength } = refused;
  return plan.tiers.flatMap(({ candidates }) =>
    candidates.filter((candidate) => {
      if (candidate.breaker === refused.breaker) return true;
      if (fault !== 'context_length') return false;
      if (candidate.model === refused.model) return true;
      return (
        contextLength !== null &&
        candidate.contextLength !== null &&
        candidate.contextLength <= contextLength
      );
    }),
  );
}
