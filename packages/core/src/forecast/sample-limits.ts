import { describeLimits } from '../keys/describe-limits.ts';
import type { KeyTable } from '../keys/key-table.ts';
import type { LimitSample } from './limit-sample.ts';

/** Every limit of the table as the forecast samples it. */
export function sampleLimits(table: KeyTable, now: number): readonly LimitSample[] {
  return describeLimits(table, now).map(({ node, provider, group, dimension, ...rest }) => {
    const { limit, remaining, reserved, used, refill, rate, resetInMs, source } = rest;
    const place = { provider, path: node, group, dimension };
    return Object.assign(place, {
      limit,
      remaining,
      reserved,
      used,
      refill,
      rate,
      resetInMs,
      source,
    });
  });
}
