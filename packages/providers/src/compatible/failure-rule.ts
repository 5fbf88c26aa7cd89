import type { CooldownScope, Dimension, VerdictClass } from '@keywell/core/keys/verdict';

/** How the error in a body is written; see error-body.ts. */
export type ErrorShape =
  /** `{"error":{"message","type","param","code"}}`, alone or as the first element of an array. */
  | 'object'
  /** `{"error":"text"}`. */
  | 'text'
  /** `{"message","code","type"}`. */
  | 'flat'
  /** `{"detail":…}`. */
  | 'detail'
  | 'html'
  /** No body, or one without an error that is known. */
  | 'none';

/** One status, or an inclusive range. */
export type StatusMatch = number | readonly [from: number, to: number];

/**
 * A row of a provider's failure table: every condition that is given must hold, and the first row that fits decides. Plain data, so
 * that operators can add rows of their own. Only structured fields and the beginning of the error's `message` can be asked about:
 * text further in may be the caller's own prompt, quoted back.
 */
export interface FailureRule {
  /** Unique in its table; it appears in the evidence when `message` decided. */
  readonly name: string;
  /** Any of these; absent: any status, 200 included. */
  readonly status?: readonly StatusMatch[];
  /** `code` is one of these, compared in lower case; numeric codes are compared in decimal. */
  readonly code?: readonly string[];
  /** `type` is one of these, compared in lower case. */
  readonly type?: readonly string[];
  /** Code or type is one of these: several hosts mix the two up. */
  readonly codeOrType?: readonly string[];
  /** Must begin with `^` and must not nest quantifiers: it runs on text that a stranger controls. */
  readonly message?: RegExp;
  readonly shape?: readonly ErrorShape[];
  /** The rate-limit headers show a dimension with nothing left. */
  readonly exhaustedHeader?: boolean;
  readonly verdict: RuleVerdict;
}

/** What a row concludes. */
export interface RuleVerdict {
  readonly class: VerdictClass;
  readonly scope: CooldownScope;
  /** Absent: read from the wording, the type or the exhausted header. */
  readonly dimension?: Dimension;
  /** Which node of the domain tree is meant by scope `node`; absent: the key's own. */
  readonly level?: 'organization' | 'project';
  readonly ends: EndsFrom;
}

/**
 * Where the end comes from. `wait`: the longest wait that headers or the message name, else the reset of the exhausted dimension.
 * `header_wait`: headers only, for failures whose message may hold anything. `far_wait`: only a wait longer than the class's own
 * first step. `none`: never from the response.
 */
export type EndsFrom = 'wait' | 'header_wait' | 'far_wait' | 'none';
