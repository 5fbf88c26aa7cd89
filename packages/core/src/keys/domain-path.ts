import type { ProviderRecord, UpstreamKeyRecord } from '../snapshot/snapshot.ts';

/**
 * Paths of the key's quota domain and of all above it, root first, each beginning with the provider's id. A key that names no domain
 * is a domain of its own, `key:<alias>`. A tenant's keys have roots of their own, `@<tenant>:…`: whatever a file or a header calls an
 * account, it never joins keys of two owners.
 */
export function domainPaths(
  provider: Pick<ProviderRecord, 'id'>,
  key: Pick<UpstreamKeyRecord, 'id' | 'domain' | 'ownerTenant'>,
): readonly string[] {
  const segments =
    key.domain.length === 0
      ? [`key:${escapeName(key.id)}`]
      : key.domain.map((segment) =>
          escapeName(segment).replace(/^key:/, 'key%3A').replace(/^@/, '%40'),
        );
  const owner = key.ownerTenant === null ? '' : `@${escapeTenant(key.ownerTenant)}:`;
  let path = `${escapeName(provider.id)}/${owner}`;
  return segments.map(
    (segment, depth) => (path = depth === 0 ? `${path}${segment}` : `${path}/${segment}`),
  );
}

/** Whether a key's domain is its own, because none was declared: the configuration writes `~<alias>` for that. */
export const isOwnDomain = ({ domain }: Pick<UpstreamKeyRecord, 'domain'>): boolean =>
  domain[0] === undefined || domain[0].startsWith('~');

/** Keeps the separators of paths and groups out of names, so that two domains never share an identity by accident. */
export function escapeName(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('/', '%2F').replaceAll('#', '%23');
}

const escapeTenant = (tenant: string): string => escapeName(tenant).replaceAll(':', '%3A');
