import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, readGoDuration } from './duration.ts';
import { parseRfc3339 } from './instant.ts';

/** What providers write before a wait. The order is irrelevant: the longest wait that is named counts. */
const LEADS = ['try again in ', 'try again after ', 'retry after ', 'retry in '];

const WORD_MS: readonly (readonly [prefix: string, ms: number])[] = [
  ['milliseconds', 1],
  ['millisecond', 1],
  ['seconds', SECOND_MS],
  ['second', SECOND_MS],
  ['minutes', MINUTE_MS],
  ['minute', MINUTE_MS],
  ['hours', HOUR_MS],
  ['hour', HOUR_MS],
  ['days', DAY_MS],
  ['day', DAY_MS],
];

const AMOUNT_AND_BLANK = /^(\d{1,12}(?:\.\d{1,12})?) ?/;
const REGAIN = /regain access on (\d{4}-\d\d-\d\d)(?: at (\d\d:\d\d))?(?: utc)?/;

/**
 * The longest wait a message names (`try again in 7m12s`, `Please retry after 6 seconds`) in milliseconds, or null. Only for a
 * message that is already known to be the provider's own words.
 */
export function parseWaitPhrase(message: string): number | null {
  const text = message.toLowerCase();
  let longest: number | null = null;
  for (const lead of LEADS) {
    for (let at = text.indexOf(lead); at >= 0; at = text.indexOf(lead, at + lead.length)) {
      const ms = readWait(text.slice(at + lead.length, at + lead.length + 64));
      if (ms !== null && (longest === null || ms > longest)) longest = ms;
    }
  }
  return longest;
}

/** The instant of `regain access on 2026-09-01 at 00:00 UTC` as epoch milliseconds (midnight when no time is named), or null. */
export function parseRegainAccess(message: string): number | null {
  const match = REGAIN.exec(message.toLowerCase());
  return match === null ? null : parseRfc3339(`${match[1] ?? ''}T${match[2] ?? '00:00'}Z`);
}

function readWait(text: string): number | null {
  const amount = AMOUNT_AND_BLANK.exec(text);
  if (amount !== null) {
    const rest = text.slice(amount[0].length);
    const word = WORD_MS.find(([name]) => rest.startsWith(name));
    if (word !== undefined) return Number(amount[1]) * word[1];
  }
  return readGoDuration(text)?.ms ?? null;
}
