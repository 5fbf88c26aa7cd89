import type { Candidate } from '@keywell/core/keys/plan';
import { maskBillingText } from '@keywell/core/secret/mask-billing-text';
import { maskProviderText } from '@keywell/core/secret/mask-provider-text';
import type { Plane } from '../pipeline/plane.ts';
import { VIA } from '../seam/via.ts';
import { targetOf } from './upstream-target.ts';

/** Takes out of a provider's text what is not the caller's to know. */
export type Mask = (text: string) => string;

/** For what a candidate's provider says: its key in every form, the account, its other headers, and whatever looks like any of them. */
export function maskFor(plane: Pick<Plane, 'credentials'>, candidate: Candidate): Mask {
  const secrets = secretsOf(plane, candidate);
  return (text) => maskBillingText(maskProviderText(text, secrets));
}

/** A JSON text with every string in it masked, however it is escaped; as it came where there was nothing to mask. @throws where it is no JSON */
export function maskStrings(json: string, mask: Mask): string {
  let found = false;
  const masked: unknown = JSON.parse(json, (_name, value: unknown) => {
    if (typeof value !== 'string') return value;
    const shown = mask(value);
    if (shown !== value) found = true;
    return shown;
  });
  return found ? JSON.stringify(masked) : json;
}

function secretsOf({ credentials }: Pick<Plane, 'credentials'>, candidate: Candidate): string[] {
  const { key, provider } = candidate;
  const target = targetOf(candidate, VIA);
  const parts = target.live ? (credentials.of(candidate, target)?.secrets() ?? []) : [];
  const headers = (provider.headers ?? []).map((header) => header.value.reveal());
  return [key.value?.reveal(), ...parts, key.organization, key.project, ...headers].filter(
    (secret) => secret !== undefined && secret !== null,
  );
}
