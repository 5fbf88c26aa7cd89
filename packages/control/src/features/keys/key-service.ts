import type { KeyStatus } from '@keywell/core/keys/status';
import type { Answer, Caller } from '../../http/bind-route.ts';
import type { CooldownFilter, DataPlane } from '../../ports/data-plane.ts';
import type { AuditStore } from '../../ports/stores.ts';

export interface KeyPorts {
  readonly dataPlane: Pick<DataPlane, 'keys' | 'clearCooldowns'>;
  readonly audit: Pick<AuditStore, 'append'>;
  readonly wallNow: () => number;
}

/** Upstream keys with their state. */
export function listKeys({ dataPlane }: KeyPorts): readonly KeyStatus[] {
  return dataPlane.keys();
}

/** Ends cooldowns by hand and writes down who did it. Answers the scopes that were cleared. */
export async function clearKeys(
  { dataPlane, audit, wallNow }: KeyPorts,
  filter: CooldownFilter,
  caller: Caller,
): Promise<Answer<readonly string[]>> {
  const { provider, key } = filter;
  if (key !== undefined && provider === undefined)
    return { ok: false, code: 'missing_parameter', detail: 'A key is named by its provider too.' };
  const known = dataPlane.keys();
  const meant = known.filter(
    (each) =>
      (provider === undefined || each.provider === provider) &&
      (key === undefined || each.key === key),
  );
  if (meant.length === 0 && provider !== undefined)
    return { ok: false, code: 'not_found', detail: 'There is no such upstream key.' };
  const cleared = dataPlane.clearCooldowns(filter).map((change) => change.scopeId);
  await audit.append({
    at: wallNow(),
    actor: caller.actor,
    action: 'cooldown.cleared',
    target: [provider ?? '*', key ?? '*'].join('/'),
    detail: {
      cleared: cleared.length,
      scopes: cleared.slice(0, 20).join(' '),
      address: caller.address,
      request_id: caller.requestId,
    },
  });
  return { ok: true, value: cleared };
}
