import type { Needs } from '@keywell/core/keys/draw';
import type { KeyTable } from '@keywell/core/keys/key-table';
import type { TierPlan } from '@keywell/core/keys/plan';
import { projectedStart } from '@keywell/core/keys/projection';

/** A pool's prospects are looked up this often at most, unless capacity came back: thousands that wait ask the same question. */
const FRESH_MS = 10;
/** Sizes of which the answer is remembered, each for a tier. */
const MAX_SIZES = 16;

interface Known {
  readonly table: KeyTable;
  readonly at: number;
  readonly room: number;
  readonly startAt: number | null;
}

const known = new WeakMap<TierPlan, Map<number, Known>>();

/** What a call asks a tier for, and when. */
export interface StartAt {
  readonly now: number;
  readonly room: number;
  readonly needs: Needs;
  /** Calls of one size ask the same question, and the number tells sizes apart; null for a call that cannot go wherever others can. */
  readonly tokens: number | null;
}

/** When a tier has a candidate with room for the need, monotonic: `now` when it has one; null when time does not bring one. */
export function soonestStart(table: KeyTable, tier: TierPlan, at: StartAt): number | null {
  const { now, room, needs, tokens } = at;
  if (tokens === null) return projectedStart(table, tier, { now, needs });
  let sizes = known.get(tier);
  if (sizes === undefined) {
    sizes = new Map();
    known.set(tier, sizes);
  }
  const last = sizes.get(tokens);
  const fresh = last?.table === table && last.room === room && now - last.at < FRESH_MS;
  if (fresh) return last.startAt === null ? null : Math.max(now, last.startAt);
  const startAt = projectedStart(table, tier, { now, needs });
  if (sizes.size >= MAX_SIZES) sizes.clear();
  sizes.set(tokens, { table, at: now, room, startAt });
  return startAt;
}
