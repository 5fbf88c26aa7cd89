import type { Candidate } from '@keywell/core/keys/plan';
import { withDeclared } from '@keywell/providers/compatible/declared-failures';
import { OPENAI_OPERATIONS } from '@keywell/providers/compatible/define-vendor';
import type { Operation, Vendor } from '@keywell/providers/compatible/vendor';
import { vendorOf } from '@keywell/providers/registry';

/** What calling a candidate takes, put together once for its life. */
export interface UpstreamTarget {
  /** Its table begins with the rows that are declared of the provider. */
  readonly vendor: Vendor;
  readonly origin: string;
  readonly paths: Readonly<Partial<Record<string, string>>>;
  /** Every header of a call but its framing: an allow-list by construction, nothing of the caller's is in it. */
  readonly headers: readonly string[];
  /** Whether streams may be asked for their usage. */
  readonly streamUsage: boolean;
}

const compiled = new WeakMap<Candidate, UpstreamTarget>();

export function targetOf(candidate: Candidate, via: string): UpstreamTarget {
  const known = compiled.get(candidate);
  if (known !== undefined) return known;
  const target = compile(candidate, via);
  compiled.set(candidate, target);
  return target;
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
    paths: {
      'chat.completions': path('chat.completions'),
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
  };
}
