import type { ChargeRule } from '@keywell/core/keys/charge-rule';
import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import type { Outcome } from '@keywell/core/keys/outcome';
import type { Verdict } from '@keywell/core/keys/verdict';
import type { AuthScheme } from '@keywell/core/snapshot/auth-scheme';
import type { PrefillStyle, UpstreamKeyRecord } from '@keywell/core/snapshot/snapshot';
import type { DialectFace } from './dialect-face.ts';
import type { CredentialKind } from './credential.ts';
import type { FailureRule } from './failure-rule.ts';
import type { LimitHeader } from './limit-headers.ts';
import type { Operations } from './operations.ts';

/** A vendor as data: how to reach it, and how to read what it answers. */
export interface Vendor {
  readonly kind: string;
  /** URL up to and including the API prefix; null where every account or installation has one of its own. */
  readonly baseUrl: string | null;
  /** What a base URL looks like, where there is none for all. */
  readonly baseUrlForm?: string;
  /** Whether every call takes a credential; false on hosts that can be run without. */
  readonly needsKey: boolean;
  /** What it has in OpenAI's words, and where. */
  readonly operations: Operations;
  /**
   * The dialects it speaks itself, the one that loses least first: a caller's own is taken where it is among them, everything else is
   * translated into the first. Empty where it has no conversations.
   */
  readonly faces: readonly DialectFace[];
  /**
   * The API prefixes that base URLs of it end in, longest first: what stands before one is the root that some paths start from. Absent:
   * the path of its own base URL.
   */
  readonly prefixes?: readonly string[];
  /** What differs below certain base URLs; the first that fits holds. */
  readonly variants?: readonly Variant[];
  /** How it wants a key. */
  readonly auth: AuthScheme;
  /** Headers of every call, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as `api-version` in the query where the configuration names no other; absent: nothing is sent. */
  readonly apiVersion?: string | undefined;
  /** Whether streams take `stream_options` where the configuration does not say. */
  readonly streamUsageDefault: boolean;
  /** The kinds of credential that its keys may be; absent: plain ones alone. */
  readonly credentials?: readonly CredentialKind[];
  /**
   * The headers of a call that authenticate, with those that every call has: names and values in turn. Reveals the key: call it when
   * sending.
   */
  readonly authHeaders: (key: UpstreamKeyRecord) => string[];
  /** The parameter of the query that authenticates, `name=value`; mostly empty. Reveals the key likewise. */
  readonly authQuery: (key: UpstreamKeyRecord) => string;
  /** Judges one attempt. Total: whatever a provider sends, there is a verdict. */
  readonly classify: (outcome: Outcome) => Verdict;
  /** What the response's headers tell about limits; empty when they tell nothing. Never throws. */
  readonly readLimits: (header: Outcome['header']) => readonly LimitObservation[];
  /** The table behind `classify`, first match first. */
  readonly failures: readonly FailureRule[];
  /** The table behind `readLimits`. */
  readonly limits: readonly LimitHeader[];
  /** How its token limits are charged. */
  readonly charge: ChargeRule;
  /** Name of the limit group of a model: models of one group share a limit at a node. By default each is its own. */
  readonly limitGroup: (model: string) => string;
  /** The account nodes that a response's headers name, outermost first; null where they name none. */
  readonly accountOf: (header: Outcome['header']) => AccountPath | null;
  /** A free GET that tells whether the account has funds; absent where the vendor has none. */
  readonly balanceCheck?: BalanceCheck;
  /** A free GET that tells whether a credential is accepted; null where the vendor has none. */
  readonly credentialCheck: CredentialCheck | null;
  /**
   * How a chat is continued from what an assistant had begun to say, where every host of this kind can; absent where one at least cannot:
   * then the configuration has to say so of a provider.
   */
  readonly prefill?: PrefillStyle;
}

/** A vendor below another kind of base URL: an older API, an endpoint in somebody else's dialect. */
export interface Variant {
  readonly where: (baseUrl: string) => boolean;
  /** Those base URLs in words, for the reference: what they end in. */
  readonly shown: string;
  readonly instead: Partial<Pick<Vendor, 'operations' | 'faces' | 'auth' | 'apiVersion'>>;
}

/** Where in a vendor's tree of accounts a key belongs, as a response told. */
export interface AccountPath {
  readonly organization: string;
  readonly project?: string;
}

/** How to find an early top-up without paying for a request. */
export interface BalanceCheck {
  /** Absolute path on the host of the base URL. */
  readonly path: string;
  /** Total: a body that is not understood is `unknown`. */
  readonly read: (status: number, body: string) => 'funded' | 'empty' | 'unknown';
}

/** How to ask whether a key is accepted without paying for a request. */
export interface CredentialCheck {
  /** Appended to the base URL, as an operation's path is. */
  readonly path: string;
  /** By the status alone; `unknown` for everything that says nothing about the key. */
  readonly read: (status: number) => 'accepted' | 'refused' | 'unknown';
}

export const ownGroup = (model: string): string => model;
export const noAccount = (): null => null;
