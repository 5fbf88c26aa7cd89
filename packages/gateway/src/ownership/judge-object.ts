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

/** Tables of failures are about models: there is no such file, and the model is as good as ever. */
export function ofObject(verdict: Verdict, status: number, what = 'what is kept'): Verdict {
  if (!ABOUT_OBJECT.has(status) || ABOUT_KEY.has(verdict.class)) return verdict;
  return {
    class: 'caller_fault',
    scope: 'none',
    dimension: 'unknown',
    authoritative: false,
    evidence: `status=${status} of ${what}`,
  };
}
