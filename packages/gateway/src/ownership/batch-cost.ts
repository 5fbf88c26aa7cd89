import type { TokenUsage } from '@keywell/core/log/request-record';

/** What a batch that has ended used and cost. */
export interface BatchCost {
  /** Null where the provider does not tell it. */
  readonly usage: TokenUsage | null;
  /** USD micros; null where it is not known. */
  readonly micros: number | null;
  readonly estimated: boolean;
}
