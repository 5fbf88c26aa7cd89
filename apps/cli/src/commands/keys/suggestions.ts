import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { renderSuggestions } from '../../render/suggestions.ts';
import { type RunContext, show } from '../run-context.ts';

/** `keywell keys suggestions`: what to look at in the domain tree. */
export async function keySuggestions(context: RunContext): Promise<void> {
  const findings = await context.client.call(ADMIN_ROUTES.keySuggestions);
  show(context, findings, renderSuggestions);
}
