/**
 * The account a provider says a key belongs to. Responses name it in headers; it places keys in the domain tree, but only among keys
 * of one base URL and one owner.
 */
export interface Account {
  readonly organization: string;
  /** Null where the response named none. */
  readonly project: string | null;
}

/** An account and the credential it was told for. */
export interface KnownAccount {
  readonly baseUrl: string;
  readonly ownerTenant: string | null;
  /** Fingerprint of the credential: a replaced key has to be told anew. */
  readonly fingerprint: string;
  readonly account: Account;
}

/** What a worker tells when a response named another account than the last one did. */
export interface AccountSighting extends KnownAccount {
  readonly provider: string;
  readonly key: string;
}

/** Visible ASCII. `~` and `@` begin names of ours: a key's own domain, and a tenant's. */
const NAME = /^[\u0021-\u003f\u0041-\u007d][\u0021-\u007e]{0,127}$/;

/** Takes over what a vendor read from headers; null where it could not be a name. A provider is believed about its own keys alone. */
export function readAccount(
  named: { readonly organization: string; readonly project?: string } | null,
): Account | null {
  if (named === null || !NAME.test(named.organization)) return null;
  const { organization, project } = named;
  return { organization, project: project !== undefined && NAME.test(project) ? project : null };
}

export function sameAccount(left: Account, right: Account): boolean {
  return left.organization === right.organization && left.project === right.project;
}

/** Names the credential an account is known for. */
export function accountPlace(
  of: Pick<KnownAccount, 'baseUrl' | 'ownerTenant' | 'fingerprint'>,
): string {
  return JSON.stringify([of.baseUrl, of.ownerTenant, of.fingerprint]);
}
