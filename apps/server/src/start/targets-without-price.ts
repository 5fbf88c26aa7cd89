import { isPassthroughPool } from '@keywell/core/snapshot/passthrough-pool';
import type { PoolRecord } from '@keywell/core/snapshot/snapshot';

/**
 * The targets for which a price is to be had and none is known. What is passed through has none by rule, and no alert: an alert that named it
 * would never be over.
 */
export function targetsWithoutPrice(
  pools: readonly Pick<PoolRecord, 'id' | 'tiers'>[],
): readonly string[] {
  const names = pools
    .filter(({ id }) => !isPassthroughPool(id))
    .flatMap(({ tiers }) => tiers.flatMap((tier) => tier.targets))
    .flatMap(({ provider, model, price }) => (price === null ? [`${provider}/${model}`] : []));
  return [...new Set(names)];
}
