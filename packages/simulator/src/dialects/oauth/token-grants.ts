/**
 * Whom a token is for: RFC 6749 (client_credentials, refresh_token) and RFC 7523 (JWT bearer, as Google's service accounts use it:
 * developers.google.com/identity/protocols/oauth2/service-account). When an assertion expires is not checked against the simulator's clock,
 * which can be moved; that it is short-lived is.
 */
import { createPublicKey, verify } from 'node:crypto';
import type { KeyOwner, ProviderState } from '../../provider-state.ts';
import { isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';

/** What refuses a token. */
export interface WrongGrant {
  readonly status: number;
  readonly error: string;
  readonly description: string;
}

const wrong = (error: string, description: string, status = 400): WrongGrant => ({
  status,
  error,
  description,
});

function jsonOf(part: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** The key's value is `name:public key`, the key as base64 of its SPKI form (DER). */
function isSigned(owner: KeyOwner, signed: string, signature: string): boolean {
  const spki = owner.value.slice(owner.value.indexOf(':') + 1);
  try {
    const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
    return verify('RSA-SHA256', Buffer.from(signed), key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}

const MAX_LIFE_S = 3600;

function wrongClaims({ iat, exp, aud }: JsonObject): WrongGrant | null {
  if (typeof aud !== 'string' || !aud.endsWith('/token')) {
    return wrong('invalid_grant', 'Invalid JWT: Failed audience check.');
  }
  const lived = typeof iat === 'number' && typeof exp === 'number' ? exp - iat : Infinity;
  return lived > 0 && lived <= MAX_LIFE_S
    ? null
    : wrong(
        'invalid_grant',
        'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
      );
}

function byAssertion(state: ProviderState, assertion: string): KeyOwner | WrongGrant {
  const [head = '', body = '', signature = '', ...rest] = assertion.split('.');
  const header = jsonOf(head);
  const claims = jsonOf(body);
  if (header === null || claims === null || rest.length > 0) {
    return wrong('invalid_grant', 'Invalid JWT: bad format.');
  }
  const owner = typeof claims['iss'] === 'string' ? state.pairOf(claims['iss']) : null;
  if (owner === null) return wrong('invalid_grant', 'Invalid grant: account not found');
  const signed = header['alg'] === 'RS256' && isSigned(owner, `${head}.${body}`, signature);
  if (!signed) return wrong('invalid_grant', 'Invalid JWT Signature.');
  return wrongClaims(claims) ?? owner;
}

function byClient(
  state: ProviderState,
  form: URLSearchParams,
  authorization: string,
): KeyOwner | WrongGrant {
  const basic = /^basic +(\S+)$/i.exec(authorization)?.[1];
  const told = basic === undefined ? '' : Buffer.from(basic, 'base64').toString('utf8');
  const pair =
    basic === undefined
      ? `${form.get('client_id') ?? ''}:${form.get('client_secret') ?? ''}`
      : told;
  const owner = state.pairOf(pair.slice(0, Math.max(0, pair.indexOf(':'))));
  return owner?.value === pair
    ? owner
    : wrong('invalid_client', 'The client secret or the client is not known.', 401);
}

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** The key that a form asks a token for, or what is wrong with the form. */
export function grantedTo(
  state: ProviderState,
  form: URLSearchParams,
  authorization: string,
): KeyOwner | WrongGrant {
  const grant = form.get('grant_type');
  if (grant === JWT_BEARER) return byAssertion(state, form.get('assertion') ?? '');
  if (grant === 'client_credentials') return byClient(state, form, authorization);
  if (grant === 'refresh_token') {
    const owner = state.ownerOf(form.get('refresh_token') ?? '');
    return owner ?? wrong('invalid_grant', 'Token has been expired or revoked.');
  }
  return wrong('unsupported_grant_type', `Invalid grant_type: ${(grant ?? '').slice(0, 100)}`);
}
