import { batchMicros, tariffAt } from '@keywell/core/budgets/cost';
import type { OwnedObject } from '@keywell/core/ownership/owned-object';
import type { TokenPrice } from '@keywell/core/snapshot/snapshot';
import { isJsonObject, type JsonObject } from '@keywell/wire/json/value';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { jsonIn } from '../translate/json-in.ts';
import { tokenUsageOf } from '../translate/token-usage.ts';
import { usageIn } from '../translate/usage-in.ts';
import type { BatchCost } from './batch-cost.ts';

/** Of a batch that has one of these nothing is carried out any more. */
const ENDED: ReadonlySet<unknown> = new Set(['completed', 'expired', 'cancelled', 'failed']);
/** What a provider says of a batch is shorter. */
const MAX_BYTES = 1024 * 1024;

/**
 * What the batch cost that an answer tells of, for the first answer that tells of its end: it is marked as counted before it is, over
 * restarts too, so that no batch is counted twice. Null at once where there is nothing to count, which is nearly always.
 */
export function countBatch(
  exchange: Exchange,
  plane: Pick<Plane, 'owners'>,
  body: Uint8Array,
): Promise<BatchCost | null> | null {
  const { asks } = exchange;
  if (asks?.kind !== 'object' || asks.about !== 'batch' || asks.effect !== 'seen') return null;
  const { object } = asks;
  if (object === null || object.counted === true || body.byteLength > MAX_BYTES) return null;
  const told = jsonIn(body);
  if (!isJsonObject(told) || told['id'] !== object.id || !ENDED.has(told['status'])) return null;
  return claim(exchange, plane, object, told);
}

async function claim(
  exchange: Exchange,
  { owners }: Pick<Plane, 'owners'>,
  { consumer, id }: OwnedObject,
  told: JsonObject,
): Promise<BatchCost | null> {
  const claimed = await owners.count(consumer, id);
  if (claimed === 'late' || claimed === null) return null;
  return costOf(told, priceOf(exchange, claimed), claimed.createdAt);
}

/** Of the model that the lines of its file name; null where that is not known, or not configured any more. */
function priceOf({ live }: Exchange, { home, upstreamModel }: OwnedObject): TokenPrice | null {
  if (upstreamModel === undefined) return null;
  const found = live.plan.candidates.find(
    ({ provider, model }) => provider.id === home.provider && model === upstreamModel,
  );
  return found?.price ?? null;
}

function costOf(told: JsonObject, price: TokenPrice | null, startedAt: number): BatchCost {
  const { usage: said, request_counts: counts } = told;
  const read = isJsonObject(said) ? usageIn(said, 'openai-responses') : null;
  const usage = read === null ? null : tokenUsageOf(read);
  const completed = isJsonObject(counts) ? counts['completed'] : null;
  if (usage === null && completed === 0) return { usage, micros: 0, estimated: false };
  const percent = price?.batchPercent;
  if (usage === null || price === null || percent === undefined) {
    return { usage, micros: null, estimated: false };
  }
  const tariff = tariffAt(price, startedAt);
  const calls = typeof completed === 'number' && completed > 0 ? completed : 0;
  const micros = batchMicros(usage, tariff, { calls, percent });
  // Which of its calls were long is not told.
  return { usage, micros, estimated: tariff.longContext !== undefined };
}
