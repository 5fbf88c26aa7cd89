import { createTried } from '@keywell/core/keys/choose';
import type { Again } from '@keywell/core/keys/decide';
import type { Tried } from '@keywell/core/keys/draw';
import type { Candidate, PoolPlan } from '@keywell/core/keys/plan';

/** What a request that has not failed yet may not use. */
export const NOTHING_TRIED: Tried = createTried();

/** What a request may not or should rather not use any more; made at its first failure. */
export class Bars {
  readonly tried: Tried = createTried();
  /** Endpoints that failed this request without being to blame for good: others are preferred. */
  readonly #avoided = new Set<string>();
  /** Candidates that failed this way. */
  readonly #failed = new Set<number>();

  add(candidate: Candidate, step: Again): void {
    if (step.bar === 'nothing') return;
    if (step.bar === 'endpoint_softly') {
      this.#avoided.add(candidate.provider.id);
      this.#failed.add(candidate.index);
      return;
    }
    this.tried.candidates.add(candidate.index);
    if (step.bar === 'domain') this.tried.domains.add(candidate.domain);
  }

  /** These would refuse the request as well. */
  bar(candidates: readonly Candidate[]): void {
    for (const { index } of candidates) this.tried.candidates.add(index);
  }

  /** Whether nothing of a pool is left. */
  barsAll({ tiers }: PoolPlan): boolean {
    const { candidates: barred, domains } = this.tried;
    return tiers.every(({ candidates }) =>
      candidates.every(({ index, domain }) => barred.has(index) || domains.has(domain)),
    );
  }

  avoids(candidate: Candidate): boolean {
    return this.#avoided.has(candidate.provider.id);
  }

  failedOn(candidate: Candidate): boolean {
    return this.#failed.has(candidate.index);
  }

  /** What to keep away from, best first: rather another endpoint than one that failed, rather another key than the same. */
  preferences(plan: PoolPlan): readonly Tried[] {
    if (this.#failed.size === 0) return [this.tried];
    const { domains } = this.tried;
    const avoided = new Set(this.tried.candidates);
    for (const tier of plan.tiers) {
      for (const candidate of tier.candidates) {
        if (this.avoids(candidate)) avoided.add(candidate.index);
      }
    }
    const failed = new Set([...this.tried.candidates, ...this.#failed]);
    return [{ candidates: avoided, domains }, { candidates: failed, domains }, this.tried];
  }
}

/** What a second attempt beside one under way may not use: what the request may not anyway, and the domain of that one. */
export function besides(bars: Bars | null, { domain }: Candidate): Tried {
  const tried = createTried();
  for (const index of bars?.tried.candidates ?? []) tried.candidates.add(index);
  for (const path of bars?.tried.domains ?? []) tried.domains.add(path);
  tried.domains.add(domain);
  return tried;
}
