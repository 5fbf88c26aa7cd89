import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { renderLogs } from '../../render/logs-table.ts';
import { type RunContext, show } from '../run-context.ts';

export interface LogFilter {
  readonly limit?: number;
  readonly before?: string;
  readonly consumer?: string;
  readonly model?: string;
  readonly provider?: string;
  readonly key?: string;
  readonly status?: string;
}

/** `keywell logs list`. */
export async function listLogs(context: RunContext, filter: LogFilter): Promise<void> {
  const { limit, before, consumer, model, provider, key, status } = filter;
  const query = { limit: limit ?? 20, before, consumer, model, provider, key, status };
  const page = await context.client.call(ADMIN_ROUTES.listLogs, { query });
  show(context, page, ({ data, next }) => {
    const more = next === null ? '' : context.paint.soft(`more: --before ${next}\n`);
    return renderLogs(data, context.paint) + more;
  });
}
