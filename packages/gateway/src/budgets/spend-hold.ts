import { costMicros, estimateMicros } from '@keywell/core/budgets/cost';
import type { Candidate } from '@keywell/core/keys/plan';
import type { Verdict } from '@keywell/core/keys/verdict';
import type { TokenUsage } from '@keywell/core/log/request-record';
import type { TargetRecord } from '@keywell/core/snapshot/snapshot';
import type { LiveModel } from '../snapshot/live-snapshot.ts';
import type { BudgetedConsumer, Budgets } from './budgets.ts';

/** What a call is expected to take of any target. */
export interface ExpectedTokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** How an attempt ended, as far as its price is concerned. */
export interface AttemptEnd {
  readonly result: {
    readonly kind: 'answered' | 'interrupted' | 'left' | 'dropped' | 'failed';
  };
  /** The provider's status, 0 without a response. */
  readonly status: number;
  readonly verdict: Verdict;
  /** Whether every byte of the request had left. */
  readonly sent: boolean;
  readonly usage: TokenUsage | null;
}

/** What one call holds of its consumer's budget, and what its attempts have cost so far. */
export class SpendHold {
  readonly #budgets: Budgets;
  readonly #consumer: BudgetedConsumer;
  readonly #model: LiveModel;
  readonly #expected: ExpectedTokens;
  readonly #heldMicros: number;
  #costMicros = 0;
  #settled = false;

  constructor(
    budgets: Budgets,
    consumer: BudgetedConsumer,
    call: {
      readonly model: LiveModel;
      readonly expected: ExpectedTokens;
      readonly heldMicros: number;
    },
  ) {
    this.#budgets = budgets;
    this.#consumer = consumer;
    this.#model = call.model;
    this.#expected = call.expected;
    this.#heldMicros = call.heldMicros;
  }

  /** Adds what an attempt cost: what its usage says, or all that was expected where it may have been charged and nobody knows. */
  attemptEnded(candidate: Candidate, end: AttemptEnd): void {
    const price = targetOf(this.#model, candidate)?.price ?? null;
    if (price === null) return;
    const { kind } = end.result;
    if (kind !== 'failed' && end.usage !== null) {
      this.#costMicros += costMicros(end.usage, price);
      this.#budgets.learn(this.#model.alias, end.usage);
    } else if (mayBeCharged(end)) this.#costMicros += estimateMicros(this.#expected, price);
  }

  /** Books the call, once. */
  settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#budgets.settle({
      consumer: this.#consumer,
      heldMicros: this.#heldMicros,
      costMicros: this.#costMicros,
    });
  }
}

/** A refusal costs nothing. What was sent and left, or broke off, may have been carried out. */
function mayBeCharged({ result, status, verdict, sent }: AttemptEnd): boolean {
  if (result.kind === 'answered' || result.kind === 'interrupted') return true;
  if (result.kind === 'left' || result.kind === 'dropped') return sent;
  if (verdict.class === 'ambiguous_accept') return true;
  const begun = status >= 200 && status < 300;
  return begun && (verdict.class === 'transient' || verdict.class === 'unknown');
}

function targetOf(model: LiveModel, candidate: Candidate): TargetRecord | undefined {
  return model.pool.tiers[candidate.tier]?.targets.find(
    ({ provider, model: name }) => provider === candidate.provider.id && name === candidate.model,
  );
}
