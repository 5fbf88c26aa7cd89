import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { renderConsumers } from '../../render/consumers-table.ts';
import { type RunContext, show } from '../run-context.ts';

/** `keywell consumers list`. */
export async function listConsumers(context: RunContext): Promise<void> {
  const { data } = await context.client.call(ADMIN_ROUTES.listConsumers);
  show(context, data, (consumers) => renderConsumers(consumers, context.paint));
}
