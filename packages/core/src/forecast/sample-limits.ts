import { describeLimits } from '../keys/describe-limits.ts';
import type { KeyTable } from '../keys/key-table.ts';
import type { LimitSample } from './limit-sample.ts';

/** Every limit of the table as the forecast samples it. */
export function sampleLimits(table: KeyTable, now: number): readonly LimitSample[] {
  const samples: LimitSample[] = [];
  for (const status of describeLimits(table, now)) {
    const { provider, node, group, dimension, limit, remaining, reserved, used } = status;
    const { refill, rate, resetInMs, source } = status;
    const place = { provider, path: node, group, dimension };
    samples.push({ ...place, limit, remaining, reserved, used, refill, rate, resetInMs, source });
  }
  return samples;
}
