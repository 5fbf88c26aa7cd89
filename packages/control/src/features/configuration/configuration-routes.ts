import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { type BoundRoute, bindRoute } from '../../http/bind-route.ts';
import {
  type ConfigurationPorts,
  type Outcome,
  compareConfiguration,
  reloadConfiguration,
} from './configuration-service.ts';

export type { ConfigurationPorts } from './configuration-service.ts';

/** `/reload` and `/diff`. */
export function configurationRoutes(ports: ConfigurationPorts): readonly BoundRoute[] {
  return [
    bindRoute(ADMIN_ROUTES.reload, async ({ caller }) => {
      const outcome = await reloadConfiguration(ports, caller);
      return outcome.ok ? { ok: true, value: view(outcome.value) } : outcome;
    }),
    bindRoute(ADMIN_ROUTES.diff, async ({ body }) => {
      const outcome = await compareConfiguration(ports, body.text ?? null);
      return outcome.ok ? { ok: true, value: view(outcome.value) } : outcome;
    }),
  ];
}

function view({ version, hash, changes, warnings }: Outcome) {
  return { version, hash, changes: [...changes], warnings: [...warnings] };
}
