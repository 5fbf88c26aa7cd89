import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { renderCatalogue, renderModels } from '../render/models-table.ts';
import { type RunContext, show } from './run-context.ts';

const SOME = 50;
const ALL = 10_000;

/** `keywell models [SEARCH] [--all]`: what is configured, or what the catalogue knows. */
export async function listModels(
  context: RunContext,
  search: readonly string[],
  { all }: { readonly all?: boolean },
): Promise<void> {
  const { client, paint } = context;
  if (search.length === 0 && all !== true) {
    const { data } = await client.call(ADMIN_ROUTES.listModels);
    show(context, data, (models) => renderModels(models, paint));
    return;
  }
  const query = { search: search.join(' '), limit: all === true ? ALL : SOME };
  const page = await client.call(ADMIN_ROUTES.searchCatalogue, { query });
  show(context, page, (found) => renderCatalogue(found, paint));
}
