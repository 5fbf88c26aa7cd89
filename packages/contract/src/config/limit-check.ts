import type { Findings } from './findings.ts';
import { domainOf } from './key-domain.ts';
import { type LooseRecord, text } from './loose-config.ts';
import { showName } from './config-problem.ts';

/** Limits belong to a quota domain: two of its keys that declare different ones contradict each other. */
export function checkLimits(found: Findings, keys: readonly LooseRecord[]): void {
  const declared = new Map<string, { readonly limits: string; readonly key: string }>();
  for (const key of keys) {
    const domain = domainOf(key);
    const limits = JSON.stringify(key.get('limits') ?? []);
    const first = declared.get(domain);
    if (first === undefined) declared.set(domain, { limits, key: text(key, 'id') ?? '' });
    else if (first.limits !== limits)
      found.refuse(
        [...key.path, key.get('limits') === undefined ? 'id' : 'limits'],
        `This key shares a quota domain with "${showName(first.key)}", which declares other limits.`,
        'Write the same "limits" at every key of a domain.',
      );
  }
}
