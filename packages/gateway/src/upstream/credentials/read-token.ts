import type { Outcome } from '@keywell/core/keys/outcome';
import type { Verdict } from '@keywell/core/keys/verdict';

/** An access token, and how long it is good for from when it was asked for. */
export interface BoughtToken {
  readonly kind: 'token';
  readonly value: string;
  readonly lifetimeMs: number;
  /** In place of the refresh token that was sent; null where that one stays. */
  readonly refreshToken: string | null;
}

/** No token: what that says of the key, and how long the endpoint asks to be left alone. */
export interface NoToken {
  readonly kind: 'none';
  readonly verdict: Verdict;
  readonly waitMs: number;
}

/** How long a token is taken to last that does not say; most last an hour. */
const UNSAID_SECONDS = 300;
const LONGEST_SECONDS = 86_400;
/** A token that is over before it can be used is used all the same: else every call would buy one. */
const SHORTEST_SECONDS = 1;
const LONGEST_TOKEN = 16_384;
const LONGEST_WAIT_MS = 60_000;

/** Errors of RFC 6749 section 5.2 and 4.1.2.1 that pass by themselves; every other one needs somebody to do something. */
const PASSING: ReadonlySet<string> = new Set([
  'temporarily_unavailable',
  'server_error',
  'slow_down',
]);
const KNOWN: ReadonlySet<string> = new Set([
  ...PASSING,
  'invalid_grant',
  'invalid_client',
  'invalid_request',
  'invalid_scope',
  'unauthorized_client',
  'unsupported_grant_type',
  'access_denied',
]);
/** Google's answer to an assertion from a machine whose clock is wrong. */
const CLOCK_WORDS = /reasonable timeframe|short-lived token/;
/** A client secret that has expired: https://learn.microsoft.com/entra/identity-platform/reference-error-codes (AADSTS7000222). */
const ENTRA_EXPIRED = 7_000_222;

/** Judges what a token endpoint answered. Total; nothing of the answer but known words goes into the evidence. */
export function readToken(outcome: Outcome): BoughtToken | NoToken {
  const { status, failure } = outcome;
  if (failure !== null) return none('transient', `failure=${failure}`, outcome);
  const fields = fieldsIn(outcome.body);
  if (status >= 200 && status < 300) {
    return tokenIn(fields) ?? none('transient', `status=${status} body=no_token`, outcome);
  }
  const error = typeof fields['error'] === 'string' ? fields['error'] : '';
  const seen = `status=${status}${KNOWN.has(error) ? ` error=${error}` : ''}`;
  const passing = status < 400 || status >= 500 || status === 408 || status === 429;
  if (passing || PASSING.has(error)) return none('transient', seen, outcome);
  if (CLOCK_WORDS.test(String(fields['error_description'])))
    return none('clock_fault', seen, outcome);
  const codes: unknown = fields['error_codes'];
  const expired = Array.isArray(codes) && codes.includes(ENTRA_EXPIRED);
  return none(expired ? 'credential_expired' : 'credential_dead', seen, outcome);
}

/** A failure of the credential, without an answer. */
export function noToken(of: Verdict['class'], evidence: string): NoToken {
  const verdict: Verdict = {
    class: of,
    scope: of === 'transient' ? 'none' : 'key',
    dimension: 'unknown',
    authoritative: false,
    evidence,
  };
  return { kind: 'none', verdict, waitMs: 0 };
}

function none(of: Verdict['class'], seen: string, { header }: Outcome): NoToken {
  const seconds = Number(header('retry-after') ?? 0);
  const waitMs = seconds > 0 ? Math.min(seconds * 1000, LONGEST_WAIT_MS) : 0;
  return { ...noToken(of, `token endpoint: ${seen}`), waitMs };
}

function tokenIn(fields: Readonly<Record<string, unknown>>): BoughtToken | null {
  const value = fields['access_token'];
  if (typeof value !== 'string' || value.length > LONGEST_TOKEN) return null;
  if (!/^[\u0021-\u007e]+$/.test(value)) return null;
  const said = Number(fields['expires_in'] ?? UNSAID_SECONDS);
  const seconds =
    said > 0 ? Math.max(SHORTEST_SECONDS, Math.min(said, LONGEST_SECONDS)) : UNSAID_SECONDS;
  const refreshToken = fields['refresh_token'];
  return {
    kind: 'token',
    value,
    lifetimeMs: seconds * 1000,
    refreshToken: typeof refreshToken === 'string' && refreshToken !== '' ? refreshToken : null,
  };
}

function fieldsIn(body: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every member is checked when read
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
