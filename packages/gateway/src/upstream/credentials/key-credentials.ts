import type { Verdict } from '@keywell/core/keys/verdict';
import type { UpstreamKeyRecord } from '@keywell/core/snapshot/snapshot';
import {
  awsRegionOf,
  readCredential,
  secretsOfCredential,
  type AwsCredential,
} from '@keywell/providers/compatible/credential';
import type { Vendor } from '@keywell/providers/compatible/vendor';
import type { Clock } from '../../pipeline/clock.ts';
import type { OutboundRequest } from '../../seam/outbound.ts';
import { ProviderClock } from './provider-clock.ts';
import { noToken, type NoToken } from './read-token.ts';
import { SignatureV4 } from './sign-v4.ts';
import type { TokenPorts } from './token-call.ts';
import { grantOf } from './token-grant.ts';
import { TokenSource } from './token-source.ts';

/** The call cannot be made with this key, and why: a verdict to settle the attempt with, as if the provider had refused. */
export interface CredentialFailure {
  readonly verdict: Verdict;
}

export type Authorized = OutboundRequest | CredentialFailure;

/** How a key authenticates: by headers that are always the same, or by a word about every request. */
export type KeyCredentials =
  | {
      readonly kind: 'static';
      /** Names and values in turn. */
      readonly headers: readonly string[];
    }
  | LiveCredentials;

export interface LiveCredentials {
  readonly kind: 'live';
  /** What its vendor wants beside, the same for every call; to be among the headers that are authorised. */
  readonly headers: readonly string[];
  /** What must not be shown of the key, beside its value: its parts, and what it has bought. */
  secrets(): readonly string[];
  /**
   * The request as it is to be sent. A promise only where a token has to be waited for; it never rejects. Requests that share an array
   * of headers get the same array back for as long as their token lasts, so that their head is put together once.
   */
  authorize(request: OutboundRequest): Authorized | Promise<Authorized>;
  /**
   * To be told when the provider refused the credential: a token that looks good may have been revoked. Whether a new one may be worth
   * more; one that is bought and refused again soon is not.
   */
  refused(): boolean;
  /**
   * To be told that the provider found the time in a signature wrong: when the call had begun (monotonic), and the answer's `date`.
   * Whether it is worth signing again.
   */
  correctClock(startedAt: number, date: string | undefined): boolean;
}

/** What is known of a key from its value alone. */
interface OwnParts {
  readonly headers: readonly string[];
  readonly secrets: readonly string[];
}

export function isCredentialFailure(authorized: Authorized): authorized is CredentialFailure {
  return 'verdict' in authorized;
}

/** A second refusal so soon is no matter of the token. */
const REFUSED_AGAIN_MS = 10 * 60_000;

/** Tokens and clocks are kept for so many credentials and hosts; beyond, the one that was asked for longest ago is had anew when needed. */
const MAX_KEPT = 4096;

/** All credentials of a worker. Tokens outlive a change of configuration: what has the same value has the same token. */
export class CredentialDesk {
  readonly #ports: TokenPorts;
  readonly #sources = new Map<string, TokenSource>();
  /** By base URL: what one host's answers show of its clock is nothing that another's signatures are dated by. */
  readonly #clocks = new Map<string, ProviderClock>();

  constructor(ports: TokenPorts) {
    this.#ports = ports;
  }

  /** To be called once for each key of a target, and kept. */
  credentialsFor(key: UpstreamKeyRecord, vendor: Vendor, baseUrl: string): KeyCredentials {
    const value = key.value?.reveal() ?? null;
    const reading = value === null ? null : readCredential(value, vendor.credentials);
    if (value === null || (reading?.ok === true && reading.credential.kind === 'plain')) {
      return { kind: 'static', headers: vendor.authHeaders(key) };
    }
    const headers = vendor.authHeaders({ ...key, value: null });
    if (reading?.ok !== true || reading.credential.kind === 'plain') {
      return unusable(headers, 'credential: malformed');
    }
    const { credential } = reading;
    const secrets = secretsOfCredential(credential);
    if (credential.kind === 'aws_access_key') {
      return this.#signing(credential, baseUrl, { headers, secrets });
    }
    const source = this.#sources.get(value) ?? new TokenSource(grantOf(credential), this.#ports);
    keepNewest(this.#sources, value, source);
    return new TokenCredentials(source, this.#ports.clock, { headers, secrets });
  }

  #signing(credential: AwsCredential, baseUrl: string, parts: OwnParts): LiveCredentials {
    const region = credential.region ?? awsRegionOf(baseUrl);
    if (region === null) return unusable(parts.headers, 'credential: no region');
    const signature = new SignatureV4({ ...credential, region, service: 'bedrock' });
    const clock = this.#clocks.get(baseUrl) ?? new ProviderClock(this.#ports.clock);
    keepNewest(this.#clocks, baseUrl, clock);
    return {
      kind: 'live',
      headers: parts.headers,
      secrets: () => parts.secrets,
      authorize: (request) => ({
        ...request,
        headers: signature.headersFor(request, clock.wallNow()),
      }),
      refused: () => false,
      correctClock: (startedAt, date) => clock.correct(startedAt, date),
    };
  }
}

function keepNewest<Kept>(kept: Map<string, Kept>, name: string, value: Kept): void {
  kept.delete(name);
  kept.set(name, value);
  if (kept.size <= MAX_KEPT) return;
  for (const [oldest] of kept) {
    kept.delete(oldest);
    break;
  }
}

/** What the compiler of the configuration lets nobody have; answered all the same. */
function unusable(headers: readonly string[], evidence: string): LiveCredentials {
  const failure: CredentialFailure = { verdict: noToken('credential_dead', evidence).verdict };
  return {
    kind: 'live',
    headers,
    secrets: () => [],
    authorize: () => failure,
    refused: () => false,
    correctClock: () => false,
  };
}

class TokenCredentials implements LiveCredentials {
  readonly kind = 'live';
  readonly headers: readonly string[];
  readonly #secrets: readonly string[];
  readonly #source: TokenSource;
  readonly #clock: Clock;
  #refusedAt = -Infinity;
  #token = '';
  /** Headers with the token, by the array they were made of. */
  #authorized = new WeakMap<readonly string[], readonly string[]>();

  constructor(source: TokenSource, clock: Clock, parts: OwnParts) {
    this.#source = source;
    this.#clock = clock;
    this.headers = parts.headers;
    this.#secrets = parts.secrets;
  }

  secrets(): readonly string[] {
    return [...this.#secrets, ...this.#source.secrets()];
  }

  authorize(request: OutboundRequest): Authorized | Promise<Authorized> {
    const token = this.#source.token();
    return token instanceof Promise
      ? token.then((bought) => this.#with(request, bought))
      : this.#with(request, token);
  }

  refused(): boolean {
    this.#source.forget();
    const now = this.#clock.now();
    const isNews = now - this.#refusedAt > REFUSED_AGAIN_MS;
    this.#refusedAt = now;
    return isNews;
  }

  correctClock(): boolean {
    return false;
  }

  #with(request: OutboundRequest, token: string | NoToken): Authorized {
    if (typeof token !== 'string') return token;
    if (token !== this.#token) {
      this.#authorized = new WeakMap();
      this.#token = token;
    }
    let headers = this.#authorized.get(request.headers);
    if (headers === undefined) {
      headers = [...request.headers, 'authorization', `Bearer ${token}`];
      this.#authorized.set(request.headers, headers);
    }
    return { ...request, headers };
  }
}
