import type { EndsFrom } from '@keywell/core/keys/failure-record';
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
  /** `{"message"}` and nothing that says it is an error: it is one only under an error status. */
  | 'bare'
  | 'html'
  /** No body, or one without an error that is known. */
  | 'none';

/** One status, or an inclusive range. */
export type StatusMatch = number | readonly [from: number, to: number];

/**
 * A structured field beyond code and type. `at` is its path in the body, `*` standing for every element of a list
 * (`error.details.*.reason`); of several values, one that fits is enough.
 */
export interface FieldMatch {
  readonly at: string;
  /** One of these, compared in lower case; numbers by their decimal digits. */
  readonly is?: readonly string[];
  /** Anchored, without nested quantifiers. */
  readonly like?: RegExp;
}

/** A response header, by lower-case name. */
export interface HeaderMatch {
  readonly name: string;
  /** One of these, compared in lower case without white space around it. */
  readonly is?: readonly string[];
  readonly like?: RegExp;
}

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
  /**
   * Must begin with `^` and must not nest quantifiers: it runs on text that a stranger controls. Groups named `limit`, `used`,
   * `requested` and `affords` (needs above it were refused) hold numbers.
   */
  readonly message?: RegExp;
  readonly shape?: readonly ErrorShape[];
  readonly field?: FieldMatch;
  readonly header?: HeaderMatch;
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
  /** Headers and fields beside Retry-After that name the end, written as a reset is (seconds, an instant in any form). */
  readonly endsHeaders?: readonly string[];
  readonly endsFields?: readonly string[];
  /** Field that holds the limit's size. */
  readonly limitField?: string;
  readonly probe?: 'never';
}
