const HOUR = 3_600_000;
const DAY_HOURS = 24;
const WEEK_HOURS = 168;
/** Epoch hour 0 was a Thursday; slots begin with Monday, 00:00 UTC. */
const FIRST_SLOT = 3 * DAY_HOURS;
/** How much the newest week counts against all before it. */
const NEWEST_SHARE = 0.5;
/** Weeks in which an hour of the week, and days in which an hour of the day, must have been seen before it is believed. */
const LEAST_WEEKS = 2;
const LEAST_DAYS = 3;

/** What was consumed in one hour of the clock. */
export interface HourOfUse {
  /** Epoch milliseconds of its beginning. */
  readonly hourAt: number;
  readonly amount: number;
  /** How much of the hour was watched, milliseconds. */
  readonly watchedMs: number;
}

/** The usual consumption by hour of the week; where weeks are missing by hour of the day; UTC. */
export class Season {
  readonly #week = Array.from({ length: WEEK_HOURS }, () => ({ perMs: 0, seen: 0 }));
  readonly #day = Array.from({ length: DAY_HOURS }, () => ({ perMs: 0, seen: 0 }));

  /** Notes an hour, oldest first. Hours of which less than half was watched say nothing. */
  note({ hourAt, amount, watchedMs }: HourOfUse): void {
    if (watchedMs < HOUR / 2) return;
    const slot = slotOf(hourAt);
    for (const cell of [this.#week[slot], this.#day[slot % DAY_HOURS]]) {
      if (cell === undefined) continue;
      const perMs = amount / watchedMs;
      cell.perMs = cell.seen === 0 ? perMs : cell.perMs + (perMs - cell.perMs) * NEWEST_SHARE;
      cell.seen += 1;
    }
  }

  /** The usual rate per millisecond at an instant of the wall clock; null while there is no history for it. */
  usual(wallAt: number): number | null {
    const slot = slotOf(wallAt);
    const week = this.#week[slot];
    if (week !== undefined && week.seen >= LEAST_WEEKS) return week.perMs;
    const day = this.#day[slot % DAY_HOURS];
    return day !== undefined && day.seen >= LEAST_DAYS ? day.perMs : null;
  }
}

function slotOf(wallAt: number): number {
  return (((Math.floor(wallAt / HOUR) + FIRST_SLOT) % WEEK_HOURS) + WEEK_HOURS) % WEEK_HOURS;
}

/** How long today's deviation from what is usual is expected to last: half of it is gone after an hour. */
const DEVIATION_HALF_LIFE_MS = HOUR;

/** A rate that is expected over time, constant between the instants at which it changes. */
export interface ExpectedBurn {
  /** Per millisecond, so many milliseconds from now. */
  at(inMs: number): number;
  /** When it changes next, milliseconds from now, beyond `inMs`. */
  changesAt(inMs: number): number;
  readonly seasonal: boolean;
}

/**
 * What is expected from now on: the usual rate of each hour, plus today's deviation from it, which fades. Without history the present
 * rate goes on.
 */
export function expectedBurn(perMsNow: number, season: Season, wallNow: number): ExpectedBurn {
  const usualNow = season.usual(wallNow);
  if (usualNow === null) {
    return { at: () => perMsNow, changesAt: () => Infinity, seasonal: false };
  }
  const deviation = perMsNow - usualNow;
  return {
    at: (inMs) => {
      const usual = season.usual(wallNow + inMs) ?? usualNow;
      return Math.max(0, usual + deviation * 2 ** (-inMs / DEVIATION_HALF_LIFE_MS));
    },
    changesAt: (inMs) => (Math.floor((wallNow + inMs) / HOUR) + 1) * HOUR - wallNow,
    seasonal: true,
  };
}
