import type { ConfigProblem } from '@keywell/contract/config/config-problem';
import type { ConsumerConfig } from '@keywell/contract/config/config-schema';
import { parseKeyHash } from '@keywell/core/access/key-hash';
import type { BudgetRecord, ConsumerRecord } from '@keywell/core/snapshot/snapshot';
import type { StoredConsumer } from '../ports/stores.ts';

export interface ConsumerInput {
  readonly storedConsumers: readonly StoredConsumer[];
  /** The row of a consumer in the shared counter table, the same for as long as it exists. */
  readonly slotOf: (consumer: string) => { readonly slot: number; readonly generation: number };
}

/** A consumer of which nothing else is declared. */
const UNSHARED = { weight: 1, priority: 0, budget: null } as const;

/** The consumers of the file, and those that were added by command; the file's hold where both name one. */
export function compileConsumers(
  declared: readonly ConsumerConfig[],
  { storedConsumers, slotOf }: ConsumerInput,
  warnings: ConfigProblem[],
): readonly ConsumerRecord[] {
  const records: ConsumerRecord[] = declared.map((consumer) => ({
    id: consumer.id,
    keyHashes: [consumer.key_hash, ...consumer.previous_key_hashes].flatMap(
      (line) => parseKeyHash(line) ?? [],
    ),
    models: consumer.models,
    passthrough: consumer.passthrough,
    requestsPerMinute: consumer.limits.requests_per_minute ?? null,
    enabled: consumer.enabled,
    sharePath: sharePathOf(consumer),
    weight: consumer.weight,
    priority: consumer.priority,
    budget: compileBudget(consumer.budget),
    ...slotOf(consumer.id),
  }));
  const index = new Map(declared.map((consumer, position) => [consumer.id, position]));
  const hashes = new Set(records.flatMap((record) => record.keyHashes));
  for (const stored of storedConsumers) {
    const position = index.get(stored.id);
    if (position !== undefined)
      warnings.push({
        path: ['consumers', position, 'id'],
        at: 'value',
        message: `The consumer "${stored.id}" was also added by command; what stands in this file holds.`,
        hint: 'Nothing to do, unless the other one was meant: then rename this one.',
      });
    else if (!hashes.has(stored.keyHash))
      records.push({
        id: stored.id,
        keyHashes: [stored.keyHash],
        models: stored.models,
        requestsPerMinute: stored.requestsPerMinute,
        enabled: !stored.disabled,
        ...UNSHARED,
        sharePath: [stored.id],
        ...slotOf(stored.id),
      });
  }
  return records;
}

function compileBudget(budget: ConsumerConfig['budget']): BudgetRecord | null {
  if (budget === undefined) return null;
  return { amountMicros: Math.round(budget.amount_usd * 1_000_000), period: budget.period };
}

/** Who shares with whom when capacity is short, outermost first. A team of no organization is none of that name. */
function sharePathOf({ organization, team, id }: ConsumerConfig): readonly string[] {
  if (organization === undefined) return team === undefined ? [id] : [`~${team}`, id];
  return team === undefined ? [organization, id] : [organization, team, id];
}
