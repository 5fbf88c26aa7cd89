import type { Candidate } from '@keywell/core/keys/plan';
import { configured } from '@keywell/providers/compatible/configured';
import { surfaceOf } from '@keywell/providers/compatible/surface';
import type { Vendor } from '@keywell/providers/compatible/vendor';
import { vendorOf } from '@keywell/providers/registry';
import { AccountWatch } from './account-watch.ts';
import { CandidateFlow } from './flow-meter.ts';

/** What calling a candidate takes, put together once for its life. */
export interface UpstreamTarget {
  /** As the provider's record has it: declared rows of failures first, authentication and dialects as declared. */
  readonly vendor: Vendor;
  readonly origin: string;
  readonly paths: Readonly<Partial<Record<string, string>>>;
  /** Every header of a call but its framing: an allow-list by construction, nothing of the caller's is in it. */
  readonly headers: readonly string[];
  /** Whether streams may be asked for their usage. */
  readonly streamUsage: boolean;
  /** What its responses say of the key's account. */
  readonly account: AccountWatch;
  /** What is sent to it and what it tells of its limit on requests. */
  readonly flow: CandidateFlow;
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
  const { provider, key, model } = candidate;
  const known = vendorOf(provider.kind);
  if (known === null) throw new Error(`no vendor table for provider kind ${provider.kind}`);
  const vendor = configured(known, provider);
  const { origin, operations } = surfaceOf(vendor, { baseUrl: provider.baseUrl, model, key });
  const chat = operations['chat.completions'];
  return {
    vendor,
    origin,
    paths: {
      'chat.completions': chat.path,
      completions: operations.completions.path,
      embeddings: operations.embeddings.path,
    },
    headers: [
      ...chat.headers,
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
