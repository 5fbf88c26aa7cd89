import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { snakeCased } from '@keywell/contract/admin/snake-case';
import { type BoundRoute, bindRoute } from '../../http/bind-route.ts';
import type { LogQuery } from '../../ports/stores.ts';
import { type LogPorts, getLog, listLogs } from './log-service.ts';

export type { LogPorts } from './log-service.ts';

/** `/logs` and `/logs/{id}`. */
export function logRoutes(ports: LogPorts): readonly BoundRoute[] {
  return [
    bindRoute(ADMIN_ROUTES.listLogs, async ({ query }) => {
      const page = await listLogs(ports, given(query));
      if (!page.ok) return page;
      const { records, next } = page.value;
      return { ok: true, value: { data: records.map((record) => snakeCased(record)), next } };
    }),
    bindRoute(ADMIN_ROUTES.getLog, async ({ params }) => {
      const found = await getLog(ports, params.id);
      return found.ok ? { ok: true, value: snakeCased(found.value) } : found;
    }),
  ];
}

type Loose<T> = { readonly [Name in keyof T]: T[Name] | undefined };

/** Leaves out what was not asked. */
function given(query: Loose<Omit<LogQuery, 'limit'>> & Pick<LogQuery, 'limit'>): LogQuery {
  const asked = Object.entries(query).filter(([, value]) => value !== undefined);
  return { limit: query.limit, ...Object.fromEntries(asked) };
}
