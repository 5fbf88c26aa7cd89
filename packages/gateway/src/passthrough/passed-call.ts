import type { PassthroughMethod } from '@keywell/core/access/passthrough-rules';
import { passedQuery } from '@keywell/core/access/passed-path';
import type { ProviderRecord } from '@keywell/core/snapshot/snapshot';
import type { TargetEndpoint, UpstreamTarget } from '../relay/upstream-target.ts';

/** A call that goes to a provider as it came, but for who it is from. */
export interface PassedCall {
  readonly kind: 'passed';
  readonly method: PassthroughMethod;
  /** Below the provider's base URL. */
  readonly path: string;
  /** Without its question mark, and without places for a key. */
  readonly query: string;
  /** Whether it does no harm when it is carried out twice. */
  readonly repeatable: boolean;
  /** The model that its body names, as the caller would name it here: `provider/model`; null where it names none. */
  readonly named: string | null;
  /** The caller's own that go along, names in lower case and values in turn. */
  readonly headers: readonly string[];
  /** Null where it has no body. */
  readonly bodyFor: () => Uint8Array | null;
}

/** Headers of a caller that go along to a vendor which speaks one of these dialects; `accept` and `content-type` always do. */
const OF_DIALECT: Readonly<Record<string, readonly string[]>> = {
  'anthropic-version': ['anthropic-messages'],
  'anthropic-beta': ['anthropic-messages'],
  'openai-beta': ['openai-chat', 'openai-responses'],
};

/** Names of headers that may go along. */
export const PASSED_HEADERS: readonly string[] = [
  'accept',
  'content-type',
  ...Object.keys(OF_DIALECT),
];

/**
 * Where the call goes, with all its headers: always a list of its own, because heads are remembered by it. What the operator declared of
 * the provider stands against what the caller says; what is the vendor's habit does not.
 */
export function passedEndpoint(
  { path, query, headers }: PassedCall,
  target: UpstreamTarget,
  { headers: declared = [] }: ProviderRecord,
): TargetEndpoint {
  const fixed = new Set(declared.map(({ name }) => name));
  const given = filterHeaders(headers, (name) => !fixed.has(name) && suits(name, target));
  const names = new Set(given.filter((_, at) => at % 2 === 0));
  const own = filterHeaders(
    [...target.base.headers, ...target.headers],
    (name) => !names.has(name),
  );
  return { path: joined(path, query, target), headers: [...own, ...given] };
}

function suits(name: string, { vendor }: UpstreamTarget): boolean {
  const dialects = OF_DIALECT[name];
  return dialects === undefined || vendor.faces.some(({ dialect }) => dialects.includes(dialect));
}

function filterHeaders(
  headers: readonly string[],
  keeps: (name: string) => boolean,
): readonly string[] {
  return headers.filter((_, at) => keeps((headers[at - (at % 2)] ?? '').toLowerCase()));
}

/** What the gateway itself has in the query of every call to the provider is not the caller's to say. */
function joined(path: string, query: string, { base, vendor }: UpstreamTarget): string {
  const [start = '', own = ''] = base.path.split('?', 2);
  const ours = new Set(own.split('&').map((part) => part.split('=', 1)[0]?.toLowerCase() ?? ''));
  if (vendor.auth.kind === 'query') ours.add(vendor.auth.name.toLowerCase());
  const parts = [own, passedQuery(query, ours) ?? ''].filter((part) => part !== '');
  return `${start}${path}${parts.length === 0 ? '' : `?${parts.join('&')}`}`;
}
