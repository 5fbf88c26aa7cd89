import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { type BoundRoute, bindRoute } from '../../http/bind-route.ts';
import { type AuditPorts, listAudit } from './audit-service.ts';

export type { AuditPorts } from './audit-service.ts';

/** `/audit`. */
export function auditRoutes(ports: AuditPorts): readonly BoundRoute[] {
  return [
    bindRoute(ADMIN_ROUTES.listAudit, async ({ query }) => {
      const page = await listAudit(ports, { limit: query.limit, before: query.before ?? null });
      if (!page.ok) return page;
      const { events, next } = page.value;
      return { ok: true, value: { data: [...events], next } };
    }),
  ];
}
