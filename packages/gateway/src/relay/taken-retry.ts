import type { KeyTable } from '@keywell/core/keys/key-table';
import type { PoolPlan } from '@keywell/core/keys/plan';
import { returnRetry, takeRetry } from '@keywell/core/keys/retry-budget';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';

/** A retry that a call has out of a pool's budget for the attempt it makes next. */
export interface TakenRetry {
  /** The snapshot may be another by the time it is put back. */
  readonly table: KeyTable;
  readonly pool: PoolPlan;
  readonly at: number;
}

/** Null, and counted, when the pool's budget is used up. */
export function takeRetryFor(
  { live }: Exchange,
  { clock, meter }: Plane,
  pool: PoolPlan,
): TakenRetry | null {
  const taken = { table: live.table, pool, at: clock.now() };
  if (takeRetry(taken.table, pool, taken.at)) return taken;
  meter.add('retriesDenied');
  return null;
}

/** The attempt is not made after all. */
export function putRetryBack({ table, pool, at }: TakenRetry): void {
  returnRetry(table, pool, at);
}
