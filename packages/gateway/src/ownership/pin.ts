import type { Candidate } from '@keywell/core/keys/plan';
import type { ObjectHome } from '@keywell/core/ownership/owned-object';
import type { Operation } from '@keywell/providers/compatible/operations';
import type { Dialect } from '@keywell/wire/canonical/dialect';
import { targetOf } from '../relay/upstream-target.ts';
import { VIA } from '../seam/via.ts';
import type { LiveModel, NamedTarget } from '../snapshot/live-snapshot.ts';

/** What a candidate must be for a call that not every one can serve. */
export interface Pin {
  /** Where what the call refers to is kept; null where it refers to nothing. */
  readonly home: ObjectHome | null;
  /** What its provider must have; null where that does not matter. */
  readonly offers: Operation | null;
  /** What its model must speak itself; null where that does not matter. */
  readonly speaks: Dialect | null;
}

/** Whether a candidate can serve the call at all, whatever it has left. */
export function suits({ home, offers, speaks }: Pin, candidate: Candidate): boolean {
  if (home !== null && !livesAt(home, candidate)) return false;
  if (offers === null && speaks === null) return true;
  const target = targetOf(candidate, VIA);
  if (offers !== null && !target.offers.has(offers)) return false;
  return speaks === null || target.faces.some(({ dialect }) => dialect === speaks);
}

/** Whether any candidate of the model's pool does. */
export function poolSuits({ plan }: LiveModel, pin: Pin): boolean {
  return plan.tiers.some(({ candidates }) => candidates.some((each) => suits(pin, each)));
}

/** Whether all keys that can serve the call are of one account: then what nobody here has seen being made can only be there. */
export function isOneAccount({ plan }: LiveModel, pin: Pin, only: NamedTarget | null): boolean {
  let first: Candidate | null = null;
  for (const { candidates } of plan.tiers) {
    for (const each of candidates) {
      const meant = only === null || isTarget(only, each);
      if (!meant || !suits(pin, each)) continue;
      first ??= each;
      if (first.provider.id !== each.provider.id || first.domain !== each.domain) return false;
    }
  }
  return true;
}

const isTarget = ({ provider, model }: NamedTarget, candidate: Candidate): boolean =>
  candidate.provider.id === provider && candidate.model === model;

/** A key of the domain; or the very key, should its account have been named since and the key be in another domain now. */
function livesAt(home: ObjectHome, { provider, key, domainPath }: Candidate): boolean {
  if (provider.id !== home.provider) return false;
  return domainPath.includes(home.domain) || key.fingerprint === home.fingerprint;
}

export const homeOf = ({ provider, domain, key }: Candidate): ObjectHome => ({
  provider: provider.id,
  domain,
  fingerprint: key.fingerprint,
});

/** Whether what is kept at two places can be reached by one key. */
export const isSameHome = (one: ObjectHome, other: ObjectHome): boolean =>
  one.provider === other.provider &&
  (one.domain === other.domain || one.fingerprint === other.fingerprint);
