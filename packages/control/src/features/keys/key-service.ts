import type { CooldownChange, CooldownStatus, KeyStatus } from '@keywell/core/keys/status';
import type { Answer, Caller } from '../../http/bind-route.ts';
import type { CooldownFilter, DataPlane } from '../../ports/data-plane.ts';
import type { AuditStore } from '../../ports/stores.ts';

export interface KeyPorts {
  readonly dataPlane: Pick<DataPlane, 'keys' | 'clearCooldowns'>;
  readonly audit: Pick<AuditStore, 'append'>;
  readonly wallNow: () => number;
}

/** A cooldown that was ended before its time. */
export type EndedCooldown = Omit<CooldownStatus, 'endsInMs'> & {
  /** What was left of it, milliseconds; null where it was not shown any more when it was cleared. */
  readonly endsInMs: number | null;
};

/** As much of a long list as goes into one audit event. */
const MAX_NAMED = 20;

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
  const after = dataPlane.keys();
  const scopes = new Set(ended.map(({ scopeId }) => scopeId));
  const touched = before.filter(({ cooldowns }) =>
    cooldowns.some((each) => scopes.has(each.scopeId)),
  );
  await audit.append({
    at: wallNow(),
    actor: caller.actor,
    action: 'cooldown.cleared',
    target: [filter.provider ?? '*', filter.key ?? '*'].join('/'),
    detail: {
      cleared: ended.length,
      ended: ended.slice(0, MAX_NAMED).map(showEnded).join('; '),
      before: showStates(touched),
      after: showStates(after.filter((key) => touched.some((each) => isSame(each, key)))),
      address: caller.address,
      request_id: caller.requestId,
    },
  });
  return ended;
}

/** The changes of a clearing in the words of what stood before. */
export function endedOf(
  changes: readonly CooldownChange[],
  before: readonly KeyStatus[],
): readonly EndedCooldown[] {
  const standing = new Map(
    before.flatMap(({ cooldowns }) => cooldowns.map((each) => [idOf(each), each] as const)),
  );
  return changes.map((change): EndedCooldown => {
    const was = standing.get(idOf(change));
    const { scopeId, scope, dimension, authoritative, evidence } = change;
    return (
      was ?? {
        scopeId,
        scope,
        class: change.class,
        dimension,
        authoritative,
        evidence,
        endsInMs: null,
      }
    );
  });
}

/** `funds_exhausted of node:openai/org-1, 134 s before its end`. */
export function showEnded({ class: of, scopeId, endsInMs }: EndedCooldown): string {
  const left = endsInMs === null ? '' : `, ${Math.ceil(endsInMs / 1000)} s before its end`;
  return `${of} of ${scopeId}${left}`;
}

/** `openai/a cooled, openai/b ready`. */
export function showStates(keys: readonly KeyStatus[]): string {
  const shown = keys
    .slice(0, MAX_NAMED)
    .map(({ provider, key, state }) => `${provider}/${key} ${state}`);
  const more = keys.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

function meantBy(keys: readonly KeyStatus[], filter: CooldownFilter): readonly KeyStatus[] {
  return keys.filter(
    (each) =>
      (filter.provider === undefined || each.provider === filter.provider) &&
      (filter.key === undefined || each.key === filter.key),
  );
}

const isSame = (left: KeyStatus, right: KeyStatus): boolean =>
  left.provider === right.provider && left.key === right.key;

const idOf = (of: Pick<CooldownStatus, 'scopeId' | 'class' | 'dimension'>): string =>
  JSON.stringify([of.scopeId, of.class, of.dimension]);
