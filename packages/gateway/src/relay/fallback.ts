import type { Candidate, PoolPlan } from '@keywell/core/keys/plan';
import { MAX_ATTEMPTS } from '@keywell/core/keys/decide';
import type { RequestFault } from '@keywell/core/keys/verdict';
import type { PoolRecord } from '@keywell/core/snapshot/snapshot';

/** Who sealed a proof is among the first that are asked, or nobody: a forged one is not shown to every organization there is. */
const MOST_ORGANIZATIONS = 8;

/** Whether another target may be asked after so many attempts. Who sealed what is in a request was our choice, not the caller's. */
export function mayFallBack(
  { fallbackOn }: PoolRecord,
  fault: RequestFault,
  attempts: number,
): boolean {
  if (fault === 'foreign_proof') return attempts < MOST_ORGANIZATIONS;
  return fallbackOn.includes(fault) && attempts < MAX_ATTEMPTS;
}

/**
 * The candidates that will refuse the request for the same reason as `refused` did: the same model at the same endpoint, and where it was
 * too long for that, every model whose context is known to be no longer; where another organization sealed what is in it, all of this one.
 */
export function refusingLikewise(
  plan: PoolPlan,
  refused: Candidate,
  fault: RequestFault,
): readonly Candidate[] {
  if (fault === 'foreign_proof') return ofOneOrganization(plan, refused);
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

function ofOneOrganization({ tiers }: PoolPlan, { domainPath }: Candidate): readonly Candidate[] {
  const [organization] = domainPath;
  return tiers.flatMap(({ candidates }) =>
    candidates.filter((candidate) => candidate.domainPath[0] === organization),
  );
}
