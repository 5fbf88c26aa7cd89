import { dearestOf, estimateMicros } from '@keywell/core/budgets/cost';
import { periodEnd } from '@keywell/core/budgets/budget-period';
import type { BudgetRecord, Tariff, TargetRecord } from '@keywell/core/snapshot/snapshot';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse, retryAfterHeaders, type Refusal } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import type { LiveModel } from '../snapshot/live-snapshot.ts';
import { SpendHold, type ExpectedTokens } from './spend-hold.ts';
import { readingMatterOf } from '../translate/reading-matter.ts';

/** Bytes of a body to one token of input, at most: more than a token has in English, about what it has elsewhere. */
const BYTES_PER_TOKEN = 3;
/** The largest context there is stands for one that is not known, so that a picture's bytes are not all taken for tokens. */
const LARGEST_CONTEXT = 1_000_000;
const BUSY_RETRY_MS = 1000;
const NEVER_RETRY: readonly string[] = ['x-should-retry', 'false'];

/**
 * Holds what a call may cost of its consumer's budget before anything is sent; without a budget it costs one comparison. A pool in which
 * one price is unknown is refused: an unknown price is no price of 0. May answer 402, 403, and 503 when the row is locked.
 */
export function reserveBudget(exchange: Exchange, plane: Plane): PhaseResult {
  const consumer = exchange.consumer?.record;
  const budget = consumer?.budget ?? null;
  const { model } = exchange;
  if (consumer === undefined || budget === null || model === null) return null;
  const ceiling = ceilingOf(model);
  if (ceiling === null) return refuse('price_unknown', null, { headers: NEVER_RETRY });
  const expected = expectedTokens(exchange, plane, { model, ceiling });
  const heldMicros = estimateMicros(expected, ceiling.price);
  const { slot, generation } = consumer;
  const owner = { slot, generation, budget };
  const reserved = plane.budgets.reserve(owner, heldMicros);
  if (reserved === 'busy') {
    return refuse('overloaded', null, { headers: retryAfterHeaders(BUSY_RETRY_MS) });
  }
  if (!reserved.admitted) {
    plane.meter.add('budgetRefusals');
    return exhausted(budget, plane.clock.wallNow());
  }
  exchange.spend = new SpendHold(plane.budgets, owner, {
    alias: model.alias,
    expected,
    dearest: ceiling.price,
    heldMicros,
  });
  return null;
}

function exhausted(budget: BudgetRecord, wallNow: number): Refusal {
  const renewsAt = periodEnd(budget.period, wallNow);
  const dollars = (budget.amountMicros / 1_000_000).toFixed(2);
  const message =
    renewsAt === null
      ? `What is left of this consumer's budget of ${dollars} USD does not cover this call.`
      : `What is left of this consumer's budget of ${dollars} USD a ${budget.period} does not cover this call; it renews at ${new Date(renewsAt).toISOString()}.`;
  return refuse('budget_exhausted', message, { headers: NEVER_RETRY });
}

/** The dearest that any target of a pool can be. */
interface Ceiling {
  readonly price: Tariff;
  readonly contextLength: number;
}

const ceilings = new WeakMap<LiveModel, { readonly ceiling: Ceiling | null }>();

/** Null where a price is unknown. Worked out once for a model's life. */
function ceilingOf(model: LiveModel): Ceiling | null {
  const known = ceilings.get(model);
  if (known !== undefined) return known.ceiling;
  const ceiling = ceilingOver(model.pool.tiers.flatMap(({ targets }) => targets));
  ceilings.set(model, { ceiling });
  return ceiling;
}

function ceilingOver(targets: readonly TargetRecord[]): Ceiling | null {
  const prices = targets.flatMap(({ price }) => price ?? []);
  if (prices.length === 0 || prices.length < targets.length) return null;
  return {
    price: dearestOf(prices),
    contextLength: Math.max(...targets.map((target) => target.contextLength ?? LARGEST_CONTEXT)),
  };
}

function expectedTokens(
  exchange: Exchange,
  plane: Plane,
  { model, ceiling }: { readonly model: LiveModel; readonly ceiling: Ceiling },
): ExpectedTokens {
  const { facts, operation } = exchange;
  const { contextLength } = ceiling;
  const { textBytes, attachedTokens } = readingMatterOf(exchange);
  const size = Math.ceil(textBytes / BYTES_PER_TOKEN) + attachedTokens;
  const inputTokens = Math.min(size, contextLength);
  if (operation === 'embeddings') return { inputTokens, outputTokens: 0 };
  const allowance = facts?.maxOutputTokens ?? plane.budgets.allowanceOf(model.alias);
  return {
    inputTokens,
    outputTokens: Math.ceil(Math.min(allowance, contextLength)) * (facts?.n ?? 1),
  };
}
