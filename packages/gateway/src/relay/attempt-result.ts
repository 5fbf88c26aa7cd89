import type { Verdict } from '@keywell/core/keys/verdict';

/** How an attempt ended, for the one who decides what comes next. */
export type AttemptResult =
  /** The caller has an answer: a good one, or one that was broken off honestly. */
  | { readonly kind: 'answered'; readonly well: boolean }
  /** A stream broke off, and the caller was told nothing: it is to be gone on with elsewhere. */
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'left' }
  /** Another attempt of the same request was faster. */
  | { readonly kind: 'dropped' }
  | {
      readonly kind: 'failed';
      readonly verdict: Verdict;
      /** The provider's status, 0 without a response. */
      readonly status: number;
      readonly body: Uint8Array;
      readonly contentType: string;
    };

/** Whether the caller was served well. */
export const isServed = (result: AttemptResult): boolean =>
  result.kind === 'answered' && result.well;
