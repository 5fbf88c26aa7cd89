import type { AuthScheme } from '@keywell/core/snapshot/auth-scheme';
import type { UpstreamKeyRecord } from '@keywell/core/snapshot/snapshot';

export const BEARER: AuthScheme = Object.freeze({ kind: 'bearer' });
export const X_API_KEY: AuthScheme = Object.freeze({ kind: 'header', name: 'x-api-key' });

/**
 * The headers that show a key, names and values in turn; nothing for a host without keys, or where the key stands in the query. OpenAI's
 * organization and project go with a bearer, since only hosts of its kind know them.
 */
export function authHeaders(auth: AuthScheme, key: UpstreamKeyRecord): string[] {
  const headers: string[] = [];
  const secret = key.value?.reveal() ?? null;
  if (auth.kind === 'header' && secret !== null) {
    headers.push(auth.name, auth.scheme === undefined ? secret : `${auth.scheme} ${secret}`);
  }
  if (auth.kind !== 'bearer') return headers;
  if (secret !== null) headers.push('authorization', `Bearer ${secret}`);
  if (key.organization !== null) headers.push('openai-organization', key.organization);
  if (key.project !== null) headers.push('openai-project', key.project);
  return headers;
}

/** The parameter that shows a key in a URL, `name=value`; empty where it stands in a header, or there is none. */
export function authQuery(auth: AuthScheme, key: UpstreamKeyRecord): string {
  if (auth.kind !== 'query' || key.value === null) return '';
  return `${encodeURIComponent(auth.name)}=${encodeURIComponent(key.value.reveal())}`;
}
