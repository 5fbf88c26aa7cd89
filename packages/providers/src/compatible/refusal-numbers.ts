import type { Verdict } from '@keywell/core/keys/verdict';
import type { ErrorBody } from './error-body.ts';
import type { FailureRule } from './failure-rule.ts';
import { MAX_MESSAGE } from './match-rule.ts';
import type { Wording } from './wording.ts';

/** Numbers in bodies are taken as given: nobody knows a limit better than who enforces it. */
export type RefusalNumbers = Pick<Wording, 'limit' | 'used' | 'requested'>;

/** What a row itself points at: named groups of its pattern, or a field, where only one limit is spoken of. */
export function numbersOf({ message, verdict }: FailureRule, error: ErrorBody): RefusalNumbers {
  const groups = message?.exec(error.message.slice(0, MAX_MESSAGE))?.groups ?? {};
  const values = verdict.limitField === undefined ? [] : error.at(verdict.limitField);
  // needs above what can be afforded were refused
  const affords = wholeNumber(groups['affords']);
  return {
    limit: wholeNumber(groups['limit']) ?? (values.length === 1 ? wholeNumber(values[0]) : null),
    used: wholeNumber(groups['used']),
    requested: affords === null ? wholeNumber(groups['requested']) : affords + 1,
  };
}

/** The numbers as a verdict carries them. */
export function numbersIn(
  numbers: RefusalNumbers,
): Pick<Verdict, 'refusedNeed' | 'limit' | 'used'> {
  const { requested, limit, used } = numbers;
  return {
    ...(requested === null ? {} : { refusedNeed: requested }),
    ...(limit === null ? {} : { limit }),
    ...(used === null ? {} : { used }),
  };
}

/** More was asked for than the limit holds: waiting never helps. */
export function exceedsLimit({ limit, requested }: RefusalNumbers): boolean {
  return limit !== null && requested !== null && requested > limit;
}

/** `30000` and `30,000`; null for everything else. */
function wholeNumber(text: string | undefined): number | null {
  const digits = text?.replaceAll(',', '') ?? '';
  return /^\d{1,15}$/.test(digits) ? Number(digits) : null;
}
