import type { Candidate } from '@keywell/core/keys/plan';
import type { UpstreamKeyRecord } from '@keywell/core/snapshot/snapshot';
import { configured } from '@keywell/providers/compatible/configured';
import { readCredential } from '@keywell/providers/compatible/credential';
import type { DialectFace } from '@keywell/providers/compatible/dialect-face';
import type { Operation } from '@keywell/providers/compatible/operations';
import { surfaceOf, type Endpoint, type SurfaceFace } from '@keywell/providers/compatible/surface';
import type { Vendor } from '@keywell/providers/compatible/vendor';
import { vendorOf } from '@keywell/providers/registry';
import type { Dialect } from '@keywell/wire/canonical/dialect';
import {
  CHAT_ENCODE_DEFAULTS,
  type ChatEncodeOptions,
} from '@keywell/wire/openai-chat/encode-options';
import { compileMemberEdit, type MemberEdit } from '@keywell/wire/edit/members';
import { AccountWatch } from './account-watch.ts';
import { CandidateFlow } from './flow-meter.ts';

/** What calling a candidate takes, put together once for its life. */
export interface UpstreamTarget {
  /** As the provider's record has it: declared rows of failures first, authentication and dialects as declared. */
  readonly vendor: Vendor;
  readonly origin: string;
  /** Where what is passed through goes below. */
  readonly base: Endpoint;
  /** Where what is no conversation is asked for. */
  readonly operations: Readonly<Record<Operation, Endpoint>>;
  readonly offers: ReadonlySet<Operation>;
  /** The dialects of conversations it speaks, best first. */
  readonly faces: readonly TargetFace[];
  /** Headers of every call beside its framing, content type, and those of its endpoint: nothing of the caller's is in them. */
  readonly headers: readonly string[];
  /** Whether every request is authorised by a word about it: signed, or with a token that was bought. */
  readonly live: boolean;
  /** Whether streams may be asked for their usage. */
  readonly streamUsage: boolean;
  /** What its responses say of the key's account. */
  readonly account: AccountWatch;
  /** What is sent to it and what it tells of its limit on requests. */
  readonly flow: CandidateFlow;
}

/** One dialect of a candidate, where it is spoken, and how it is spoken there. */
export interface TargetFace {
  readonly dialect: Dialect;
  readonly whole: TargetEndpoint;
  readonly streamed: TargetEndpoint;
  readonly count: TargetEndpoint | null;
  /** What its host wants otherwise than the dialect; null where nothing. */
  readonly edit: MemberEdit | null;
  /** What its host takes of a translated chat. */
  readonly chat: ChatEncodeOptions;
}

/** Where a JSON call goes, with all its headers. */
export interface TargetEndpoint {
  readonly path: string;
  readonly headers: readonly string[];
}

const compiled = new WeakMap<Candidate, UpstreamTarget>();

export function targetOf(candidate: Candidate, via: string): UpstreamTarget {
  const known = compiled.get(candidate);
  if (known !== undefined) return known;
  const target = compile(candidate, via);
  compiled.set(candidate, target);
  return target;
}

/** The caller's own dialect where the candidate speaks it, else its best; null for one that speaks none. */
export function faceFor({ faces }: UpstreamTarget, dialect: Dialect): TargetFace | null {
  for (const face of faces) if (face.dialect === dialect) return face;
  return faces[0] ?? null;
}

/** An endpoint with all headers of a call whose body is of a content type. */
export function withHeaders(
  { path, headers }: Endpoint,
  { headers: common }: Pick<UpstreamTarget, 'headers'>,
  contentType: string,
): TargetEndpoint {
  return { path, headers: [...headers, 'content-type', contentType, ...common] };
}

function compile(candidate: Candidate, via: string): UpstreamTarget {
  const { provider, key, model } = candidate;
  const known = vendorOf(provider.kind);
  if (known === null) throw new Error(`no vendor table for provider kind ${provider.kind}`);
  const vendor = configured(known, provider);
  const live = isLive(key, vendor);
  // What buys tokens or signs is never sent itself.
  const sent = live ? { ...key, value: null } : key;
  const surface = surfaceOf(vendor, { baseUrl: provider.baseUrl, model, key: sent });
  const headers = ['accept', '*/*', 'accept-encoding', 'identity', 'user-agent', 'keywell'];
  headers.push('via', via);
  return {
    vendor,
    origin: surface.origin,
    base: surface.base,
    operations: surface.operations,
    offers: surface.offers,
    faces: surface.faces.map((face) => compileFace(face, { headers }, provider.streamUsage)),
    headers,
    live,
    streamUsage: provider.streamUsage,
    account: new AccountWatch(vendor),
    flow: new CandidateFlow(candidate, vendor),
  };
}

function isLive(key: UpstreamKeyRecord, { credentials }: Vendor): boolean {
  if (key.value === null || credentials === undefined) return false;
  const reading = readCredential(key.value.reveal(), credentials);
  return !(reading.ok && reading.credential.kind === 'plain');
}

const JSON_TYPE = 'application/json';

function compileFace(
  { face, whole, streamed, count }: SurfaceFace,
  common: Pick<UpstreamTarget, 'headers'>,
  streamOptions: boolean,
): TargetFace {
  return {
    dialect: face.dialect,
    whole: withHeaders(whole, common, JSON_TYPE),
    streamed: withHeaders(streamed, common, JSON_TYPE),
    count: count === null ? null : withHeaders(count, common, JSON_TYPE),
    edit: editOf(face),
    chat: {
      ...CHAT_ENCODE_DEFAULTS,
      ...face.chat,
      streamOptions,
      ...(face.maxTokensField === undefined ? {} : { maxTokensField: face.maxTokensField }),
    },
  };
}

function editOf({ unsupported = [], body }: DialectFace): MemberEdit | null {
  const without = body?.without ?? [];
  const plus = body?.plus ?? {};
  if (unsupported.length + without.length + Object.keys(plus).length === 0) return null;
  return compileMemberEdit({ unsupported, without, plus });
}
