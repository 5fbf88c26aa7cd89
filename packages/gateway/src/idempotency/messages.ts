/** What workers and the main thread say to each other about calls that carry an `Idempotency-Key`. */

/** A whole answer as it can be given again. */
export interface KeptAnswer {
  readonly status: number;
  /** Flat names and values, without what belongs to the first call alone. */
  readonly headers: readonly string[];
  /** Shared, so that giving it again copies nothing on the main thread. */
  readonly body: SharedArrayBuffer;
  /** Id of the request that it answered. */
  readonly requestId: string;
}

/** How the call that held a claim ended. */
export type ClaimEnd =
  | { readonly kind: 'answer'; readonly answer: KeptAnswer }
  /** Nothing was carried out: the next one may try. */
  | { readonly kind: 'released' }
  /** It may have been carried out, and its answer cannot be given again. */
  | { readonly kind: 'unknown' };

export type ToLedger =
  | {
      readonly kind: 'claim';
      readonly id: number;
      /** Hash of consumer and key. */
      readonly key: string;
      /** Hash of operation and body. */
      readonly fingerprint: string;
      /** Whether the caller waits for the answer to a call that is under way. */
      readonly waits: boolean;
    }
  /** Waits no longer. */
  | { readonly kind: 'leave'; readonly id: number; readonly key: string }
  | {
      readonly kind: 'end';
      readonly key: string;
      readonly claim: number;
      readonly end: ClaimEnd;
    };

export type ClaimReply =
  /** Go on, and say how it ended. */
  | { readonly kind: 'yours'; readonly claim: number }
  | { readonly kind: 'replay'; readonly answer: KeptAnswer }
  | { readonly kind: 'mismatch' | 'unknown' | 'in_progress' }
  /** Another reply follows when the call that is under way has ended. */
  | { readonly kind: 'waiting' };

export interface FromLedger {
  readonly id: number;
  readonly reply: ClaimReply;
}
