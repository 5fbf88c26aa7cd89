import { costMicros, estimateMicros } from '@keywell/core/budgets/cost';
import type { Verdict } from '@keywell/core/keys/verdict';
import type { TokenUsage } from '@keywell/core/log/request-record';
import type { Tariff } from '@keywell/core/snapshot/snapshot';
import type { BudgetedConsumer, Budgets } from './budgets.ts';

/** What a call is expected to take of any target. */
export interface ExpectedTokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A call as it was when its budget was asked; it may go on by another snapshot. */
export interface HeldCall {
  /** The model as the caller names it. */
  readonly alias: string;
  readonly expected: ExpectedTokens;
  /** The dearest price of the targets there were. */
  readonly dearest: Tariff;
  readonly heldMicros: number;
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
  readonly #call: HeldCall;
  #costMicros = 0;
  #settled = false;

  constructor(budgets: Budgets, consumer: BudgetedConsumer, call: HeldCall) {
    this.#budgets = budgets;
    this.#consumer = consumer;
    this.#call = call;
  }

  /**
   * Adds what an attempt cost: what its usage says, or all that was expected where it may have been charged and nobody knows. A candidate
   * of a newer snapshot that has no price costs what the call's dearest did: an unknown price is no price of 0.
   */
  attemptEnded(tariff: Tariff | null, end: AttemptEnd): void {
    const { alias, expected, dearest } = this.#call;
    const paid = tariff ?? dearest;
    const { kind } = end.result;
    if (kind !== 'failed' && end.usage !== null) {
      this.#costMicros += costMicros(end.usage, paid);
      this.#budgets.learn(alias, end.usage);
    } else if (mayBeCharged(end)) this.#costMicros += estimateMicros(expected, paid);
  }

  /** Books the call, once. */
  settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#budgets.settle({
      consumer: this.#consumer,
      heldMicros: this.#call.heldMicros,
      costMicros: this.#costMicros,
    });
  }
}

/** A refusal costs nothing. What was sent and left, or broke off, may have been carried out. */
export function mayBeCharged({ result, status, verdict, sent }: AttemptEnd): boolean {
  if (result.kind === 'answered' || result.kind === 'interrupted') return true;
  if (result.kind === 'left' || result.kind === 'dropped') return sent;
  if (verdict.class === 'ambiguous_accept') return true;
  const begun = status >= 200 && status < 300;
  return begun && (verdict.class === 'transient' || verdict.class === 'unknown');
}
