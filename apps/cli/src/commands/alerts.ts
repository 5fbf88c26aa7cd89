import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { renderAlerts } from '../render/alerts-table.ts';
import { type RunContext, show } from './run-context.ts';

export interface AlertFilter {
  readonly limit?: number;
  readonly before?: string;
  readonly active?: boolean;
}

/** `keywell alerts`. */
export async function listAlerts(context: RunContext, filter: AlertFilter): Promise<void> {
  const { limit, before } = filter;
  const active = filter.active === true ? ('true' as const) : undefined;
  const query = { limit: limit ?? 20, before, active };
  const page = await context.client.call(ADMIN_ROUTES.listAlerts, { query });
  show(context, page, ({ data, next }) => {
    const more = next === null ? '' : context.paint.soft(`more: --before ${next}\n`);
    return renderAlerts(data, context.paint) + more;
  });
}
