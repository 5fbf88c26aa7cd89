import type { Config, ProviderConfig } from '@keywell/contract/config/config-schema';
import { type LooseRecord, loose, records, text } from '@keywell/contract/config/loose-config';
import { Secret } from '@keywell/core/secret/secret';
import { isSecretReference } from '@keywell/storage/secrets/resolve-secret';
import type { SealedPlace, SecretSealer } from '../ports/stores.ts';

/** Where the literal credential of a key is sealed. */
const placeOf = (provider: string, key: string): SealedPlace => ({
  purpose: 'configuration',
  rowId: `${provider}/${key}`,
});

/** Where the value of a declared header is; ids have no slash, so no key has the same place. */
const headerPlace = (provider: string, name: string): SealedPlace => ({
  purpose: 'configuration',
  rowId: `${provider}/header/${name}`,
});

/** A configuration as it may lie in the store: references as they are, literal credentials sealed. */
export function encodeLastGood(config: Config, file: string, sealer: SecretSealer): string {
  const providers = config.providers.map((provider) => {
    const keys = provider.keys.map((key) => {
      if (key.value === undefined || isSecretReference(key.value)) return key;
      const sealed = sealer.seal(new Secret(key.value), placeOf(provider.id, key.id));
      return Object.assign({}, key, { value: { sealed } });
    });
    const headers = sealHeaders(provider, sealer);
    return Object.assign({}, provider, { keys }, headers === null ? {} : { headers });
  });
  return JSON.stringify({ form: 1, file, config: { ...config, providers } });
}

/** Values of declared headers may be credentials, too. */
function sealHeaders({ id, headers }: ProviderConfig, sealer: SecretSealer): unknown {
  if (headers === undefined) return null;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      isSecretReference(value)
        ? value
        : { sealed: sealer.seal(new Secret(value), headerPlace(id, name)) },
    ]),
  );
}

export type LastGood =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string };

/** The configuration in a saved text, credentials opened; it is checked like any other before it is used. */
export function decodeLastGood(saved: string, sealer: SecretSealer): LastGood {
  let value: unknown;
  try {
    value = JSON.parse(saved);
  } catch {
    return { ok: false, message: 'it is not JSON' };
  }
  const root = loose(value);
  const config = loose(root?.get('config'));
  if (root?.get('form') !== 1 || config === null)
    return { ok: false, message: 'it was saved by another version' };
  const places = records(config, 'providers').flatMap(sealedIn);
  for (const { at, name, sealed, place } of places) {
    const opened = sealer.open(sealed, place);
    if (!opened.ok) return { ok: false, message: opened.message };
    at.set(name, opened.secret.reveal());
  }
  return { ok: true, value: root.get('config') };
}

/** A sealed value, the field it stands in, and where it was sealed for. */
interface Sealed {
  readonly at: LooseRecord;
  readonly name: string;
  readonly sealed: string;
  readonly place: SealedPlace;
}

/** Everything of a provider that is sealed: credentials of keys, values of headers. */
function sealedIn(provider: LooseRecord): readonly Sealed[] {
  const id = text(provider, 'id') ?? '';
  const headers = loose(provider.get('headers'));
  return [
    ...records(provider, 'keys').flatMap((key) =>
      sealedAt(key, 'value', placeOf(id, text(key, 'id') ?? '')),
    ),
    ...Object.keys(Object(provider.get('headers'))).flatMap((name) =>
      headers === null ? [] : sealedAt(headers, name, headerPlace(id, name)),
    ),
  ];
}

function sealedAt(at: LooseRecord, name: string, place: SealedPlace): readonly Sealed[] {
  const value = loose(at.get(name));
  const sealed = value === null ? null : text(value, 'sealed');
  return sealed === null ? [] : [{ at, name, sealed, place }];
}
