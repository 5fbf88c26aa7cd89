import type { ErrorCode } from '@keywell/core/errors/catalogue';
import { giveUp } from '@keywell/core/keys/decide';
import type { Verdict, VerdictClass } from '@keywell/core/keys/verdict';
import type { Exchange } from '../pipeline/exchange.ts';

interface Judged {
  readonly verdict: Verdict;
  readonly status: number;
}

const FAILED: ReadonlySet<VerdictClass> = new Set<VerdictClass>(['transient', 'unknown']);
/** What is made is there twice when it is made again, and a proxy says "too busy" of what the provider goes on with. */
const FAILED_TO_MAKE: ReadonlySet<VerdictClass> = new Set([
  ...FAILED,
  'provider_overloaded' as const,
]);

/**
 * Whether a call that must not be carried out twice may have been: what is passed through and changes something, an upload, a new batch.
 * It is then not sent again. Refusals, and what never left or was never taken, are no such case.
 */
export function mayHaveRun({ asks }: Pick<Exchange, 'asks'>, { verdict, status }: Judged): boolean {
  if (asks === null || asks.repeatable) return false;
  const makes = asks.kind === 'object';
  // Deleting or cancelling again does no harm.
  if (makes && asks.object !== null) return false;
  // A redirect is what many servers answer once they have done it.
  if (status >= 200 && status < 400) return true;
  if (verdict.class === 'ambiguous_accept') return true;
  return status >= 500 && (makes ? FAILED_TO_MAKE : FAILED).has(verdict.class);
}

/** Whether a call that was carried out twice would leave something twice. */
export const leavesSomething = ({ facts, asks }: Pick<Exchange, 'facts' | 'asks'>): boolean =>
  facts?.stored === true || asks?.repeatable === false;

/** What the caller hears then: what happened, and never that it may try again. */
export function mayHaveRunCode({ verdict, status }: Judged): ErrorCode {
  return giveUp(FAILED_TO_MAKE.has(verdict.class) ? 'transient' : verdict.class, status).code;
}
