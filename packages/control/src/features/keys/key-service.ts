import type { KeyStatus } from '@keywell/core/keys/status';
import type { Answer, Caller } from '../../http/bind-route.ts';
import type { CooldownFilter, DataPlane } from '../../ports/data-plane.ts';
import type { AuditStore } from '../../ports/stores.ts';
import { endedOf, showClearing, type EndedCooldown } from './cleared-read-model.ts';

export interface KeyPorts {
  readonly dataPlane: Pick<DataPlane, 'keys' | 'clearCooldowns'>;
  readonly audit: Pick<AuditStore, 'append'>;
  readonly wallNow: () => number;
}

/** Upstream keys with their state. */
export function listKeys({ dataPlane }: KeyPorts): readonly KeyStatus[] {
  return dataPlane.keys();
}

/** Ends cooldowns by hand and writes down who did it. Answers what was ended. */
export async function clearKeys(
  ports: KeyPorts,
  filter: CooldownFilter,
  caller: Caller,
): Promise<Answer<readonly EndedCooldown[]>> {
  const { provider, key } = filter;
  if (key !== undefined && provider === undefined)
    return { ok: false, code: 'missing_parameter', detail: 'A key is named by its provider too.' };
  const known = ports.dataPlane.keys();
  if (provider !== undefined && meantBy(known, filter).length === 0)
    return { ok: false, code: 'not_found', detail: 'There is no such upstream key.' };
  return { ok: true, value: await clearAudited(ports, filter, caller) };
}

/** Ends cooldowns and writes down who did it, what ended, and how the keys stood before and after. */
async function clearAudited(
  { dataPlane, audit, wallNow }: KeyPorts,
  filter: CooldownFilter,
  caller: Caller,
): Promise<readonly EndedCooldown[]> {
  const before = dataPlane.keys();
  const ended = endedOf(dataPlane.clearCooldowns(filter), before);
  await audit.append({
    at: wallNow(),
    actor: caller.actor,
    action: 'cooldown.cleared',
    target: [filter.provider ?? '*', filter.key ?? '*'].join('/'),
    detail: {
      ...showClearing(ended, before, dataPlane.keys()),
      address: caller.address,
      request_id: caller.requestId,
    },
  });
  return ended;
}

function meantBy(keys: readonly KeyStatus[], filter: CooldownFilter): readonly KeyStatus[] {
  return keys.filter(
    (each) =>
      (filter.provider === undefined || each.provider === filter.provider) &&
      (filter.key === undefined || each.key === filter.key),
  );
}
