import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { renderTimeline } from '../../render/timeline.ts';
import { type RunContext, show } from '../run-context.ts';

/** `keywell logs show ID`. */
export async function showLog(context: RunContext, id: string): Promise<void> {
  const request = await context.client.call(ADMIN_ROUTES.getLog, { params: { id } });
  show(context, request, (each) => renderTimeline(each, context.paint));
}
