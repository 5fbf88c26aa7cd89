import { readCell } from './cooldown-cells.ts';
import { dimensionOf } from './cooldown-codes.ts';
import type { KeyTable } from './key-table.ts';
import { learnedPerMinute } from './learned-cells.ts';
import { learnedRoom } from './learned-limit.ts';
import { chargedBy, effectiveOf, isContinuous, limitCell } from './limit-cells.ts';
import type { LimitObservation } from './limit-observation.ts';
import { dimensionInTag, MARK, refillInTag, REFILL, sourceInTag } from './limit-tag.ts';
import { QUANTITY, quantityOfCode } from './quantity.ts';
import { BLOCK, LIMIT, LIMIT_SLOTS } from './table-layout.ts';
import type { Dimension } from './verdict.ts';

/** One limit as people, metrics and the forecast see it. */
export interface LimitStatus {
  readonly provider: string;
  /** Path of the quota domain's node. */
  readonly node: string;
  readonly group: string;
  readonly dimension: Dimension;
  readonly limit: number;
  /** What is left for new requests, what is open taken off; never below 0. */
  readonly remaining: number;
  /** What open attempts may still be charged. */
  readonly reserved: number;
  /** All that was ever charged, by our own account. */
  readonly used: number;
  readonly refill: 'continuous' | 'window' | 'unknown';
  /** Comes back in a millisecond; 0 for windows. */
  readonly rate: number;
  /** Until a window begins anew or a continuous limit is full again; null where it is not known. */
  readonly resetInMs: number | null;
  readonly source: LimitObservation['source'];
  /** 0 to 1: how far the numbers can be trusted. */
  readonly confidence: number;
}

/** What a provider's own headers say is believed most, what was worked out from refusals least. */
const CONFIDENCE: Readonly<Record<LimitObservation['source'], number>> = Object.freeze({
  header: 1,
  body: 0.8,
  config: 0.7,
  learned: 0.5,
});
const GUESSED = 0.5;

/** Every limit that is known, node by node. */
export function describeLimits(table: KeyTable, now: number): LimitStatus[] {
  const limits: LimitStatus[] = [];
  const breakers = breakersOf(table);
  for (const scope of table.plan.scopes) {
    if (scope.block < 0) continue;
    const [node = '', group = ''] = splitGroup(scope.id);
    const name = { provider: scope.provider, node, group };
    const block = table.layout.blocks + scope.block * BLOCK.cells;
    for (let place = 0; place < LIMIT_SLOTS; place += 1) {
      const at = limitCell(block, place);
      if (readCell(table, at + LIMIT.tag) === 0) break;
      limits.push({ ...name, ...describeLimit(table, block, at, now) });
    }
    const learned = describeLearned(table, block, breakers.get(block) ?? 0, now);
    if (learned !== null) limits.push({ ...name, ...learned });
  }
  return limits;
}

/** The breaker of each block's candidates, by the block's first cell. */
function breakersOf({ plan }: KeyTable): ReadonlyMap<number, number> {
  const breakers = new Map<number, number>();
  for (const { blocks, breaker } of plan.candidates) {
    for (const block of blocks) breakers.set(block, breaker);
  }
  return breakers;
}

/** `node_group:openai/org-1#gpt-5`; a node's path holds no `#`. */
function splitGroup(id: string): readonly string[] {
  const from = id.indexOf(':') + 1;
  const hash = id.indexOf('#');
  return [id.slice(from, hash), id.slice(hash + 1)];
}

type Numbers = Omit<LimitStatus, 'provider' | 'node' | 'group'>;

function describeLimit(table: KeyTable, block: number, at: number, now: number): Numbers {
  const tag = readCell(table, at + LIMIT.tag);
  const code = dimensionInTag(tag);
  const quantity = quantityOfCode(code);
  const source = sourceInTag(tag);
  const resetAt = readCell(table, at + LIMIT.resetAt);
  const guessed = (tag & MARK.guessed) !== 0;
  return {
    dimension: dimensionOf(code),
    limit: readCell(table, at + LIMIT.limit),
    remaining: Math.max(0, effectiveOf(table, block, at, now)),
    reserved: readCell(table, block + BLOCK.open + quantity),
    used: chargedBy(table, block, quantity),
    refill: refillName(tag),
    rate: isContinuous(tag) ? readCell(table, at + LIMIT.rate) : 0,
    resetInMs: resetAt > now ? resetAt - now : null,
    source,
    confidence: CONFIDENCE[source] * (guessed ? GUESSED : 1),
  };
}

function refillName(tag: number): LimitStatus['refill'] {
  const refill = refillInTag(tag);
  if (refill === REFILL.unknown) return 'unknown';
  return refill === REFILL.continuous ? 'continuous' : 'window';
}

function describeLearned(
  table: KeyTable,
  block: number,
  breaker: number,
  now: number,
): Numbers | null {
  const limit = learnedPerMinute(table, block);
  const room = learnedRoom(table, block, breaker, now);
  if (limit === 0 || room === Infinity) return null;
  return {
    dimension: 'requests_minute',
    limit,
    remaining: Math.max(0, room),
    reserved: 0,
    used: chargedBy(table, block, QUANTITY.requests),
    refill: 'continuous',
    rate: limit / 60_000,
    resetInMs: null,
    source: 'learned',
    confidence: CONFIDENCE.learned,
  };
}
