import type { LimitObservation } from '@keywell/core/keys/limit-observation';
import type { Failure, Outcome } from '@keywell/core/keys/outcome';
import { SUCCESS } from '@keywell/core/keys/verdict';
import type { Dimension, Verdict, VerdictClass } from '@keywell/core/keys/verdict';
import { HOUR_MS } from '@keywell/core/time/duration';
import { readEnds } from './ends.ts';
import { readErrorBody } from './error-body.ts';
import type { ErrorBody } from './error-body.ts';
import type { FailureRule, RuleVerdict } from './failure-rule.ts';
import { exhaustedOf, matchesRule } from './match-rule.ts';
import type { Seen } from './match-rule.ts';
import { exceedsLimit, numbersIn, numbersOf } from './refusal-numbers.ts';
import { requestFaultOf } from './request-fault.ts';
import { readWording } from './wording.ts';
import type { Wording } from './wording.ts';

/** A limit that counts per minute and ends later than this is really a longer one. */
const LONG_AFTER_MS = HOUR_MS;

/** Classes whose end decides whether they are a short matter. */
const SHORT_CLASSES: ReadonlySet<VerdictClass> = new Set<VerdictClass>([
  'window_exhausted_short',
  'concurrency',
  'slow_down',
]);

const RESEND: Pick<Verdict, 'class' | 'scope'> = { class: 'transient', scope: 'endpoint' };
const NOT_REACHED: Pick<Verdict, 'class' | 'scope' | 'counts' | 'unreached'> = {
  ...RESEND,
  counts: true,
  unreached: true,
};
const MAYBE_SERVED: Pick<Verdict, 'class' | 'scope'> = {
  class: 'ambiguous_accept',
  scope: 'endpoint',
};
const NO_MARK: Pick<Verdict, 'class' | 'scope'> = { class: 'unknown', scope: 'none' };

/** Attempts that ended without a usable answer. */
const WITHOUT_RESPONSE: Readonly<Record<Failure, Pick<Verdict, 'class' | 'scope'>>> = Object.freeze(
  {
    connect: NOT_REACHED,
    reset_reused: RESEND,
    reset_sending: RESEND,
    reset_after_sent: MAYBE_SERVED,
    first_byte_timeout: MAYBE_SERVED,
    truncated: RESEND,
    redirect: NO_MARK,
    invalid: NO_MARK,
  },
);

/**
 * Judges one attempt by a failure table: the first row that fits decides. Total. A 2xx whose body holds no error is a success; the
 * caller need not ask for those.
 */
export function classifyBy(
  rules: readonly FailureRule[],
  readLimits: (header: Outcome['header']) => readonly LimitObservation[],
  outcome: Outcome,
): Verdict {
  // an error status tells more than the way in which its body ended
  if (outcome.failure !== null && !(outcome.status >= 400 && hasHead(outcome.failure))) {
    return verdictOfFailure(outcome.failure, outcome.status);
  }
  const error = readErrorBody(outcome.body);
  const status = effectiveStatus(outcome.status, error);
  if (status >= 200 && status < 300 && !error.isError) {
    return error.malformed ? unknownVerdict(outcome.status, error) : SUCCESS;
  }
  const seen: Seen = { outcome, status, error, limits: readLimits(outcome.header) };
  const rule = rules.find((candidate) => matchesRule(candidate, seen));
  return rule === undefined ? unknownVerdict(outcome.status, error) : verdictOf(rule, seen);
}

function hasHead(failure: Failure): boolean {
  return failure === 'truncated' || failure === 'invalid';
}

function verdictOfFailure(failure: Failure, status: number): Verdict {
  return {
    ...WITHOUT_RESPONSE[failure],
    dimension: 'unknown',
    authoritative: false,
    evidence: status === 0 ? `failure=${failure}` : `failure=${failure} status=${status}`,
  };
}

function unknownVerdict(status: number, error: ErrorBody): Verdict {
  const success = status >= 200 && status < 300;
  return {
    ...NO_MARK,
    dimension: 'unknown',
    authoritative: false,
    evidence: `status=${status} body=${success && error.malformed ? 'malformed' : error.shape}`,
    ...silenceIn('unknown', error),
  };
}

/** Whether a caller can be shown why it was refused, where nobody knows whose matter it is. */
function silenceIn(of: VerdictClass, { message }: ErrorBody): Pick<Verdict, 'unexplained'> {
  return of === 'unknown' && message === '' ? { unexplained: true } : {};
}

/** Gateways in front of a provider put its status into the body of a 200: `{"error":{"code":429,…}}`. */
function effectiveStatus(status: number, error: ErrorBody): number {
  if (status < 200 || status >= 300 || !error.isError) return status;
  return /^[45]\d\d$/.test(error.code) ? Number(error.code) : status;
}

function verdictOf(rule: FailureRule, seen: Seen): Verdict {
  const wording = readWording(seen.error.message);
  const dimension = rule.verdict.dimension ?? dimensionOf(rule.verdict, wording, seen);
  const numbers = wording ?? numbersOf(rule, seen.error);
  const ends = readEnds(rule.verdict, { ...seen, dimension, requested: numbers.requested });
  const limited = rule.verdict.class.startsWith('window_') && exceedsLimit(numbers);
  const tooLarge = limited || rule.verdict.class === 'too_large_for_limit';
  const { scope, level, probe } = rule.verdict;
  const base: Verdict = {
    class: tooLarge ? 'too_large_for_limit' : longer(rule.verdict.class, ends.ms),
    scope,
    dimension,
    authoritative: ends.authoritative && !tooLarge,
    evidence: evidenceOf(rule, seen, tooLarge ? '' : ends.from),
    ...(level === undefined ? {} : { level }),
    ...(probe === undefined ? {} : { probe }),
    ...numbersIn(numbers),
    ...(ends.implausible ? { implausible: true } : {}),
    ...faultIn(rule, seen),
    ...silenceIn(rule.verdict.class, seen.error),
  };
  return ends.ms === null || tooLarge ? base : { ...base, endsInMs: ends.ms };
}

/** Whose fault a refusal is that another model might not make. */
function faultIn(rule: FailureRule, { error }: Seen): Pick<Verdict, 'fault'> {
  const fault = rule.verdict.class === 'caller_fault' ? requestFaultOf(error) : undefined;
  return fault === undefined ? {} : { fault };
}

function longer(cls: VerdictClass, ms: number | null): VerdictClass {
  return ms !== null && ms > LONG_AFTER_MS && SHORT_CLASSES.has(cls)
    ? 'window_exhausted_long'
    : cls;
}

function dimensionOf(verdict: RuleVerdict, wording: Wording | null, seen: Seen): Dimension {
  if (wording !== null) return wording.dimension;
  if (verdict.class === 'funds_exhausted') return 'spend';
  if (verdict.class === 'concurrency') return 'concurrency';
  if (!verdict.class.startsWith('window_')) return 'unknown';
  if (seen.error.type === 'requests') return 'requests_minute';
  if (seen.error.type === 'tokens') return 'tokens_minute';
  return exhaustedOf(seen.limits)?.dimension ?? 'unknown';
}

/** Only what the table knows goes into the evidence, never text of the response. */
function evidenceOf(rule: FailureRule, seen: Seen, from: string): string {
  const { error } = seen;
  const parts = [`status=${seen.outcome.status}`];
  if (seen.status !== seen.outcome.status) parts.push(`body.code=${seen.status}`);
  const names = [...(rule.code ?? []), ...(rule.codeOrType ?? [])];
  if (names.includes(error.code)) parts.push(`body.code=${error.code}`);
  const types = [...(rule.type ?? []), ...(rule.codeOrType ?? [])];
  if (types.includes(error.type) && error.type !== error.code)
    parts.push(`body.type=${error.type}`);
  if (rule.message !== undefined) parts.push(`body.message~${rule.name}`);
  if (rule.field !== undefined) parts.push(`body.${fieldName(rule.field.at)}~${rule.name}`);
  if (rule.header !== undefined) parts.push(`${rule.header.name}~${rule.name}`);
  if (rule.exhaustedHeader === true) parts.push('x-ratelimit-remaining=0');
  if (error.shape === 'html') parts.push('body=html');
  if (from !== '') parts.push(`ends=${from}`);
  return parts.join(' ');
}

function fieldName(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
