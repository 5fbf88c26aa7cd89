import { parseDecimal } from './decimal.ts';

export const SECOND_MS = 1000;
export const MINUTE_MS: number = 60 * SECOND_MS;
export const HOUR_MS: number = 60 * MINUTE_MS;
export const DAY_MS: number = 24 * HOUR_MS;

/** More digits than these say nothing, and their value would be no finite number any more. */
const MAX_DIGITS = 15;
const MAX_PARTS = 8;

/** A Go duration (`6m0s`, `17ms`, `1h2m3.5s`, also days and `0`) in milliseconds, negative ones included; else null. */
export function parseGoDuration(text: string | undefined): number | null {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '0') return 0;
  const negative = trimmed.startsWith('-');
  const unsigned = negative || trimmed.startsWith('+') ? trimmed.slice(1) : trimmed;
  const read = readGoDuration(unsigned);
  if (read === null || read.length !== unsigned.length) return null;
  return negative && read.ms !== 0 ? -read.ms : read.ms;
}

/**
 * The Go duration a text begins with, and how many characters it takes; null when it begins with none. Written by hand: it reads two
 * or three headers of every response.
 */
export function readGoDuration(
  text: string,
): { readonly ms: number; readonly length: number } | null {
  let ms = 0;
  let length = 0;
  for (let part = 0; part < MAX_PARTS; part += 1) {
    const unitAt = skipDecimal(text, length);
    const unit = unitAt === length ? 0 : unitLength(text, unitAt);
    if (unit === 0) break;
    ms += Number(text.slice(length, unitAt)) * unitMs(text, unitAt, unit);
    length = unitAt + unit;
  }
  // a sum of binary fractions: a nanosecond is as fine as anybody says it
  return length === 0 ? null : { ms: Math.round(ms * 1e6) / 1e6, length };
}

/** Where the decimal number that starts here ends; the start itself when there is none that makes sense. */
function skipDecimal(text: string, start: number): number {
  const pointAt = skipDigits(text, start);
  if (pointAt === start || pointAt - start > MAX_DIGITS) return start;
  if (text.charCodeAt(pointAt) !== 0x2e) return pointAt;
  const end = skipDigits(text, pointAt + 1);
  return end - pointAt - 1 > MAX_DIGITS ? start : end;
}

function skipDigits(text: string, start: number): number {
  let at = start;
  // one more than allowed is enough to know
  for (const last = start + MAX_DIGITS; at <= last; at += 1) {
    const code = text.charCodeAt(at);
    if (!(code >= 0x30 && code <= 0x39)) break;
  }
  return at;
}

/** Characters of the unit here: `ns`, `us`, `ms` two, `s`, `m`, `h`, `d` one, anything else none. */
function unitLength(text: string, at: number): number {
  const unit = text.charAt(at);
  if ('numµμ'.includes(unit) && unit !== '' && text.charAt(at + 1) === 's') return 2;
  return unit !== '' && 'smhd'.includes(unit) ? 1 : 0;
}

function unitMs(text: string, at: number, length: number): number {
  switch (text.charAt(at)) {
    case 'n':
      return 1e-6;
    case 's':
      return SECOND_MS;
    case 'm':
      return length === 2 ? 1 : MINUTE_MS;
    case 'h':
      return HOUR_MS;
    case 'd':
      return DAY_MS;
    default:
      return 1e-3;
  }
}

/** Integer or float seconds (`20`, `0.5`) in milliseconds; null where the text is no finite number. */
export function parseSeconds(text: string | undefined): number | null {
  return finite(scaled(parseDecimal(text), SECOND_MS));
}

/** Milliseconds (`1200`, `0.5`); null where the text is no finite number. */
export function parseMilliseconds(text: string | undefined): number | null {
  return finite(parseDecimal(text));
}

/** A protobuf duration in JSON (`22s`, `3.5s`, `-1s`) in milliseconds; else null. */
export function parseProtobufDuration(text: string | undefined): number | null {
  const trimmed = text?.trim() ?? '';
  return trimmed.endsWith('s') ? parseSeconds(trimmed.slice(0, -1)) : null;
}

/** A duration for people, two units at most, rounded up so that a countdown never ends early: `450ms`, `2m 14s`, `3h 5m`. */
export function formatDuration(ms: number): string {
  if (Number.isNaN(ms)) return 'unknown';
  if (ms === Infinity) return 'forever';
  if (ms <= 0) return '0s';
  if (ms < SECOND_MS) return ms > 999 ? '1s' : `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / SECOND_MS);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return pair(Math.floor(seconds / 60), 'm', seconds % 60, 's');
  const minutes = Math.ceil(ms / MINUTE_MS);
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'm');
  const hours = Math.ceil(ms / HOUR_MS);
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit} ${small}${smallUnit}`;
}

function scaled(value: number | null, factor: number): number | null {
  return value === null ? null : Math.round(value * factor * 1e6) / 1e6;
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
