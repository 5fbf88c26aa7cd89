import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { snakeCased } from '@keywell/contract/admin/snake-case';
import { type BoundRoute, bindRoute } from '../../http/bind-route.ts';
import { type KeyPorts, clearKeys, listKeys } from './key-service.ts';

export type { KeyPorts } from './key-service.ts';

/** `/keys` and `/keys/clear`. */
export function keyRoutes(ports: KeyPorts): readonly BoundRoute[] {
  return [
    bindRoute(ADMIN_ROUTES.listKeys, async () => ({
      ok: true,
      value: { data: listKeys(ports).map((key) => snakeCased(key)) },
    })),
    bindRoute(ADMIN_ROUTES.clearKeys, async ({ body, caller }) => {
      const filter = {
        ...(body.provider === undefined ? {} : { provider: body.provider }),
        ...(body.key === undefined ? {} : { key: body.key }),
      };
      const cleared = await clearKeys(ports, filter, caller);
      if (!cleared.ok) return cleared;
      const ended = cleared.value.map((each) => snakeCased(each));
      return { ok: true, value: { cleared: ended.map((each) => each.scope_id), ended } };
    }),
  ];
}
