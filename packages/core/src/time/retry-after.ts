import { parseDecimal } from './decimal.ts';
import { DAY_MS, SECOND_MS, parseGoDuration } from './duration.ts';
import { parseHttpDate, parseRfc3339 } from './instant.ts';

/** The longest wait that is believed: one calendar month and some days of grace. */
export const MAX_WAIT_MS: number = 35 * DAY_MS;

/** A wait that a response named. */
export interface WaitHint {
  /** From the response on, milliseconds: finite, between 0 and MAX_WAIT_MS. */
  readonly ms: number;
  /** True when it was negative, in the past, too far ahead or not readable, and `ms` is what is left after clamping. */
  readonly implausible: boolean;
  /** The header that named it. */
  readonly from: 'retry-after-ms' | 'x-ms-retry-after-ms' | 'retry-after';
}

type Header = (name: string) => string | undefined;

/**
 * How long a response asks to wait: `retry-after-ms`, else `retry-after` as seconds or HTTP-date (RFC 9110 section 10.2.3), or null
 * when neither is there. An instant counts from the response's own `date`, so a wrong local clock does no harm.
 *
 * @param wallNow the local clock, epoch milliseconds; used where the response has no readable `date`
 */
export function retryAfterMs(header: Header, wallNow: number): WaitHint | null {
  const hints = retryAfterHints(header, wallNow);
  // an unreadable retry-after-ms beside a good retry-after tells nothing
  return hints.find((hint) => !hint.implausible) ?? hints[0] ?? null;
}

/** In milliseconds: OpenAI's and Azure's names for the same thing. */
const PRECISE = ['retry-after-ms', 'x-ms-retry-after-ms'] as const;

/** Every wait the headers name, the precise ones first: hosts send several, one of them rounded. */
export function retryAfterHints(header: Header, wallNow: number): readonly WaitHint[] {
  const hints: WaitHint[] = [];
  for (const name of PRECISE) {
    const precise = header(name);
    if (precise !== undefined) hints.push(hintOf(parseDecimal(precise), name));
  }
  const plain = header('retry-after');
  if (plain !== undefined) hints.push(hintOf(waitOf(plain, header, wallNow), 'retry-after'));
  return hints;
}

/** Clamps a wait to what is believed. Null and NaN are not readable. */
export function clampWait(ms: number | null): {
  readonly ms: number;
  readonly implausible: boolean;
} {
  if (ms === null || Number.isNaN(ms) || ms < 0) return { ms: 0, implausible: true };
  if (ms > MAX_WAIT_MS) return { ms: MAX_WAIT_MS, implausible: true };
  return { ms, implausible: false };
}

/** The provider's clock at the response: its `date` header, else ours. Epoch milliseconds. */
export function responseNow(header: Header, wallNow: number): number {
  return parseHttpDate(header('date')) ?? wallNow;
}

function waitOf(text: string, header: Header, wallNow: number): number | null {
  const seconds = parseDecimal(text);
  if (seconds !== null) return seconds * SECOND_MS;
  const at = parseHttpDate(text) ?? parseRfc3339(text);
  if (at !== null) return at - responseNow(header, wallNow);
  return parseGoDuration(text);
}

function hintOf(ms: number | null, from: WaitHint['from']): WaitHint {
  return { ...clampWait(ms), from };
}
