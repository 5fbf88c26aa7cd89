import type { ConfigProblem } from '@keywell/contract/config/config-problem';
import type { Config } from '@keywell/contract/config/config-schema';
import { matchesModel } from '@keywell/core/access/model-patterns';
import { idleRules } from './idle-rules.ts';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';

/** What of a compiled configuration works differently from what was probably meant. */
export function callWarnings(
  config: Config,
  content: Pick<Snapshot, 'pools' | 'models' | 'providers' | 'consumers'>,
): readonly ConfigProblem[] {
  return [
    ...unpricedBudgets(config, content),
    ...unsoundContinuations(config, content),
    ...idleRules(config, content),
  ];
}

/** A budget whose calls would be refused, because what they cost is not known. */
function unpricedBudgets(
  config: Config,
  { pools, models }: Pick<Snapshot, 'pools' | 'models'>,
): readonly ConfigProblem[] {
  const unpriced = new Set(
    pools
      .filter(({ tiers }) => tiers.some((tier) => tier.targets.some(({ price }) => price === null)))
      .map(({ id }) => id),
  );
  return config.consumers.flatMap((consumer, index): readonly ConfigProblem[] => {
    if (consumer.budget === undefined) return [];
    const refused = models.find(
      ({ alias, pool }) => unpriced.has(pool) && matchesModel(consumer.models, alias),
    );
    if (refused === undefined) return [];
    return [
      {
        path: ['consumers', index, 'budget'],
        at: 'value',
        message: `Calls of the model "${refused.alias}" will be refused: the price of a target of its pool is not known.`,
        hint: `Write the "price" of every target of the pool "${refused.pool}".`,
      },
    ];
  });
}

/** A pool that asks for continuation where a provider cannot go on from what was written. */
function unsoundContinuations(
  config: Config,
  { providers }: Pick<Snapshot, 'providers'>,
): readonly ConfigProblem[] {
  const able = new Set(providers.flatMap(({ id, prefill }) => (prefill === undefined ? [] : id)));
  return config.pools.flatMap((pool, index): readonly ConfigProblem[] => {
    if (!pool.continuation) return [];
    const targets = pool.tiers.flatMap((tier) => tier.targets);
    const without = targets.find(({ provider }) => !able.has(provider));
    if (without === undefined) return [];
    return [
      {
        path: ['pools', index, 'continuation'],
        at: 'value',
        message: `Streams are never continued at the provider "${without.provider}": it is not known to go on from what was written.`,
        hint: 'Write its "prefill" where the host can do that; nothing to do where other targets of the pool can.',
      },
    ];
  });
}
