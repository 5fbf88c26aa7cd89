import { compileModelPatterns } from '@keywell/core/access/model-patterns';
import type { AuthScheme } from '@keywell/core/snapshot/auth-scheme';
import type { UpstreamKeyRecord } from '@keywell/core/snapshot/snapshot';
import { authHeaders, authQuery } from './auth-headers.ts';
import { type DialectFace, modelSegment } from './dialect-face.ts';
import { OPENAI_OPERATIONS, type Operation, OPERATIONS, type Place } from './operations.ts';
import type { Vendor } from './vendor.ts';

/** Where a call goes and what authenticates it. Holds the key: it is made for sending and never shown. */
export interface Endpoint {
  /** From the host on, with the query. */
  readonly path: string;
  /** Names and values in turn: authentication, and what every call of the vendor and the face carries. */
  readonly headers: readonly string[];
}

/** A face for one model and key. */
export interface SurfaceFace {
  readonly face: DialectFace;
  readonly whole: Endpoint;
  readonly streamed: Endpoint;
  /** Where a request's tokens are counted; null where the vendor does not count. */
  readonly count: Endpoint | null;
}

/** All that one model at one provider can be asked with one key. */
export interface Surface {
  readonly origin: string;
  /** The base URL itself, to which a path is yet to be added before its query. */
  readonly base: Endpoint;
  /** What the vendor does not have stands where OpenAI has it, so that the refusal is the vendor's own. */
  readonly operations: Readonly<Record<Operation, Endpoint>>;
  /** Those that it does have. */
  readonly offers: ReadonlySet<Operation>;
  /** The dialects of this model, best first. */
  readonly faces: readonly SurfaceFace[];
}

/** Where the paths of a surface start, and what is behind each of them. */
interface Ground {
  readonly vendor: Vendor;
  readonly base: string;
  /** Null where the base URL does not end in an API prefix of the vendor. */
  readonly root: string | null;
  readonly key: UpstreamKeyRecord;
}

/** Operations that are conversations in a dialect: they are where the dialect is. */
const SPOKEN: Partial<Record<Operation, DialectFace['dialect']>> = {
  'chat.completions': 'openai-chat',
  responses: 'openai-responses',
};

/** Puts together what can be asked of a vendor (as `configured` has it) at a base URL, for one model and one key. */
export function surfaceOf(
  vendor: Vendor,
  at: { readonly baseUrl: string; readonly model: string; readonly key: UpstreamKeyRecord },
): Surface {
  const url = new URL(at.baseUrl);
  const base = url.pathname.replace(/\/+$/, '');
  const ground = { vendor, base, root: rootOf(vendor, base), key: at.key };
  const faces = vendor.faces.flatMap((face) => faceAt(ground, face, at.model));
  const offers = new Set<Operation>();
  const operations = OPERATIONS.map((operation) => {
    const spoken = faces.find(({ face }) => face.dialect === SPOKEN[operation]);
    if (spoken !== undefined) {
      offers.add(operation);
      return [operation, spoken.whole];
    }
    const place = reachable(ground, vendor.operations[operation]);
    if (place !== null) offers.add(operation);
    return [operation, operationAt(ground, place ?? OPENAI_OPERATIONS[operation], at.model)];
  });
  // What its best dialect sends with every call: a version, mostly.
  const { headers: own = {} } = vendor.faces[0] ?? {};
  return {
    origin: url.origin,
    base: endpoint(ground, { path: '', from: undefined, auth: undefined, headers: own }),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one entry for each of OPERATIONS
    operations: Object.fromEntries(operations) as Record<Operation, Endpoint>,
    offers,
    faces,
  };
}

/** What stands before the vendor's API prefix; null where the base URL ends in none of them. */
export function rootOf({ prefixes, baseUrl }: Vendor, base: string): string | null {
  const known =
    prefixes ?? (baseUrl === null ? [] : [new URL(baseUrl).pathname.replace(/\/+$/, '')]);
  const prefix = known.find((each) => base.endsWith(each));
  return prefix === undefined ? null : base.slice(0, base.length - prefix.length);
}

function reachable({ root }: Ground, place: Place | undefined): Place | null {
  if (place === undefined) return null;
  return typeof place !== 'string' && place.from === 'root' && root === null ? null : place;
}

function operationAt(ground: Ground, place: Place, model: string): Endpoint {
  const { path, from, auth }: Exclude<Place, string> =
    typeof place === 'string' ? { path: place } : place;
  const named = path.replaceAll('{model}', modelSegment(model));
  return endpoint(ground, { path: named, from, auth, headers: {} });
}

function faceAt(ground: Ground, face: DialectFace, model: string): readonly SurfaceFace[] {
  const { from, auth, headers = {} } = face;
  if (from === 'root' && ground.root === null) return [];
  if (face.models !== undefined && !compileModelPatterns(face.models)(model)) return [];
  const at = (path: string): Endpoint => endpoint(ground, { path, from, auth, headers });
  return [
    {
      face,
      whole: at(face.path({ model, stream: false })),
      streamed: at(face.path({ model, stream: true })),
      count: face.countPath === undefined ? null : at(face.countPath(model)),
    },
  ];
}

interface Where {
  readonly path: string;
  readonly from: 'root' | undefined;
  readonly auth: AuthScheme | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

function endpoint({ vendor, base, root, key }: Ground, where: Where): Endpoint {
  const auth = where.auth ?? vendor.auth;
  const version =
    vendor.apiVersion === undefined ? '' : `api-version=${encodeURIComponent(vendor.apiVersion)}`;
  const query = [version, authQuery(auth, key)].filter((part) => part !== '').join('&');
  const start = where.from === 'root' ? (root ?? base) : base;
  const joint = where.path.includes('?') ? '&' : '?';
  return {
    path: `${start}${where.path}${query === '' ? '' : `${joint}${query}`}`,
    headers: [
      ...authHeaders(auth, key),
      // what is declared of a provider comes last and stands for a header of the face's own
      ...Object.entries({ ...where.headers, ...vendor.headers }).flat(),
    ],
  };
}
