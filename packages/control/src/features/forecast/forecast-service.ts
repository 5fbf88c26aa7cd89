import type { PoolForecast } from '@keywell/core/forecast/forecast';
import type { Answer } from '../../http/bind-route.ts';
import type { ForecastMonitor } from './forecast-monitor.ts';

export interface ForecastPorts {
  readonly forecast: Pick<ForecastMonitor, 'forecast'>;
}

/** What is foreseen for every pool, or for one. */
export function listForecast(
  { forecast }: ForecastPorts,
  pool: string | null,
): Answer<readonly PoolForecast[]> {
  const pools = forecast.forecast();
  if (pool === null) return { ok: true, value: pools };
  const meant = pools.filter((each) => each.pool === pool);
  if (meant.length > 0) return { ok: true, value: meant };
  return { ok: false, code: 'not_found', detail: 'There is no pool of this name.' };
}
