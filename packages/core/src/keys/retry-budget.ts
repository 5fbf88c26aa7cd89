import type { KeyTable } from './key-table.ts';
import type { PoolPlan } from './plan.ts';
import { commit, lockRecord, unlockRecord } from './table-journal.ts';
import { BUCKET, WINDOW_BUCKETS, WINDOW_CELLS } from './table-layout.ts';
import { allInWindow, countInWindow, someInWindow, uncountInWindow } from './window-buckets.ts';

/** Share of the last ten seconds' requests that may be retried, and what is allowed beyond it. */
const SHARE = 0.1;
const WINDOW_S = 10;
const ALWAYS_PER_SECOND = 3;

const poolRecord = (table: KeyTable, pool: PoolPlan): number =>
  table.plan.nodes.length + table.plan.endpoints.length + pool.index;

const poolWindow = (table: KeyTable, pool: PoolPlan): number =>
  table.layout.pools + pool.index * WINDOW_CELLS;

/** Counts a request that arrived for the pool. While the pool's record is busy it goes uncounted: the budget errs small. */
export function countRequest(table: KeyTable, pool: PoolPlan, now: number): void {
  const record = poolRecord(table, pool);
  if (!lockRecord(table, record)) return;
  countInWindow(table, poolWindow(table, pool), BUCKET.all, now);
  commit(table);
  unlockRecord(table, record);
}

/**
 * Takes one retry from the pool's budget: at most a tenth of the last ten seconds' requests plus 3 a second over that time. Typed
 * refusals rotate without asking here. False when the budget is used up, or its record stays busy.
 */
export function takeRetry(table: KeyTable, pool: PoolPlan, now: number): boolean {
  const record = poolRecord(table, pool);
  if (!lockRecord(table, record)) return false;
  const allowance = SHARE * requestsOf(table, pool, now) + ALWAYS_PER_SECOND * WINDOW_S;
  const allowed = retriesOf(table, pool, now) < allowance;
  if (allowed) {
    countInWindow(table, poolWindow(table, pool), BUCKET.some, now);
    commit(table);
  }
  unlockRecord(table, record);
  return allowed;
}

/**
 * Gives back a retry that was taken at `takenAt` and not made after all. While the pool's record is busy it stays taken: the budget errs
 * small.
 */
export function returnRetry(table: KeyTable, pool: PoolPlan, takenAt: number): void {
  const record = poolRecord(table, pool);
  if (!lockRecord(table, record)) return;
  uncountInWindow(table, poolWindow(table, pool), BUCKET.some, takenAt);
  commit(table);
  unlockRecord(table, record);
}

/** Requests of the last ten seconds. */
export function requestsOf(table: KeyTable, pool: PoolPlan, now: number): number {
  return allInWindow(table, poolWindow(table, pool), now, WINDOW_S);
}

/** Retries of the last ten seconds and of the second they began in, so that the bound holds over every ten seconds. */
export function retriesOf(table: KeyTable, pool: PoolPlan, now: number): number {
  return someInWindow(table, poolWindow(table, pool), now, WINDOW_BUCKETS);
}
