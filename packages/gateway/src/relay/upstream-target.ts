import type { Candidate } from '@keywell/core/keys/plan';
import { withDeclared } from '@keywell/providers/compatible/declared-failures';
import { OPENAI_OPERATIONS } from '@keywell/providers/compatible/define-vendor';
import type { DialectFace, Operation, Vendor } from '@keywell/providers/compatible/vendor';
import { vendorOf } from '@keywell/providers/registry';
import type { Dialect } from '@keywell/wire/canonical/dialect';
import { AccountWatch } from './account-watch.ts';
import { CandidateFlow } from './flow-meter.ts';

/** What calling a candidate takes, put together once for its life. */
export interface UpstreamTarget {
  /** Its table begins with the rows that are declared of the provider. */
  readonly vendor: Vendor;
  readonly origin: string;
  readonly paths: Readonly<Partial<Record<string, string>>>;
  /** The dialects of conversations it speaks, best first. */
  readonly faces: readonly TargetFace[];
  /** Every header of a call but its framing: an allow-list by construction, nothing of the caller's is in it. */
  readonly headers: readonly string[];
  /** Whether streams may be asked for their usage. */
  readonly streamUsage: boolean;
  /** What its responses say of the key's account. */
  readonly account: AccountWatch;
  /** What is sent to it and what it tells of its limit on requests. */
  readonly flow: CandidateFlow;
}

/** One dialect of a candidate, with the paths of its model. */
export interface TargetFace {
  readonly dialect: Dialect;
  readonly path: string;
  readonly streamPath: string;
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

function compile(candidate: Candidate, via: string): UpstreamTarget {
  const { provider, key } = candidate;
  const known = vendorOf(provider.kind);
  if (known === null) throw new Error(`no vendor table for provider kind ${provider.kind}`);
  const vendor = withDeclared(known, provider.failures);
  const url = new URL(provider.baseUrl);
  const prefix = url.pathname.replace(/\/+$/, '');
  // what a vendor does not have is asked for where OpenAI has it, so that the refusal is the vendor's own
  const path = (operation: Operation): string =>
    `${prefix}${vendor.operations[operation] ?? OPENAI_OPERATIONS[operation]}`;
  return {
    vendor,
    origin: url.origin,
    faces: vendor.faces.map((face) => compileFace(face, prefix, candidate.model)),
    paths: {
      completions: path('completions'),
      embeddings: path('embeddings'),
    },
    headers: [
      ...vendor.authHeaders(key),
      'content-type',
      'application/json',
      'accept',
      'application/json, text/event-stream',
      'accept-encoding',
      'identity',
      'user-agent',
      'keywell',
      'via',
      via,
    ],
    streamUsage: provider.streamUsage,
    account: new AccountWatch(vendor),
    flow: new CandidateFlow(candidate, vendor),
  };
}

function compileFace({ dialect, path }: DialectFace, prefix: string, model: string): TargetFace {
  return {
    dialect,
    path: `${prefix}${path({ model, stream: false })}`,
    streamPath: `${prefix}${path({ model, stream: true })}`,
  };
}
