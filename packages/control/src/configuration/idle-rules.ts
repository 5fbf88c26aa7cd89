import type { ConfigProblem } from '@keywell/contract/config/config-problem';
import type { Config } from '@keywell/contract/config/config-schema';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import { configured } from '@keywell/providers/compatible/configured';
import { ownPaths } from '@keywell/providers/compatible/own-paths';
import { vendorOf } from '@keywell/providers/registry';

/** Rules that open a path which is never passed through, because Keywell has a route of its own for it. */
export function idleRules(
  config: Config,
  { providers }: Pick<Snapshot, 'providers'>,
): readonly ConfigProblem[] {
  return config.providers.flatMap(({ id, passthrough }, index): readonly ConfigProblem[] => {
    const record = providers.find((provider) => provider.id === id);
    const vendor = record === undefined ? null : vendorOf(record.kind);
    if (record === undefined || vendor === null || passthrough.length === 0) return [];
    const useOf = ownPaths(configured(vendor, record), record.baseUrl);
    const base = new URL(record.baseUrl).pathname.replace(/\/+$/, '');
    return passthrough.flatMap((rule, at): readonly ConfigProblem[] => {
      const path = rule.slice(rule.indexOf('/'));
      // Below `**` there may be more than what has a route; a `*` stands for a name.
      const shown = path.endsWith('/**') ? path.slice(0, -1) : path;
      if (useOf(base + shown.replaceAll('*', 'x')) === null) return [];
      return [
        {
          path: ['providers', index, 'passthrough', at],
          at: 'value',
          message: 'Keywell has a route of its own for this path: it is not passed through.',
          hint: 'Remove the rule; docs/guides/passthrough.md says which paths these are.',
        },
      ];
    });
  });
}
