import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { type BoundRoute, bindRoute } from '../../http/bind-route.ts';
import { type PoolPorts, listPools } from './pool-service.ts';

export type { PoolPorts } from './pool-service.ts';

/** `/pools`. */
export function poolRoutes(ports: PoolPorts): readonly BoundRoute[] {
  return [
    bindRoute(ADMIN_ROUTES.listPools, async () => ({
      ok: true,
      value: {
        data: listPools(ports).map((pool) => ({
          pool: pool.pool,
          requests_10s: pool.requests10s,
          retries_10s: pool.retries10s,
          tiers: pool.tiers.map(({ tier, candidates, eligible, nextInMs }) => ({
            tier,
            candidates,
            eligible,
            next_in_ms: nextInMs,
          })),
        })),
      },
    })),
  ];
}
