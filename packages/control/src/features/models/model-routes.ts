import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { snakeCased } from '@keywell/contract/admin/snake-case';
import { type BoundRoute, bindRoute } from '../../http/bind-route.ts';
import { listModels, type ModelPorts, searchCatalogue } from './model-service.ts';

export type { ModelPorts } from './model-service.ts';

/** `/models` and `/catalogue`. */
export function modelRoutes(ports: ModelPorts): readonly BoundRoute[] {
  return [
    bindRoute(ADMIN_ROUTES.listModels, async () => ({
      ok: true,
      value: { data: listModels(ports).map((model) => snakeCased(model)) },
    })),
    bindRoute(ADMIN_ROUTES.searchCatalogue, async ({ query }) => {
      const { search, limit } = query;
      const { models, total, sources } = searchCatalogue(ports, { search: search ?? '', limit });
      return { ok: true, value: { data: models.map((each) => snakeCased(each)), total, sources } };
    }),
  ];
}
