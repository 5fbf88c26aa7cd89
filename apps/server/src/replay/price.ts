import { costMicros } from '@keywell/core/budgets/cost';
import type { Snapshot, TokenPrice } from '@keywell/core/snapshot/snapshot';

export interface TokenCounts {
  /** With what was read from the provider's cache. */
  readonly input: number;
  readonly cached: number;
  readonly output: number;
}

/** What a call costs by the price of now, USD micros; null where no price is known. */
export function costOf(
  price: TokenPrice | null,
  { input, cached, output }: TokenCounts,
): number | null {
  if (price === null) return null;
  return costMicros({ inputTokens: input, cachedTokens: cached, outputTokens: output }, price);
}

/** The price of a provider's model; null where none is known. */
export type PriceOf = (provider: string, model: string) => TokenPrice | null;

/** The prices that a configuration names at its targets. */
export function pricesOf({ pools }: Pick<Snapshot, 'pools'>): PriceOf {
  const prices = new Map<string, TokenPrice>();
  for (const target of pools.flatMap(({ tiers }) => tiers.flatMap(({ targets }) => targets))) {
    if (target.price !== null) prices.set(`${target.provider}\n${target.model}`, target.price);
  }
  return (provider, model) => prices.get(`${provider}\n${model}`) ?? null;
}
