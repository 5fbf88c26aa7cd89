import { DIMENSIONS } from './cooldown-codes.ts';
import type { Dimension } from './verdict.ts';

/** What needs are measured in. A dimension is one of these over a period. `places` are requests that run at the same time. */
export const QUANTITY = Object.freeze({
  requests: 0,
  tokens: 1,
  inputTokens: 2,
  outputTokens: 3,
  /** USD micros. */
  spend: 4,
  places: 5,
});

export const QUANTITIES = 6;

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MONTH_MS = 30 * DAY_MS;

/** A limit whose period nobody knows is taken for a minute's: the shortest that providers are known to state by itself. */
const UNKNOWN_SPAN_MS = MINUTE_MS;

const quantityOf = (of: Dimension): number => {
  if (of.startsWith('tokens')) return QUANTITY.tokens;
  if (of.startsWith('input')) return QUANTITY.inputTokens;
  if (of.startsWith('output')) return QUANTITY.outputTokens;
  if (of.startsWith('spend')) return QUANTITY.spend;
  return of === 'concurrency' ? QUANTITY.places : QUANTITY.requests;
};

const spanOf = (of: Dimension): number => {
  if (of.endsWith('_second')) return SECOND_MS;
  if (of.endsWith('_minute')) return MINUTE_MS;
  if (of.endsWith('_hour')) return HOUR_MS;
  if (of.endsWith('_day')) return DAY_MS;
  if (of.endsWith('_month') || of === 'spend') return MONTH_MS;
  return of === 'concurrency' ? Infinity : UNKNOWN_SPAN_MS;
};

const QUANTITY_OF = Int8Array.from(DIMENSIONS, quantityOf);
const SPAN_OF = Float64Array.from(DIMENSIONS, spanOf);

/** The quantity that a dimension counts, by the dimension's code. */
export const quantityOfCode = (dimension: number): number => QUANTITY_OF[dimension] ?? 0;

/** The period a dimension counts over, milliseconds, by its code; Infinity where nothing comes back with time. */
export const spanOfCode = (dimension: number): number => SPAN_OF[dimension] ?? UNKNOWN_SPAN_MS;
