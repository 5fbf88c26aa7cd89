import type { CooldownScope, Dimension, VerdictClass } from './verdict.ts';

/**
 * Where the end of a refusal comes from. `wait`: the longest wait that headers or the message name, else the reset of the exhausted
 * dimension. `header_wait`: headers only, for failures whose message may hold anything. `far_wait`: only a wait longer than the
 * class's own first step. `none`: never from the response. The others are the calendar's: `pacific_midnight` the next midnight in Los
 * Angeles, `utc_midnight` and `utc_month` the next day and month of UTC, whatever wait the response names.
 */
export const ENDS_FROM = [
  'wait',
  'header_wait',
  'far_wait',
  'none',
  'pacific_midnight',
  'utc_midnight',
  'utc_month',
] as const;
export type EndsFrom = (typeof ENDS_FROM)[number];

/** A row of a failure table that an operator declared, as the snapshot carries it: plain data. Every condition given must hold. */
export interface FailureRecord {
  readonly name: string;
  /** Inclusive ranges; empty means any status. */
  readonly status: readonly (readonly [from: number, to: number])[];
  /** Lower case; empty means any. */
  readonly code: readonly string[];
  readonly type: readonly string[];
  /** Source of an anchored pattern that runs in linear time, without regard to case; null means any message. */
  readonly message: string | null;
  readonly class: VerdictClass;
  readonly scope: CooldownScope;
  readonly level: 'organization' | 'project' | null;
  readonly dimension: Dimension | null;
  readonly ends: EndsFrom;
}
