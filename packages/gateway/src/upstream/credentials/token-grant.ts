/** What is sent to a token endpoint: a form by one of the grants of RFC 6749 and RFC 7523. */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import type {
  ClientCredential,
  RefreshCredential,
  ServiceAccountCredential,
  TokenCredential,
} from '@keywell/providers/compatible/credential';

/** https://developers.google.com/identity/protocols/oauth2/service-account: an assertion holds for an hour at most. */
const ASSERTION_SECONDS = 3600;
const GOOGLE_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

const NONE: readonly string[] = Object.freeze([]);

/** Makes the form of each call; remembers what an answer changed. */
export interface TokenGrant {
  readonly tokenUrl: string;
  /** @throws when the private key cannot be read */
  form(wallNow: number): string;
  /** The endpoint gave another refresh token in place of the one it was sent (RFC 6749 section 6). */
  rotated(refreshToken: string): void;
  /** What an answer put in place of what the credential says. */
  secrets(): readonly string[];
}

export function grantOf(credential: TokenCredential): TokenGrant {
  switch (credential.kind) {
    case 'google_service_account':
      return assertionGrant(credential);
    case 'oauth_refresh':
      return refreshGrant(credential);
    default:
      return clientGrant(credential);
  }
}

function clientGrant({ tokenUrl, clientId, clientSecret, scope }: ClientCredential): TokenGrant {
  return {
    tokenUrl,
    form: () =>
      formOf({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret.reveal(),
        scope,
      }),
    rotated: () => undefined,
    secrets: () => NONE,
  };
}

function refreshGrant(credential: RefreshCredential): TokenGrant {
  let refreshToken = credential.refreshToken.reveal();
  return {
    tokenUrl: credential.tokenUrl,
    form: () =>
      formOf({
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: credential.clientId,
        client_secret: credential.clientSecret?.reveal() ?? null,
        scope: credential.scope,
      }),
    rotated: (next) => {
      refreshToken = next;
    },
    secrets: () => [refreshToken],
  };
}

function assertionGrant(credential: ServiceAccountCredential): TokenGrant {
  let key: KeyObject | null = null;
  return {
    tokenUrl: credential.tokenUrl,
    form: (wallNow) => {
      key ??= createPrivateKey(credential.privateKey.reveal());
      return formOf({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: assertionOf(credential, key, Math.floor(wallNow / 1000)),
      });
    },
    rotated: () => undefined,
    secrets: () => NONE,
  };
}

/** A JSON Web Token signed with RS256 (RFC 7515, RFC 7523). */
function assertionOf(from: ServiceAccountCredential, key: KeyObject, issuedAt: number): string {
  const header = { alg: 'RS256', typ: 'JWT', kid: from.privateKeyId ?? undefined };
  const claims = {
    iss: from.clientEmail,
    scope: GOOGLE_SCOPE,
    aud: from.tokenUrl,
    iat: issuedAt,
    exp: issuedAt + ASSERTION_SECONDS,
  };
  const signed = `${base64url(header)}.${base64url(claims)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
}

const base64url = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url');

function formOf(fields: Readonly<Record<string, string | null>>): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== null) form.append(name, value);
  return form.toString();
}
