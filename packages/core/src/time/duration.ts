import { parseDecimal } from './decimal.ts';

export const SECOND_MS = 1000;
export const MINUTE_MS: number = 60 * SECOND_MS;
export const HOUR_MS: number = 60 * MINUTE_MS;
export const DAY_MS: number = 24 * HOUR_MS;

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['μs', 1e-3],
  ['ms', 1],
  ['s', SECOND_MS],
  ['m', MINUTE_MS],
  ['h', HOUR_MS],
  ['d', DAY_MS],
]);

/** Parts of one duration, a sane number of digits each: `1h2m3.5s`, `17ms`. The text must begin with it. */
const GO_PARTS = /^(?:\d{1,15}(?:\.\d{0,15})?(?:ns|us|µs|μs|ms|s|m|h|d)){1,8}/;
const GO_PART = /(\d{1,15}(?:\.\d{0,15})?)(ns|us|µs|μs|ms|s|m|h|d)/g;

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

/** The Go duration a text begins with, and how many characters it takes; null when it begins with none. */
export function readGoDuration(
  text: string,
): { readonly ms: number; readonly length: number } | null {
  const parts = GO_PARTS.exec(text)?.[0];
  if (parts === undefined) return null;
  let ms = 0;
  for (const [, amount, unit] of parts.matchAll(GO_PART)) {
    ms += Number(amount) * (UNIT_MS.get(unit ?? '') ?? 0);
  }
  // a sum of binary fractions: a nanosecond is as fine as anybody says it
  return { ms: Math.round(ms * 1e6) / 1e6, length: parts.length };
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
