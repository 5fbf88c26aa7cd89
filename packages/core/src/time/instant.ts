import { parseDecimal } from './decimal.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './duration.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const IMF_FIXDATE =
  /^[a-z]{3,9},? +(\d{1,2})[ -]([a-z]{3})[a-z]{0,6}[ -](\d{2,4}) +(\d\d):(\d\d):(\d\d) +(?:gmt|utc|z|\+0000)$/;
const ASCTIME = /^[a-z]{3,9} +([a-z]{3}) +(\d{1,2}) +(\d\d):(\d\d):(\d\d) +(\d{4})$/;
const RFC_3339 =
  /^(\d{4})-(\d\d)-(\d\d)[t ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,12})?)?(z|[+-]\d\d:?\d\d)$/;

/** Longest text that any of these forms can have. */
const MAX_LENGTH = 64;

/**
 * An HTTP-date (RFC 9110 section 5.6.7: IMF-fixdate, RFC 850, asctime) as epoch milliseconds; else null. Two-digit years from 70 on
 * are of the last century.
 */
export function parseHttpDate(text: string | undefined): number | null {
  const trimmed = shortened(text);
  const fixed = IMF_FIXDATE.exec(trimmed);
  if (fixed !== null) {
    const [, day, month, year, hour, minute, second] = fixed;
    return instantOf({
      year: fullYear(year ?? ''),
      month: monthOf(month),
      day,
      hour,
      minute,
      second,
    });
  }
  const plain = ASCTIME.exec(trimmed);
  if (plain === null) return null;
  const [, month, day, hour, minute, second, year] = plain;
  return instantOf({ year: Number(year), month: monthOf(month), day, hour, minute, second });
}

/** An RFC 3339 instant (`2026-09-01T00:00:00Z`, fractions and offsets, a blank for the T, seconds left out) as epoch milliseconds. */
export function parseRfc3339(text: string | undefined): number | null {
  const match = RFC_3339.exec(shortened(text));
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const at = instantOf({
    year: Number(year),
    month: Number(month),
    day,
    hour,
    minute,
    second: second ?? '0',
  });
  const offset = offsetMs(zone ?? '');
  if (at === null || offset === null) return null;
  return at + Math.floor(Number(fraction ?? '0') * SECOND_MS) - offset;
}

/** Epoch seconds, or epoch milliseconds from 1e12 on, as epoch milliseconds; null for negative, infinite or no number. */
export function parseEpoch(text: string | undefined): number | null {
  const value = parseDecimal(text);
  if (value === null || value < 0 || !Number.isFinite(value)) return null;
  const ms = value >= 1e12 ? value : value * SECOND_MS;
  return Math.round(ms);
}

interface Fields {
  readonly year: number;
  /** 1 to 12, 0 when unknown. */
  readonly month: number;
  readonly day: string | undefined;
  readonly hour: string | undefined;
  readonly minute: string | undefined;
  readonly second: string | undefined;
}

function instantOf(fields: Fields): number | null {
  const day = Number(fields.day);
  const hour = Number(fields.hour);
  const minute = Number(fields.minute);
  const second = Number(fields.second);
  // 60 is a leap second, which our clock does not have: the next instant
  if (fields.month < 1 || fields.month > 12 || hour > 23 || minute > 59 || second > 60) return null;
  if (day < 1 || day > daysIn(fields.year, fields.month)) return null;
  const days = daysFromEpoch(fields.year, fields.month, day);
  return days * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS;
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/**
 * Days from 1970-01-01 in the Gregorian calendar, counted from the first of March so that the leap day is a year's last. Arithmetic
 * and no `Date`: several headers of every response are read with it.
 */
function daysFromEpoch(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1;
  const leapDays = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return shifted * 365 + leapDays + dayOfYear - 719_468;
}

function offsetMs(zone: string): number | null {
  if (zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  const offset = hours * HOUR_MS + minutes * MINUTE_MS;
  if (minutes > 59 || offset >= DAY_MS) return null;
  return zone.startsWith('-') ? -offset : offset;
}

function shortened(text: string | undefined): string {
  if (text === undefined || text.length > 4 * MAX_LENGTH) return '';
  const trimmed = text.trim();
  return trimmed.length > MAX_LENGTH ? '' : trimmed.toLowerCase();
}

function monthOf(name: string | undefined): number {
  return MONTHS.indexOf(name ?? '') + 1;
}

function fullYear(year: string): number {
  const value = Number(year);
  if (year.length > 2) return value;
  return value < 70 ? 2000 + value : 1900 + value;
}
