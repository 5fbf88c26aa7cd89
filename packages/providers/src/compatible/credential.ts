import { Secret } from '@keywell/core/secret/secret';

/** The kinds of credential that a key's value can be. */
export const CREDENTIAL_KINDS = [
  'plain',
  'aws_access_key',
  'google_service_account',
  'entra_client',
  'client_credentials',
  'oauth_refresh',
] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/** A key that is sent as it is. */
export interface PlainCredential {
  readonly kind: 'plain';
}

/** Signs every request: AWS Signature Version 4. */
export interface AwsCredential {
  readonly kind: 'aws_access_key';
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | null;
  /** Null where the host of the base URL tells it. */
  readonly region: string | null;
}

/** Buys access tokens with a signed statement (RFC 7523). */
export interface ServiceAccountCredential {
  readonly kind: 'google_service_account';
  readonly tokenUrl: string;
  readonly clientEmail: string;
  /** PEM of an RSA key. */
  readonly privateKey: Secret;
  readonly privateKeyId: string | null;
}

/** Buys access tokens with a client's secret (RFC 6749 section 4.4). */
export interface ClientCredential {
  readonly kind: 'entra_client' | 'client_credentials';
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly scope: string | null;
}

/** Buys access tokens with a refresh token (RFC 6749 section 6). */
export interface RefreshCredential {
  readonly kind: 'oauth_refresh';
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: Secret | null;
  readonly refreshToken: Secret;
  readonly scope: string | null;
}

/** Credentials for which a token is fetched. */
export type TokenCredential = ServiceAccountCredential | ClientCredential | RefreshCredential;
export type Credential = PlainCredential | AwsCredential | TokenCredential;

/** A key's value as what it is, or what is wrong with it and what would be right: sentences that quote nothing of it. */
export type CredentialReading =
  | { readonly ok: true; readonly credential: Credential }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/** What vendors take that do not say. */
const PLAIN_ONLY: readonly CredentialKind[] = Object.freeze(['plain']);

const PLAIN: CredentialReading = { ok: true, credential: { kind: 'plain' } };

/** What each kind looks like, to complete "write …". */
const FORMS: Readonly<Record<CredentialKind, string>> = {
  plain: 'an API key or token as it is sent',
  aws_access_key:
    'an AWS access key, "AKIA…:secret" or JSON with access_key_id, secret_access_key and, where the base URL names none, region',
  google_service_account:
    "the JSON file of a Google service account's key, with client_email and private_key",
  entra_client: 'JSON with tenant_id, client_id and client_secret of an Entra application',
  client_credentials: 'JSON with token_url, client_id, client_secret and, if needed, scope',
  oauth_refresh: 'JSON with token_url, client_id, refresh_token and, if needed, client_secret',
};

const NAMES: Readonly<Record<CredentialKind, string>> = {
  plain: 'a plain API key',
  aws_access_key: 'an AWS access key',
  google_service_account: 'a Google service account',
  entra_client: 'the credentials of an Entra application',
  client_credentials: 'client credentials for a token endpoint',
  oauth_refresh: 'a refresh token',
};

const GOOGLE_TOKENS = 'https://oauth2.googleapis.com/token';
/** https://learn.microsoft.com/azure/ai-services/openai/how-to/managed-identity */
const AZURE_SCOPE = 'https://cognitiveservices.azure.com/.default';
const ENTRA_AUTHORITY = 'https://login.microsoftonline.com';

/** Access key ids of people and roles begin so: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
const AWS_KEY_ID = /^A(?:KIA|SIA)[A-Z0-9]{12,124}$/;
const AWS_REGION = /^[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/;
const HEADER_SAFE = /^[\u0021-\u007e]+$/;

/** Reads a key's value as one of the kinds that its vendor takes. Total. */
export function readCredential(
  value: string,
  kinds: readonly CredentialKind[] = PLAIN_ONLY,
): CredentialReading {
  const reading = recognise(value);
  const plain = reading === null;
  if (plain && kinds.includes('plain') && (!isObjectText(value) || kinds.length === 1)) {
    return HEADER_SAFE.test(value)
      ? PLAIN
      : wrong('The credential cannot be sent in a header.', kinds);
  }
  if (plain) {
    const is = isObjectText(value) ? 'JSON of a kind that is not known' : NAMES.plain;
    return wrong(`The credential is ${is}.`, kinds);
  }
  if (!reading.ok) return wrong(reading.message, kinds);
  const { kind } = reading.credential;
  return kinds.includes(kind) ? reading : wrong(`The credential is ${NAMES[kind]}.`, kinds);
}

/** Everything of a credential that must not be shown, for those who mask texts: its secrets, and the names of keys that go with them. */
export function secretsOfCredential(credential: Credential): readonly string[] {
  switch (credential.kind) {
    case 'plain':
      return [];
    case 'aws_access_key':
      return [
        credential.accessKeyId,
        ...revealed([credential.secretAccessKey, credential.sessionToken]),
      ];
    case 'google_service_account':
      return [
        credential.clientEmail,
        ...(credential.privateKeyId === null ? [] : [credential.privateKeyId]),
        ...revealed([credential.privateKey]),
      ];
    case 'oauth_refresh':
      return revealed([credential.clientSecret, credential.refreshToken]);
    default:
      return revealed([credential.clientSecret]);
  }
}

const revealed = (secrets: readonly (Secret | null)[]): readonly string[] =>
  secrets.flatMap((secret) => (secret === null ? [] : [secret.reveal()]));

const wrong = (message: string, kinds: readonly CredentialKind[]): CredentialReading => ({
  ok: false,
  message,
  hint: `Write ${kinds.map((kind) => FORMS[kind]).join('; or ')}.`,
});

/** `message` names what is missing or malformed. */
type Recognised =
  | { readonly ok: true; readonly credential: Credential }
  | { readonly ok: false; readonly message: string };

/** Null where it is nothing but a text. */
function recognise(value: string): Recognised | null {
  const fields = fieldsOf(value);
  if (fields === null) {
    const parts = value.split(':');
    if (!AWS_KEY_ID.test(parts[0] ?? '') || parts.length < 2) return null;
    if (parts.length > 3)
      return lacking('AWS access key', 'two or three parts with a colon between');
    return awsFrom({
      access_key_id: parts[0],
      secret_access_key: parts[1],
      session_token: parts[2],
    });
  }
  if ('access_key_id' in fields || 'secret_access_key' in fields) return awsFrom(fields);
  if ('client_email' in fields || 'private_key' in fields) return serviceAccountFrom(fields);
  if ('tenant_id' in fields) return entraFrom(fields);
  if ('refresh_token' in fields) return refreshFrom(fields);
  if ('token_url' in fields) return clientFrom(fields);
  return null;
}

type Fields = Readonly<Record<string, unknown>>;

const isObjectText = (value: string): boolean => value.startsWith('{');

function fieldsOf(value: string): Fields | null {
  if (!isObjectText(value)) return null;
  try {
    const parsed: unknown = JSON.parse(value);
    return isFields(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const lacking = (what: string, needs: string): Recognised => ({
  ok: false,
  message: `The ${what} needs ${needs}.`,
});

/** A text of one line, or null. */
function textIn(fields: Fields, name: string): string | null {
  const value = fields[name];
  return typeof value === 'string' && /^[^\s\p{Cc}](?:[^\p{Cc}]*)$/u.test(value) ? value : null;
}

function secretIn(fields: Fields, name: string): Secret | null {
  const text = textIn(fields, name);
  return text === null ? null : new Secret(text);
}

function awsFrom(fields: Fields): Recognised {
  const what = 'AWS access key';
  const accessKeyId = textIn(fields, 'access_key_id');
  const secretAccessKey = secretIn(fields, 'secret_access_key');
  const sessionToken = secretIn(fields, 'session_token');
  const region = textIn(fields, 'region');
  if (accessKeyId === null || !/^\w{16,128}$/.test(accessKeyId)) {
    return lacking(what, 'an access_key_id of 16 or more letters and digits');
  }
  if (secretAccessKey === null) return lacking(what, 'a secret_access_key');
  if (fields['session_token'] !== undefined && !HEADER_SAFE.test(sessionToken?.reveal() ?? '')) {
    return lacking(what, 'a session_token without spaces, or none');
  }
  if (fields['region'] !== undefined && !AWS_REGION.test(region ?? '')) {
    return lacking(what, 'a region such as "eu-central-1", or none');
  }
  return {
    ok: true,
    credential: { kind: 'aws_access_key', accessKeyId, secretAccessKey, sessionToken, region },
  };
}

function serviceAccountFrom(fields: Fields): Recognised {
  const what = 'Google service account';
  const clientEmail = textIn(fields, 'client_email');
  const privateKey = fields['private_key'];
  const tokenUrl = tokenUrlIn(fields, 'token_uri', GOOGLE_TOKENS);
  if (clientEmail === null) return lacking(what, 'a client_email');
  if (typeof privateKey !== 'string' || !privateKey.includes('PRIVATE KEY-----')) {
    return lacking(what, 'a private_key in PEM');
  }
  if (tokenUrl === null) return lacking(what, 'a token_uri that begins with https://');
  return {
    ok: true,
    credential: {
      kind: 'google_service_account',
      tokenUrl,
      clientEmail,
      privateKey: new Secret(privateKey),
      privateKeyId: textIn(fields, 'private_key_id'),
    },
  };
}

function entraFrom(fields: Fields): Recognised {
  const what = 'Entra application';
  const tenant = textIn(fields, 'tenant_id');
  const authority = tokenUrlIn(fields, 'authority', ENTRA_AUTHORITY);
  if (tenant === null || !/^[A-Za-z0-9][A-Za-z0-9.-]{0,127}$/.test(tenant)) {
    return lacking(what, 'a tenant_id, which is a UUID or a domain');
  }
  if (authority === null) return lacking(what, 'an authority that begins with https://, or none');
  const tokenUrl = `${authority.replace(/\/+$/, '')}/${tenant}/oauth2/v2.0/token`;
  return clientOf('entra_client', what, { fields, tokenUrl, scope: AZURE_SCOPE });
}

function clientFrom(fields: Fields): Recognised {
  const what = 'client';
  const tokenUrl = tokenUrlIn(fields, 'token_url', null);
  if (tokenUrl === null) return lacking(what, 'a token_url that begins with https://');
  return clientOf('client_credentials', what, { fields, tokenUrl, scope: null });
}

function clientOf(
  kind: ClientCredential['kind'],
  what: string,
  from: { readonly fields: Fields; readonly tokenUrl: string; readonly scope: string | null },
): Recognised {
  const clientId = textIn(from.fields, 'client_id');
  const clientSecret = secretIn(from.fields, 'client_secret');
  if (clientId === null) return lacking(what, 'a client_id');
  if (clientSecret === null) return lacking(what, 'a client_secret');
  const scope = textIn(from.fields, 'scope') ?? from.scope;
  return {
    ok: true,
    credential: { kind, tokenUrl: from.tokenUrl, clientId, clientSecret, scope },
  };
}

/** `type: authorized_user` is what Google's own tools write, which name no endpoint. */
function refreshFrom(fields: Fields): Recognised {
  const what = 'refresh token';
  const google = fields['type'] === 'authorized_user' ? GOOGLE_TOKENS : null;
  const tokenUrl = tokenUrlIn(fields, 'token_url', google);
  const clientId = textIn(fields, 'client_id');
  const refreshToken = secretIn(fields, 'refresh_token');
  if (tokenUrl === null) return lacking(what, 'a token_url that begins with https://');
  if (clientId === null) return lacking(what, 'a client_id');
  if (refreshToken === null) return lacking(what, 'a refresh_token that is not empty');
  return {
    ok: true,
    credential: {
      kind: 'oauth_refresh',
      tokenUrl,
      clientId,
      clientSecret: secretIn(fields, 'client_secret'),
      refreshToken,
      scope: textIn(fields, 'scope'),
    },
  };
}

/** Secrets are sent there: only over TLS, or to the machine itself. */
function tokenUrlIn(fields: Fields, name: string, otherwise: string | null): string | null {
  if (fields[name] === undefined) return otherwise;
  const text = textIn(fields, name);
  if (text === null || !URL.canParse(text)) return null;
  const { protocol, hostname, username, password, hash } = new URL(text);
  const local = hostname === '127.0.0.1' || hostname === '[::1]' || hostname === 'localhost';
  const safe = protocol === 'https:' || (protocol === 'http:' && local);
  return safe && username === '' && password === '' && hash === '' ? text : null;
}

/** The region that a host of AWS names; null where it names none. */
export function awsRegionOf(baseUrl: string): string | null {
  if (!URL.canParse(baseUrl)) return null;
  const { hostname } = new URL(baseUrl);
  if (!/\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$/.test(hostname)) return null;
  return hostname.split('.').find((label) => AWS_REGION.test(label)) ?? null;
}
