import type { Dimension } from '@keywell/core/keys/verdict';

/**
 * The sentence OpenAI writes when a limit refuses, which Groq and others took over word for word:
 * `Rate limit reached for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. …`
 * Bounded runs without blanks only, so it is linear, and it is only tried on the beginning of a message.
 */
const WHERE =
  'for (?:model )?\\S{1,200}(?: \\(for limit \\S{1,200}\\))?' +
  '(?: in (?:organization|project) \\S{1,200}){0,2}(?: service tier \\S{1,64})?';

/** A refusal by a limit of any window. */
export const RATE_LIMIT_REACHED: RegExp = new RegExp(`^Rate limit reached ${WHERE} on `, 'i');
/** A refusal by a limit that counts per day. */
export const DAILY_LIMIT_REACHED: RegExp = new RegExp(
  `^Rate limit reached ${WHERE} on [a-z_ ]{1,40} per day\\b`,
  'i',
);
/** More in one request than the limit ever allows. */
export const REQUEST_TOO_LARGE: RegExp = new RegExp(`^Request too large ${WHERE} on `, 'i');

const SENTENCE = new RegExp(
  `^(?:Rate limit reached|Request too large) ${WHERE}` +
    ' on ([a-z_ ]{1,40}) per (min|minute|hour|day|month)\\b[^:.]{0,40}[:.] ?([^\\n]{0,200})',
  'i',
);
const LIMIT = /^Limit:? (\d{1,15})/i;
const USED = /Used:? (\d{1,15})/i;
const REQUESTED = /Requested ~?(\d{1,15})/i;

/** What the sentence says in numbers. */
export interface Wording {
  readonly dimension: Dimension;
  readonly limit: number | null;
  readonly used: number | null;
  readonly requested: number | null;
}

/** Reads dimension and numbers out of the limit sentence; null when the message is another one. */
export function readWording(message: string): Wording | null {
  const match = SENTENCE.exec(message);
  if (match === null) return null;
  const [, what, per, rest] = match;
  const numbers = rest ?? '';
  return {
    dimension: dimensionOf((what ?? '').toLowerCase(), (per ?? '').toLowerCase()),
    limit: numberIn(LIMIT, numbers),
    used: numberIn(USED, numbers),
    requested: numberIn(REQUESTED, numbers),
  };
}

function dimensionOf(what: string, per: string): Dimension {
  const minute = per.startsWith('min');
  if (!minute && per !== 'day') return 'unknown';
  switch (what) {
    case 'requests':
      return minute ? 'requests_minute' : 'requests_day';
    case 'input tokens':
      return minute ? 'input_tokens_minute' : 'tokens_day';
    case 'output tokens':
      return minute ? 'output_tokens_minute' : 'tokens_day';
    default:
      // `tokens_usage_based` and the like
      if (!what.startsWith('tokens')) return 'unknown';
      return minute ? 'tokens_minute' : 'tokens_day';
  }
}

function numberIn(pattern: RegExp, text: string): number | null {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}
