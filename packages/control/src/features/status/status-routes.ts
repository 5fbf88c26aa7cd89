import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { snakeCased } from '@keywell/contract/admin/snake-case';
import { type BoundRoute, bindRoute } from '../../http/bind-route.ts';
import { type StatusPorts, nodeStatus } from './status-service.ts';

export type { StatusPorts } from './status-service.ts';

/** `/status`. */
export function statusRoutes(ports: StatusPorts): readonly BoundRoute[] {
  return [
    bindRoute(ADMIN_ROUTES.status, async () => {
      const { instance, ...rest } = await nodeStatus(ports);
      return { ok: true, value: { ...snakeCased(instance), ...snakeCased(rest) } };
    }),
  ];
}
