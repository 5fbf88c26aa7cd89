import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { renderForecast } from '../render/forecast-table.ts';
import { type RunContext, show, showRepeatedly } from './run-context.ts';

/** `keywell forecast [--pool ID] [--watch]`. */
export async function showForecast(
  context: RunContext,
  { pool, watch }: { readonly pool?: string; readonly watch?: boolean },
): Promise<void> {
  await showRepeatedly(context, watch === true, async () => {
    const { data } = await context.client.call(ADMIN_ROUTES.listForecast, { query: { pool } });
    show(context, data, (pools) => renderForecast(pools, context.paint));
  });
}
