import type { ProviderRecord, UpstreamKeyRecord } from '../snapshot/snapshot.ts';

/**
 * Paths of the key's quota domain and of all above it, root first, each beginning with the provider's id. A key that names no domain
 * is a domain of its own, `key:<alias>`.
 */
export function domainPaths(provider: ProviderRecord, key: UpstreamKeyRecord): readonly string[] {
  const segments =
    key.domain.length === 0
      ? [`key:${escapeName(key.id)}`]
      : key.domain.map((segment) => escapeName(segment).replace(/^key:/, 'key%3A'));
  let path = escapeName(provider.id);
  return segments.map((segment) => (path = `${path}/${segment}`));
}

/** Keeps the separators of paths and groups out of names, so that two domains never share an identity by accident. */
export function escapeName(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('/', '%2F').replaceAll('#', '%23');
}
