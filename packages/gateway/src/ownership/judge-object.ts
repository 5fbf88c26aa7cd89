import type { Failure } from '@keywell/core/keys/outcome';
import type { Verdict, VerdictClass } from '@keywell/core/keys/verdict';

/** What a provider says of an object, or of a request about it, and not of the key or the model. */
const ABOUT_OBJECT: ReadonlySet<number> = new Set([400, 404, 405, 409, 410, 413, 415, 422]);
/** Classes that a refusal has for its words, which then say more than its status. */
const ABOUT_KEY: ReadonlySet<VerdictClass> = new Set<VerdictClass>([
  'funds_exhausted',
  'window_exhausted_long',
  'window_exhausted_short',
  'concurrency',
  'slow_down',
  'credential_expired',
  'credential_dead',
  'region_blocked',
]);

/** Ways to fail in which all of a request may have arrived: asking again does no harm, making again makes two. */
const MAY_HAVE_MADE: ReadonlySet<Failure | null> = new Set<Failure>(['reset_reused', 'truncated']);

/** What became of an attempt, beside its verdict. */
interface Ending {
  readonly status: number;
  readonly failure: Failure | null;
  /** Whether it was to make something, of which there had been nothing. */
  readonly makes: boolean;
}

/** Tables of failures are about models: there is no such file, and the model is as good as ever. */
export function ofObject(verdict: Verdict, { status, failure, makes }: Ending): Verdict {
  if (makes && MAY_HAVE_MADE.has(failure)) return { ...verdict, class: 'ambiguous_accept' };
  return ofAsked(verdict, status, 'what is kept');
}

/** The same of whatever else is asked for that is no model. */
export function ofAsked(verdict: Verdict, status: number, what: string): Verdict {
  if (!ABOUT_OBJECT.has(status) || ABOUT_KEY.has(verdict.class)) return verdict;
  return {
    class: 'caller_fault',
    scope: 'none',
    dimension: 'unknown',
    authoritative: false,
    evidence: `status=${status} of ${what}`,
  };
}
