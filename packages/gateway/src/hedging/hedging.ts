import { isEligible } from '@keywell/core/keys/eligibility';
import type { KeyTable } from '@keywell/core/keys/key-table';
import type { Candidate, PoolPlan } from '@keywell/core/keys/plan';
import type { TokenUsage } from '@keywell/core/log/request-record';
import { QuantileSketch } from '@keywell/core/quantile/quantile-sketch';
import { TokenWindow } from '@keywell/core/quantile/token-window';
import type { HedgeRecord } from '@keywell/core/snapshot/snapshot';

const TAIL = 0.95;
/** Targets that are remembered of one pool. */
const MAX_TARGETS = 1024;
const MAX_POOLS = 4096;

/** What a worker has learned of one pool for second attempts: how soon first tokens come, and what the last minute took. */
export class PoolHedging {
  readonly #firstTokens = new Map<string, QuantileSketch>();
  readonly #window = new TokenWindow();

  /** How long to wait for a first token before a second attempt; null while too little is known. */
  delayMs(candidate: Candidate, { leastMs }: HedgeRecord): number | null {
    const tail = this.#firstTokens.get(nameOf(candidate))?.quantile(TAIL) ?? null;
    return tail === null ? null : Math.max(tail, leastMs);
  }

  /** Learns when a first token came; of an attempt that was dropped before it, that it took at least so long. */
  learn(candidate: Candidate, tookMs: number): void {
    const name = nameOf(candidate);
    let sketch = this.#firstTokens.get(name);
    if (sketch === undefined) {
      if (this.#firstTokens.size >= MAX_TARGETS) this.#firstTokens.clear();
      sketch = new QuantileSketch();
      this.#firstTokens.set(name, sketch);
    }
    sketch.observe(tookMs);
  }

  /** Takes the tokens of one more attempt out of the pool's share. */
  afford({ tokenShare }: HedgeRecord, now: number): boolean {
    return this.#window.ration(this.#window.average(now), tokenShare, now);
  }

  count(usage: TokenUsage, now: number): void {
    this.#window.add(usage.inputTokens + usage.outputTokens, now);
  }
}

/** By pool, whichever snapshot rules: what was learned outlives a reload. */
export class Hedging {
  readonly #pools = new Map<string, PoolHedging>();

  of(pool: string): PoolHedging {
    const known = this.#pools.get(pool);
    if (known !== undefined) return known;
    if (this.#pools.size >= MAX_POOLS) this.#pools.clear();
    const hedging = new PoolHedging();
    this.#pools.set(pool, hedging);
    return hedging;
  }
}

/** Whether anything of the pool is cooled: then capacity is for first attempts. */
export function isShort(table: KeyTable, plan: PoolPlan, now: number): boolean {
  return plan.tiers.some(({ candidates }) =>
    candidates.some((candidate) => !isEligible(table, candidate, now)),
  );
}

const nameOf = ({ provider, model }: Candidate): string => `${provider.id}\n${model}`;
