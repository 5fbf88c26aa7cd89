import type { CooldownChange, CooldownStatus, KeyStatus } from '@keywell/core/keys/status';

/** A cooldown that was ended before its time. */
export type EndedCooldown = Omit<CooldownStatus, 'endsInMs'> & {
  /** What was left of it, milliseconds; null where it was not shown any more when it was cleared. */
  readonly endsInMs: number | null;
};

/** As much of a long list as goes into one audit event. */
const MAX_NAMED = 20;

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
function showEnded({ class: of, scopeId, endsInMs }: EndedCooldown): string {
  const left = endsInMs === null ? '' : `, ${Math.ceil(endsInMs / 1000)} s before its end`;
  return `${of} of ${scopeId}${left}`;
}

/** `openai/a cooled, openai/b ready`. */
function showStates(keys: readonly KeyStatus[]): string {
  const shown = keys
    .slice(0, MAX_NAMED)
    .map(({ provider, key, state }) => `${provider}/${key} ${state}`);
  const more = keys.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

/** What an audit event says of a clearing: what ended, and how the keys that it bound stood before and after. */
export function showClearing(
  ended: readonly EndedCooldown[],
  before: readonly KeyStatus[],
  after: readonly KeyStatus[],
): {
  readonly cleared: number;
  readonly ended: string;
  readonly before: string;
  readonly after: string;
} {
  const scopes = new Set(ended.map(({ scopeId }) => scopeId));
  const touched = before.filter(({ cooldowns }) =>
    cooldowns.some((each) => scopes.has(each.scopeId)),
  );
  const isTouched = (key: KeyStatus): boolean =>
    touched.some((each) => each.provider === key.provider && each.key === key.key);
  return {
    cleared: ended.length,
    ended: ended.slice(0, MAX_NAMED).map(showEnded).join('; '),
    before: showStates(touched),
    after: showStates(after.filter(isTouched)),
  };
}

const idOf = (of: Pick<CooldownStatus, 'scopeId' | 'class' | 'dimension'>): string =>
  JSON.stringify([of.scopeId, of.class, of.dimension]);
