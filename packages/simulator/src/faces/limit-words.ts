/** How limits are spoken of, and which of several a header means. */
import { remainingOf } from '../limiter/model-limiter.ts';
import type { LimitDimension, ModelLimit } from '../limiter/model-limiter.ts';

interface Words {
  readonly type: 'requests' | 'tokens';
  /** `input tokens per minute` */
  readonly text: string;
  /** `TPM` */
  readonly short: string;
}

const words = (type: Words['type'], text: string, short: string): Words => ({ type, text, short });

export const LIMIT_WORDS: Readonly<Record<LimitDimension, Words>> = {
  requests_second: words('requests', 'requests per second', 'RPS'),
  requests_minute: words('requests', 'requests per minute', 'RPM'),
  tokens_minute: words('tokens', 'tokens per minute', 'TPM'),
  input_tokens_minute: words('tokens', 'input tokens per minute', 'ITPM'),
  output_tokens_minute: words('tokens', 'output tokens per minute', 'OTPM'),
  requests_hour: words('requests', 'requests per hour', 'RPH'),
  requests_day: words('requests', 'requests per day', 'RPD'),
  tokens_day: words('tokens', 'tokens per day', 'TPD'),
  input_tokens_day: words('tokens', 'input tokens per day', 'ITPD'),
  requests_month: words('requests', 'requests per month', 'RPMo'),
  tokens_month: words('tokens', 'tokens per month', 'TPMo'),
  concurrency: words('requests', 'concurrent requests', 'concurrency'),
};

/** Of the limits that fit, the one with the least left. */
export function tightest(
  limits: readonly ModelLimit[],
  at: number,
  fits: (limit: ModelLimit) => boolean,
): ModelLimit | null {
  let chosen: ModelLimit | null = null;
  for (const limit of limits) {
    if (limit.counts === 'concurrency' || !fits(limit)) continue;
    if (chosen === null || remainingOf(limit, at) < remainingOf(chosen, at)) chosen = limit;
  }
  return chosen;
}

/** What a header says is left: whole, never below zero. */
export const toldRemaining = (limit: ModelLimit, at: number): number =>
  Math.max(0, Math.floor(remainingOf(limit, at) + 1e-6));

/** Whole seconds, never too early. */
export const wholeSeconds = (ms: number): string => String(Math.ceil(ms / 1000 - 1e-9));
