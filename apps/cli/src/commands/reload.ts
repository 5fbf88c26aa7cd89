import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { renderChanges, renderProblem } from '../render/problems.ts';
import { type RunContext, show } from './run-context.ts';

/** `keywell reload`. */
export async function reload(context: RunContext): Promise<void> {
  const result = await context.client.call(ADMIN_ROUTES.reload);
  show(context, result, ({ version, changes, warnings }) => {
    const lines = warnings.map((each) => `${renderProblem('warning', each)}\n`);
    return `Version ${version} is in force.\n${renderChanges(changes, context.paint)}${lines.join('')}`;
  });
}
