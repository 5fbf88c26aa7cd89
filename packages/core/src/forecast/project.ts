import { periodOf, type LimitSample } from './limit-sample.ts';
import type { ExpectedBurn } from './season.ts';

/** Nothing is foretold beyond five weeks. */
const HORIZON_MS = 35 * 86_400_000;
const HOUR = 3_600_000;
/** Ends of short windows that are stepped through one by one; from then on they count as their average. */
const MAX_SHORT_RESETS = 64;
const MAX_STEPS = 4096;
/** Less than this of anything is nothing. */
const EPSILON = 1e-9;

interface Level {
  left: number;
  readonly limit: number;
  /** Per millisecond; 0 for windows. */
  rate: number;
  /** Milliseconds from now; Infinity where nothing resets it. */
  resetAt: number;
  readonly periodMs: number;
}

/**
 * When several limits that are drained together are all empty, milliseconds from now; null when that is not foreseen within five
 * weeks. Windows come back whole at their reset, continuous ones evenly; what is consumed is spread over whatever is left.
 */
export function projectExhaustion(
  limits: readonly LimitSample[],
  burn: ExpectedBurn,
): number | null {
  const levels = limits.flatMap(levelOf);
  if (levels.length === 0) return null;
  let at = 0;
  let shortResets = 0;
  for (let step = 0; step < MAX_STEPS && at < HORIZON_MS; step += 1) {
    const left = sum(levels, (level) => level.left);
    if (left <= EPSILON) return at;
    const net = burn.at(at) - sum(levels, (level) => level.rate);
    const next = Math.min(HORIZON_MS, burn.changesAt(at), ...levels.map(({ resetAt }) => resetAt));
    if (net > 0 && at + left / net < next) return at + left / net;
    drain(levels, left, net * (next - at));
    at = next;
    for (const level of levels) {
      if (level.resetAt > at) continue;
      if (level.periodMs <= HOUR) shortResets += 1;
      reset(level, shortResets > MAX_SHORT_RESETS);
    }
  }
  return null;
}

/** Until the first of these limits has room for `need`, milliseconds: 0 when one has; null when that is not known. */
export function projectRecovery(limits: readonly LimitSample[], need: number): number | null {
  let soonest: number | null = null;
  for (const level of limits.flatMap(levelOf)) {
    const missing = Math.min(need, level.limit) - level.left;
    if (missing <= 0) return 0;
    const inMs = level.rate > 0 ? missing / level.rate : level.resetAt;
    if (inMs < (soonest ?? Infinity)) soonest = inMs;
  }
  return soonest;
}

function levelOf(sample: LimitSample): Level[] {
  const { limit, remaining, refill, resetInMs, dimension, rate } = sample;
  if (limit === null || remaining === null) return [];
  const periodMs = periodOf(dimension) ?? Infinity;
  const left = Math.max(0, Math.min(limit, remaining));
  if (refill === 'continuous') return [{ left, limit, rate, resetAt: Infinity, periodMs }];
  // A window whose end nobody named ends within its own length.
  return [{ left, limit, rate: 0, resetAt: Math.max(1, resetInMs ?? periodMs), periodMs }];
}

/** Takes `amount` from all levels in proportion to what they hold; a negative amount is what comes back to the continuous ones. */
function drain(levels: readonly Level[], left: number, amount: number): void {
  if (amount >= 0) {
    const share = Math.max(0, 1 - amount / left);
    for (const level of levels) level.left *= share;
    return;
  }
  const rate = sum(levels, (level) => level.rate);
  for (const level of levels) {
    if (level.rate === 0) continue;
    level.left = Math.min(level.limit, level.left - (amount * level.rate) / rate);
  }
}

function reset(level: Level, averaged: boolean): void {
  level.left = level.limit;
  if (level.periodMs === Infinity) level.resetAt = Infinity;
  else if (averaged && level.periodMs <= HOUR) {
    level.rate = level.limit / level.periodMs;
    level.resetAt = Infinity;
  } else level.resetAt += level.periodMs;
}

function sum(levels: readonly Level[], of: (level: Level) => number): number {
  let total = 0;
  for (const level of levels) total += of(level);
  return total;
}
