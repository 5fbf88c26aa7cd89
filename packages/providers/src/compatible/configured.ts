import type { ProviderRecord } from '@keywell/core/snapshot/snapshot';
import { withDeclared } from './declared-failures.ts';
import { withAuth } from './define-vendor.ts';
import { type DialectFace, STANDARD_FACES } from './dialect-face.ts';
import type { Operations } from './operations.ts';
import type { Vendor } from './vendor.ts';

/** What a provider's record says of how it is called. */
export type ProviderSettings = Pick<
  ProviderRecord,
  'baseUrl' | 'failures' | 'auth' | 'dialects' | 'headers' | 'apiVersion'
>;

/**
 * A vendor as it is behind one provider: what differs below its base URL, then what the configuration says of its failures, dialects,
 * authentication and headers. Made once for a candidate, not for a request.
 */
export function configured(vendor: Vendor, provider: ProviderSettings): Vendor {
  const variant = vendor.variants?.find(({ where }) => where(provider.baseUrl));
  const here = { ...withDeclared(vendor, provider.failures), ...variant?.instead };
  const { auth } = provider;
  const declared = (provider.headers ?? []).map(({ name, value }) => [name, value.reveal()]);
  return withAuth({
    ...here,
    auth: auth ?? here.auth,
    operations: auth === undefined ? here.operations : withoutOwnAuth(here.operations),
    faces: facesOf(here.faces, provider),
    headers: { ...here.headers, ...Object.fromEntries(declared) },
    apiVersion: provider.apiVersion ?? here.apiVersion,
  });
}

/** The dialects that are declared, in their order: as the vendor speaks them, or as whoever made them. */
function facesOf(
  faces: readonly DialectFace[],
  provider: ProviderSettings,
): readonly DialectFace[] {
  const { dialects, auth } = provider;
  const chosen =
    dialects === undefined
      ? faces
      : dialects.flatMap((dialect) => {
          const own = faces.filter((face) => face.dialect === dialect);
          return own.length > 0 ? own : [STANDARD_FACES[dialect]];
        });
  return auth === undefined ? chosen : chosen.map((face) => ({ ...face, auth }));
}

/** Authentication that is declared holds everywhere. */
function withoutOwnAuth(operations: Operations): Operations {
  return Object.fromEntries(
    Object.entries(operations).map(([name, place]) => {
      if (typeof place === 'string') return [name, place];
      const { auth: _, ...rest } = place;
      return [name, rest];
    }),
  );
}
