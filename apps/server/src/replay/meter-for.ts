import type { Dimension } from '@keywell/core/keys/verdict';
import { periodOf } from '@keywell/core/forecast/limit-sample';
import { emptyWindow } from '@keywell/simulator/limiter/clock-window';
import { newMeter, type Meter } from '@keywell/simulator/limiter/meter';

/**
 * What a virtual provider counts a limit with: the simulator's meters, nothing used yet. A limit of which it is not known how it comes
 * back is taken for a window, the stricter of the two; days and months are the calendar's in UTC; what has no period never comes back.
 * Instants are epoch milliseconds.
 */
export function meterFor(
  limit: number,
  of: { readonly dimension: Dimension; readonly refill: 'continuous' | 'window' | 'unknown' },
  at: number,
): Meter {
  const windowMs = periodOf(of.dimension);
  if (of.refill === 'continuous' && windowMs !== null) {
    return newMeter(limit, { kind: 'continuous', windowMs }, at);
  }
  if (of.dimension.endsWith('_month')) {
    return newMeter(limit, { kind: 'calendar', unit: 'month', timeZone: 'UTC' }, at);
  }
  if (windowMs === null) return emptyWindow(limit, () => Infinity, at);
  return newMeter(limit, { kind: 'fixed', windowMs }, at);
}
