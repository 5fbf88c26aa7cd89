/**
 * Where vendors' calendar days and months begin. Civil time is read from the language's own time-zone data, so daylight saving is
 * right for every year; whoever asks, asks after a refusal, never on the way of a request that is served.
 */
export type CalendarZone = 'America/Los_Angeles' | 'UTC';

interface CivilTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** Made at first use: building one costs a hundred times more than using it. */
const formatters = new Map<CalendarZone, Intl.DateTimeFormat>();

/** The next midnight in a zone, strictly after `now`; epoch milliseconds. */
export function nextMidnight(now: number, zone: CalendarZone): number {
  const civil = civilTime(now, zone);
  return startOfDay({ year: civil.year, month: civil.month, day: civil.day + 1 }, zone);
}

/** The first instant of the next month in a zone; epoch milliseconds. */
export function nextMonth(now: number, zone: CalendarZone): number {
  const civil = civilTime(now, zone);
  return startOfDay({ year: civil.year, month: civil.month + 1, day: 1 }, zone);
}

/** Midnight of a civil day; days and months beyond their range roll over. */
function startOfDay(day: Pick<CivilTime, 'year' | 'month' | 'day'>, zone: CalendarZone): number {
  const asUtc = Date.UTC(day.year, day.month - 1, day.day);
  const guess = asUtc - offsetMs(asUtc, zone);
  // the clock may have been put forward or back between the guess and the midnight that is meant
  return asUtc - offsetMs(guess, zone);
}

/** How far civil time is ahead of UTC at an instant. */
function offsetMs(at: number, zone: CalendarZone): number {
  if (zone === 'UTC') return 0;
  const civil = civilTime(at, zone);
  const asUtc = Date.UTC(
    civil.year,
    civil.month - 1,
    civil.day,
    civil.hour,
    civil.minute,
    civil.second,
  );
  return asUtc - Math.floor(at / 1000) * 1000;
}

function civilTime(at: number, zone: CalendarZone): CivilTime {
  const found: Record<string, number> = {};
  for (const { type, value } of formatterOf(zone).formatToParts(at)) found[type] = Number(value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = found;
  return { year, month, day, hour, minute, second };
}

function formatterOf(zone: CalendarZone): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
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
  formatters.set(zone, formatter);
  return formatter;
}
