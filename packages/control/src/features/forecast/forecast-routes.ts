import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { snakeCased } from '@keywell/contract/admin/snake-case';
import { type BoundRoute, bindRoute } from '../../http/bind-route.ts';
import { type ForecastPorts, listForecast } from './forecast-service.ts';

export type { ForecastPorts } from './forecast-service.ts';

/** `/forecast`. */
export function forecastRoutes(ports: ForecastPorts): readonly BoundRoute[] {
  return [
    bindRoute(ADMIN_ROUTES.listForecast, async ({ query }) => {
      const found = listForecast(ports, query.pool ?? null);
      return found.ok
        ? { ok: true, value: { data: found.value.map((pool) => snakeCased(pool)) } }
        : found;
    }),
  ];
}
