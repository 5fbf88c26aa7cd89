import {
  VERDICT_CLASSES,
  type CooldownScope,
  type Dimension,
  type VerdictClass,
} from './verdict.ts';

/** How classes, dimensions and scopes are written into number cells. The order is part of the table's layout. */

const CLASSES: readonly VerdictClass[] = VERDICT_CLASSES;

export const DIMENSIONS: readonly Dimension[] = [
  'requests_second',
  'requests_minute',
  'requests_hour',
  'requests_day',
  'requests_month',
  'tokens_minute',
  'tokens_hour',
  'tokens_day',
  'tokens_month',
  'input_tokens_minute',
  'input_tokens_day',
  'output_tokens_minute',
  'output_tokens_day',
  'concurrency',
  'spend',
  'spend_day',
  'spend_month',
  'unknown',
];

export const classCode = (of: VerdictClass): number => CLASSES.indexOf(of);
export const classOf = (code: number): VerdictClass => CLASSES[code] ?? 'unknown';
export const dimensionCode = (of: Dimension): number => DIMENSIONS.indexOf(of);
export const dimensionOf = (code: number): Dimension => DIMENSIONS[code] ?? 'unknown';

/** What can be cooled. */
export type ScopeKind = Exclude<CooldownScope, 'none'>;

/**
 * Cooldowns of one scope that may stand side by side. Domain nodes and their groups have one per dimension, so that a minute's and a
 * day's limit do not overwrite each other, and three more for what names no dimension; the others tell three kinds of trouble apart.
 */
const WIDE_SLOTS = DIMENSIONS.length + 3;
const NARROW_SLOTS = 3;

const isWide = (kind: ScopeKind): boolean => kind === 'node' || kind === 'node_group';

export const slotsOf = (kind: ScopeKind): number => (isWide(kind) ? WIDE_SLOTS : NARROW_SLOTS);

/** Which of a scope's cooldowns a verdict belongs to. */
export function slotOf(kind: ScopeKind, of: VerdictClass, dimension: Dimension): number {
  const trouble = troubleOf(of);
  if (!isWide(kind)) return trouble;
  const named = of !== 'slow_down' && of !== 'funds_exhausted' && dimension !== 'unknown';
  if (named) return dimensionCode(dimension);
  return of === 'window_exhausted_short' ? dimensionCode('unknown') : DIMENSIONS.length + trouble;
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
