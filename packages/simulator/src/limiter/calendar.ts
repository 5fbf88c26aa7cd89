/** Days and months as a calendar on some wall has them: what vendors mean by "per day" when a day begins at midnight somewhere. */

export type CalendarUnit = 'day' | 'month';

const HOUR = 3_600_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Throws a RangeError when there is no such time zone. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  return format;
}

export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** What the wall clock of a zone shows, as if it were UTC, to the second. */
function shownAt(at: number, timeZone: string): number {
  const shown = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  for (const { type, value } of formatOf(timeZone).formatToParts(at)) {
    if (type in shown) Object.assign(shown, { [type]: Number(value) });
  }
  return Date.UTC(shown.year, shown.month - 1, shown.day, shown.hour, shown.minute, shown.second);
}

const offsetAt = (at: number, timeZone: string): number =>
  shownAt(at, timeZone) - Math.floor(at / 1000) * 1000;

/**
 * The instant at which the calendar day or month that holds `at` ends in a time zone. Where a change to or from summer time falls on
 * midnight, the new day begins when the wall clock first shows it.
 */
export function calendarEnd(at: number, unit: CalendarUnit, timeZone: string): number {
  const shown = new Date(shownAt(at, timeZone));
  const day = unit === 'day' ? shown.getUTCDate() + 1 : 1;
  const month = unit === 'day' ? shown.getUTCMonth() : shown.getUTCMonth() + 1;
  const midnight = Date.UTC(shown.getUTCFullYear(), month, day);
  // the offset before and after a change that may lie around that midnight
  const before = midnight - offsetAt(midnight - offsetAt(at, timeZone) - 3 * HOUR, timeZone);
  const after = midnight - offsetAt(midnight - offsetAt(at, timeZone) + 3 * HOUR, timeZone);
  const first = Math.min(before, after);
  return shownAt(first, timeZone) >= midnight ? first : Math.max(before, after);
}
