import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import type { Outcome } from '@keywell/core/keys/outcome';
import type { ErrorBody } from './error-body.ts';
import type { FailureRule, FieldMatch, HeaderMatch, StatusMatch } from './failure-rule.ts';

/** What the classifier looks at. */
export interface Seen {
  readonly outcome: Outcome;
  /** The provider's status, or the one its body names inside a 200. */
  readonly status: number;
  readonly error: ErrorBody;
  readonly limits: readonly LimitObservation[];
}

/** As much of a message as patterns are tried on: they are anchored, and what a provider says of itself stands at the beginning. */
export const MAX_MESSAGE = 2048;

/** Whether every condition of a row holds. */
export function matchesRule(rule: FailureRule, seen: Seen): boolean {
  return (
    hasStatus(rule, seen.status) &&
    hasNames(rule, seen.error) &&
    (rule.shape === undefined || rule.shape.includes(seen.error.shape)) &&
    (rule.field === undefined || hasField(rule.field, seen.error)) &&
    (rule.header === undefined || hasHeader(rule.header, seen.outcome.header)) &&
    (rule.exhaustedHeader !== true || exhaustedOf(seen.limits) !== null) &&
    (rule.message === undefined || rule.message.test(seen.error.message.slice(0, MAX_MESSAGE)))
  );
}

/** The limit with nothing left, the one with the latest reset where there are several. */
export function exhaustedOf(limits: readonly LimitObservation[]): LimitObservation | null {
  let latest: LimitObservation | null = null;
  for (const limit of limits) {
    if (limit.remaining !== 0) continue;
    if (latest === null || (limit.resetInMs ?? 0) > (latest.resetInMs ?? 0)) latest = limit;
  }
  return latest;
}

function hasStatus({ status: wanted }: FailureRule, status: number): boolean {
  return wanted === undefined || wanted.some((match) => isStatus(match, status));
}

function isStatus(match: StatusMatch, status: number): boolean {
  return typeof match === 'number' ? match === status : status >= match[0] && status <= match[1];
}

function hasNames({ code, type, codeOrType }: FailureRule, error: ErrorBody): boolean {
  if (code !== undefined && !code.includes(error.code)) return false;
  if (type !== undefined && !type.includes(error.type)) return false;
  if (codeOrType === undefined) return true;
  return codeOrType.includes(error.code) || codeOrType.includes(error.type);
}

function hasField(field: FieldMatch, error: ErrorBody): boolean {
  return error.at(field.at).some((value) => fits(field, value));
}

function hasHeader(match: HeaderMatch, header: Outcome['header']): boolean {
  const value = header(match.name);
  return value !== undefined && fits(match, value.trim());
}

function fits(wanted: Pick<FieldMatch, 'is' | 'like'>, value: string): boolean {
  if (wanted.is !== undefined && !wanted.is.includes(value.toLowerCase())) return false;
  return wanted.like === undefined || wanted.like.test(value.slice(0, MAX_MESSAGE));
}
