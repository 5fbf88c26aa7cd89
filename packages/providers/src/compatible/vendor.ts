import type { ChargeRule } from '@keywell/core/keys/charge-rule';
import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import type { Outcome } from '@keywell/core/keys/outcome';
import type { Verdict } from '@keywell/core/keys/verdict';
import type { PrefillStyle, UpstreamKeyRecord } from '@keywell/core/snapshot/snapshot';
import type { Dialect } from '@keywell/wire/canonical/dialect';
import type { CredentialKind } from './credential.ts';
import type { FailureRule } from './failure-rule.ts';
import type { LimitHeader } from './limit-headers.ts';

/** What can be asked of a provider. */
export type Operation = 'chat.completions' | 'completions' | 'embeddings';

/** Where and how a vendor speaks a dialect of conversations. */
export interface DialectFace {
  readonly dialect: Dialect;
  /** Path of a call, appended to the provider's base URL; what it takes of the model's name is percent-encoded here. */
  readonly path: (call: { readonly model: string; readonly stream: boolean }) => string;
}

/** A vendor as data: how to reach it, and how to read what it answers. */
export interface Vendor {
  readonly kind: string;
  /** URL up to and including the API prefix; null where every account or installation has one of its own. */
  readonly baseUrl: string | null;
  /** What a base URL looks like, where there is none for all. */
  readonly baseUrlForm?: string;
  /** Whether every call takes a credential; false on hosts that can be run without. */
  readonly needsKey: boolean;
  /** Path of each operation it has in OpenAI's dialect, to be appended to the provider's base URL. */
  readonly operations: Readonly<Partial<Record<Operation, string>>>;
  /**
   * The dialects it speaks itself, the one that loses least first: a caller's own is taken where it is among them, everything else is
   * translated into the first.
   */
  readonly faces: readonly DialectFace[];
  /** Whether streams take `stream_options` where the configuration does not say. */
  readonly streamUsageDefault: boolean;
  /** The kinds of credential that its keys may be; absent: plain ones alone. */
  readonly credentials?: readonly CredentialKind[];
  /**
   * The headers that authenticate, as one flat array of names and values in turn. Reveals the key: call it when sending, and only for a
   * plain credential.
   */
  readonly authHeaders: (key: UpstreamKeyRecord) => string[];
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
