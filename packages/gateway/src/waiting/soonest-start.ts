import { explain } from '@keywell/core/keys/choose';
import type { KeyTable } from '@keywell/core/keys/key-table';
import type { TierPlan } from '@keywell/core/keys/plan';
import { NOTHING_TRIED } from '../relay/bars.ts';

/** A pool's prospects are looked up this often at most: thousands that wait ask the same question. */
const FRESH_MS = 10;

interface Known {
  readonly table: KeyTable;
  readonly at: number;
  readonly startAt: number | null;
}

const known = new WeakMap<TierPlan, Known>();

/** When a tier has a candidate that nothing binds, monotonic: `now` when it has one; null when time does not bring one. */
export function soonestStart(table: KeyTable, tier: TierPlan, now: number): number | null {
  const last = known.get(tier);
  if (last?.table === table && now - last.at < FRESH_MS) return last.startAt;
  const view = explain(table, tier, NOTHING_TRIED, { now });
  const byTime = view.blocked === 'time' || view.blocked === 'mixed';
  const startAt =
    view.eligible > 0 ? now : byTime && view.nextInMs !== null ? now + view.nextInMs : null;
  known.set(tier, { table, at: now, startAt });
  return startAt;
}
