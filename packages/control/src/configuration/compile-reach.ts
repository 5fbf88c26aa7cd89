import type { ConfigProblem } from '@keywell/contract/config/config-problem';
import type { ProviderConfig } from '@keywell/contract/config/config-schema';
import type { AuthScheme } from '@keywell/core/snapshot/auth-scheme';
import type { DeclaredHeader, ProviderRecord } from '@keywell/core/snapshot/snapshot';
import { Secret } from '@keywell/core/secret/secret';
import { isSecretReference } from '@keywell/storage/secrets/resolve-secret';

/** How a provider is reached, as far as the file says; what it leaves open is not there. */
export type DeclaredReach = Pick<
  ProviderRecord,
  'auth' | 'dialects' | 'headers' | 'apiVersion' | 'passthrough'
>;

/** Resolves a reference, or notes what is wrong with it and gives null. */
export type ResolveAt = (reference: string, path: ConfigProblem['path']) => Secret | null;

/** The record's part of how a provider is reached. Header names are the same in any case; the last one that is written counts. */
export function compileReach(
  { auth, dialects, headers, api_version: apiVersion, passthrough }: ProviderConfig,
  path: ConfigProblem['path'],
  { resolve, fingerprint }: { resolve: ResolveAt; fingerprint: (secret: string) => string },
): DeclaredReach {
  const declared = Object.entries(headers ?? {}).flatMap(([name, text]): DeclaredHeader[] => {
    // a text that stands in the file is meant to: it may have spaces, and nobody is warned of it
    const value = isSecretReference(text)
      ? resolve(text, [...path, 'headers', name])
      : new Secret(text);
    if (value === null) return [];
    return [{ name: name.toLowerCase(), value, fingerprint: fingerprint(value.reveal()) }];
  });
  return {
    ...(auth === undefined ? {} : { auth: authOf(auth) }),
    ...(dialects === undefined ? {} : { dialects }),
    ...(declared.length === 0 ? {} : { headers: declared }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(passthrough.length === 0 ? {} : { passthrough }),
  };
}

/** `checkReach` has seen to it that a header and a parameter have a name. */
function authOf({ kind, name = '', scheme }: NonNullable<ProviderConfig['auth']>): AuthScheme {
  if (kind === 'bearer') return { kind };
  if (kind === 'query') return { kind, name };
  return { kind, name: name.toLowerCase(), ...(scheme === undefined ? {} : { scheme }) };
}
