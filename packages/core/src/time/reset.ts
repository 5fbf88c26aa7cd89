import { parseDecimal } from './decimal.ts';
import { SECOND_MS, parseGoDuration } from './duration.ts';
import { parseEpoch, parseHttpDate, parseRfc3339 } from './instant.ts';

/** From here on a bare number is an instant: as seconds it would be a wait of 31 years. */
const EPOCH_SECONDS_FROM = 1e9;

/**
 * A reset as rate-limit headers write it, in whichever form: Go duration (`6m0s`), seconds (`12.5`), epoch seconds or milliseconds,
 * RFC 3339, HTTP-date. Milliseconds from the response on, negative when it is past; null when it is unknown (`-1`) or unreadable.
 *
 * @param responseNow the provider's clock at the response, epoch milliseconds
 */
export function parseReset(text: string | undefined, responseNow: number): number | null {
  return parseResetBy(text, () => responseNow);
}

/** The same, asking for the provider's clock only where the reset is an instant; NaN where that clock is not known. */
export function parseResetBy(text: string | undefined, responseNow: () => number): number | null {
  if (text === undefined) return null;
  const value = parseDecimal(text);
  if (value !== null) {
    if (value < 0 || !Number.isFinite(value)) return null;
    if (value < EPOCH_SECONDS_FROM) return Math.round(value * SECOND_MS * 1e6) / 1e6;
    const at = parseEpoch(text);
    return at === null ? null : at - responseNow();
  }
  const wait = parseGoDuration(text);
  if (wait !== null) return wait;
  const at = parseRfc3339(text) ?? parseHttpDate(text);
  return at === null ? null : at - responseNow();
}
