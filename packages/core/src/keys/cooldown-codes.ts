import { LIMIT_DIMENSIONS } from './limit-dimensions.ts';
import {
  VERDICT_CLASSES,
  type CooldownScope,
  type Dimension,
  type VerdictClass,
} from './verdict.ts';

/** How classes, dimensions and scopes are written into number cells. The order is part of the table's layout. */

const CLASSES: readonly VerdictClass[] = VERDICT_CLASSES;

export const DIMENSIONS: readonly Dimension[] = [...LIMIT_DIMENSIONS, 'spend', 'unknown'];

export const classCode = (of: VerdictClass): number => CLASSES.indexOf(of);
export const classOf = (code: number): VerdictClass => CLASSES[code] ?? 'unknown';
export const dimensionCode = (of: Dimension): number => DIMENSIONS.indexOf(of);
export const dimensionOf = (code: number): Dimension => DIMENSIONS[code] ?? 'unknown';

/** What can be cooled. */
export type ScopeKind = Exclude<CooldownScope, 'none'>;

/**
 * Cooldowns of one scope that may stand side by side, found by what they are about (see `identityOf`). A domain's own node and its
 * groups tell a minute's limit from a day's; the others tell two or three kinds of trouble apart. What has no place of its own shares
 * one, and ends with the last.
 */
const SLOTS: Readonly<Record<ScopeKind, number>> = Object.freeze({
  key: 3,
  key_group: 2,
  node: 4,
  node_group: 4,
  endpoint: 3,
  endpoint_group: 3,
  egress: 1,
});

/** Where a node has one key only, its scopes bind that one key: they need fewer places between them. */
const SOLE_SLOTS: Readonly<Partial<Record<ScopeKind, number>>> = Object.freeze({
  key: 2,
  key_group: 1,
  node: 2,
  node_group: 3,
});

export const MOST_SLOTS = Math.max(...Object.values(SLOTS));

/** `sole`: the scope is that of a node with one key, or of that key. */
export const slotsOf = (kind: ScopeKind, sole: boolean): number =>
  (sole ? SOLE_SLOTS[kind] : undefined) ?? SLOTS[kind];

/**
 * What a cooldown is about: verdicts of one identity share a slot of their scope. At nodes and their groups that is the dimension
 * where one is named; elsewhere, and for what names none, the kind of trouble.
 */
export function identityOf(kind: ScopeKind, of: VerdictClass, dimension: Dimension): number {
  const trouble = DIMENSIONS.length + troubleOf(of);
  if (kind !== 'node' && kind !== 'node_group') return trouble;
  const named = of !== 'slow_down' && of !== 'funds_exhausted' && dimension !== 'unknown';
  if (named) return dimensionCode(dimension);
  return of === 'window_exhausted_short' ? dimensionCode('unknown') : trouble;
}

/** 0: the credential, model or place is refused; 1: something is used up for long; 2: not now. */
function troubleOf(of: VerdictClass): 0 | 1 | 2 {
  switch (of) {
    case 'funds_exhausted':
    case 'window_exhausted_long':
      return 1;
    case 'window_exhausted_short':
    case 'concurrency':
    case 'slow_down':
    case 'provider_overloaded':
    case 'transient':
    case 'ambiguous_accept':
      return 2;
    default:
      return 0;
  }
}

/**
 * A slot's class, dimension, flags and strikes share one cell: class in bits 0–5, dimension in bits 6–11, flags in bits 12–17, strikes
 * above them, as many as fit.
 */
const DIMENSION_SHIFT = 6;
const FLAG_SHIFT = 12;
const STRIKE_SHIFT = 18;
const FIELD = 63;
const MOST_STRIKES = 2 ** (31 - STRIKE_SHIFT) - 1;

export const packWhat = (
  classOfIt: number,
  dimension: number,
  flags: number,
  strikes: number,
): number =>
  classOfIt |
  (dimension << DIMENSION_SHIFT) |
  (flags << FLAG_SHIFT) |
  (Math.min(strikes, MOST_STRIKES) << STRIKE_SHIFT);

export const classIn = (what: number): number => what & FIELD;
export const dimensionIn = (what: number): number => (what >> DIMENSION_SHIFT) & FIELD;
export const flagsIn = (what: number): number => (what >> FLAG_SHIFT) & FIELD;
export const strikesIn = (what: number): number => what >> STRIKE_SHIFT;

/** Whether waiting or a top-up ends it (429), or something has to change first (503). */
export function endsByTime(of: VerdictClass): boolean {
  switch (of) {
    case 'funds_exhausted':
    case 'window_exhausted_long':
    case 'window_exhausted_short':
    case 'concurrency':
    case 'slow_down':
    case 'too_large_for_limit':
      return true;
    default:
      return false;
  }
}
