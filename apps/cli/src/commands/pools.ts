import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { renderPools } from '../render/pools-table.ts';
import { type RunContext, show, showRepeatedly } from './run-context.ts';

/** `keywell pools [--watch]`. */
export async function listPools(context: RunContext, watch: boolean): Promise<void> {
  await showRepeatedly(context, watch, async () => {
    const { data } = await context.client.call(ADMIN_ROUTES.listPools);
    show(context, data, (pools) => renderPools(pools, context.paint));
  });
}
