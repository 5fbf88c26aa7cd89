/**
 * Signatures of thoughts, and reasoning that only its own organization can read again. One secret for all simulated providers, as real
 * signatures hold wherever the same vendor's model runs; what was altered on the way is refused.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

const SECRET = 'simulated thoughts';

const macOf = (realm: string, text: string): Buffer =>
  createHmac('sha256', SECRET).update(`${realm}\0${text}`).digest();

/** Whose model has thought it: signatures of one are nothing to the other. */
export type ThoughtRealm = 'anthropic' | 'gemini';

export const signThoughts = (realm: ThoughtRealm, text: string): string =>
  macOf(realm, text).toString('base64');

function same(one: Buffer, other: Buffer): boolean {
  return one.byteLength === other.byteLength && timingSafeEqual(one, other);
}

export const isSigned = (realm: ThoughtRealm, text: string, signature: string): boolean =>
  same(Buffer.from(signature, 'base64'), macOf(realm, text));

const SEALED = 'gAAAAAB';

/** Text that travels through the caller and comes back as it was, for one organization. */
export function seal(owner: string, text: string): string {
  const bytes = Buffer.concat([macOf(owner, text), Buffer.from(text)]);
  return SEALED + bytes.toString('base64url');
}

/** Null: altered, or another's. */
export function unseal(owner: string, sealed: string): string | null {
  if (!sealed.startsWith(SEALED)) return null;
  const bytes = Buffer.from(sealed.slice(SEALED.length), 'base64url');
  const text = bytes.subarray(32).toString('utf8');
  return same(bytes.subarray(0, 32), macOf(owner, text)) ? text : null;
}
