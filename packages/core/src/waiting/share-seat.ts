import type { ConsumerRecord } from '../snapshot/snapshot.ts';

/**
 * Where a consumer sits in a pool's tree of shares, by hashes of names: put together once for a consumer and a pool, and good across
 * snapshots and threads.
 */
export interface ShareSeat {
  /** Hash of the pool's id. */
  readonly pool: number;
  /** Class of its calls: a higher one is served first. */
  readonly rank: number;
  /** Hashes of organization, team and consumer, outermost first. */
  readonly path: readonly number[];
  /** Weight of each step among its siblings; groups weigh alike. */
  readonly weights: readonly number[];
}

/** A pool's name in the table. */
export const poolKeyOf = (pool: string): number => nameHash('pool', pool);

/** The seat of a consumer in a pool. */
export function seatOf(
  pool: string,
  consumer: Pick<ConsumerRecord, 'sharePath' | 'weight' | 'priority'>,
): ShareSeat {
  const last = consumer.sharePath.length - 1;
  return {
    pool: poolKeyOf(pool),
    rank: consumer.priority,
    // A team may have the name of a consumer beside it; the two must not be one share.
    path: consumer.sharePath.map((name, at) => nameHash(at === last ? 'consumer' : 'group', name)),
    weights: consumer.sharePath.map((_, at) => (at === last ? consumer.weight : 1)),
  };
}

/** 52 bits of hash, never 0, exact in a double: two names of one node meet once in 10¹⁵ pairs. */
function nameHash(kind: string, name: string): number {
  let high = 0x9e37_79b9;
  let low = 0x85eb_ca6b;
  for (const part of [kind, '/', name]) {
    for (let at = 0; at < part.length; at += 1) {
      const code = part.charCodeAt(at);
      high = Math.imul(high ^ code, 0x0100_0193);
      low = Math.imul(low ^ code, 0x27d4_eb2f) ^ (low >>> 15);
    }
  }
  high = Math.imul(high ^ (high >>> 16), 0x85eb_ca6b) >>> 0;
  low = Math.imul(low ^ (low >>> 13), 0xc2b2_ae35) >>> 0;
  return high * 2 ** 20 + (low >>> 12) + 1;
}
