import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { snakeCased } from '@keywell/contract/admin/snake-case';
import { type BoundRoute, bindRoute } from '../../http/bind-route.ts';
import { type AlertPorts, listAlerts } from './alert-service.ts';

export type { AlertPorts } from './alert-service.ts';

/** `/alerts`. */
export function alertRoutes(ports: AlertPorts): readonly BoundRoute[] {
  return [
    bindRoute(ADMIN_ROUTES.listAlerts, async ({ query }) => {
      const { limit, before, active } = query;
      const page = await listAlerts(ports, {
        limit,
        before: before ?? null,
        activeOnly: active === 'true',
      });
      if (!page.ok) return page;
      const { events, next } = page.value;
      return { ok: true, value: { data: events.map((event) => snakeCased(event)), next } };
    }),
  ];
}
