import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { renderKeys } from '../../render/keys-table.ts';
import { type RunContext, show, showRepeatedly } from '../run-context.ts';

/** `keywell keys list [--watch]`. */
export async function listKeys(context: RunContext, watch: boolean): Promise<void> {
  await showRepeatedly(context, watch, async () => {
    const { data } = await context.client.call(ADMIN_ROUTES.listKeys);
    show(context, data, (keys) => renderKeys(keys, context.paint));
  });
}
