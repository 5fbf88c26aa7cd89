import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { snakeCased } from '@keywell/contract/admin/snake-case';
import { type BoundRoute, bindRoute } from '../../http/bind-route.ts';
import { type ConsumerPorts, addConsumer, listConsumers } from './consumer-service.ts';

export type { ConsumerPorts } from './consumer-service.ts';

/** `/consumers`. */
export function consumerRoutes(ports: ConsumerPorts): readonly BoundRoute[] {
  return [
    bindRoute(ADMIN_ROUTES.listConsumers, async () => {
      const rows = await listConsumers(ports);
      return { ok: true, value: { data: rows.map((row) => snakeCased(row)) } };
    }),
    bindRoute(ADMIN_ROUTES.addConsumer, async ({ body, caller }) => {
      const { id, name, models, requests_per_minute: requestsPerMinute } = body;
      const added = await addConsumer(ports, { id, name, models, requestsPerMinute }, caller);
      if (!added.ok) return added;
      const { row, key, keyHash } = added.value;
      return { ok: true, value: { consumer: snakeCased(row), key, key_hash: keyHash } };
    }),
  ];
}
