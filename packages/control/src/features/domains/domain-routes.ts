import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { snakeCased } from '@keywell/contract/admin/snake-case';
import { wordsOf } from '../../configuration/domain-warnings.ts';
import { type BoundRoute, bindRoute } from '../../http/bind-route.ts';
import { type DomainPorts, domainFindings } from './domain-service.ts';

export type { DomainPorts } from './domain-service.ts';

/** `/keys/suggestions`. */
export function domainRoutes(ports: DomainPorts): readonly BoundRoute[] {
  return [
    bindRoute(ADMIN_ROUTES.keySuggestions, async () => {
      const { pools, ...rest } = domainFindings(ports);
      const worded = pools.map((finding) => ({ ...snakeCased(finding), ...wordsOf(finding) }));
      return { ok: true, value: { ...snakeCased(rest), pools: worded } };
    }),
  ];
}
