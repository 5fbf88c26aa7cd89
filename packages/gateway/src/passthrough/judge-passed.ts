import type { Verdict } from '@keywell/core/keys/verdict';
import { ofAsked } from '../ownership/judge-object.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { HeaderOf } from '../seam/outbound.ts';

/**
 * What is asked for is about no model, so that no model is unwell when there is no such thing. And a key that may not do it is as good as
 * ever for everything else: another may be asked, and this one is left as it is. A status of 403 says no more of a key than that.
 */
export function ofPassed(said: Verdict, status: number): Verdict {
  const verdict = ofAsked(said, status, 'what is passed through');
  const { class: of } = verdict;
  const barred =
    (of === 'model_forbidden' && (status === 401 || status === 403)) ||
    (of === 'credential_dead' && status === 403);
  return barred ? { ...verdict, class: 'model_forbidden', scope: 'none' } : verdict;
}

/** Whether that is what the provider said of the key that was asked last. */
export const isBarred = ({ asks }: Pick<Exchange, 'asks'>, { class: of }: Verdict): boolean =>
  asks?.kind === 'passed' && of === 'model_forbidden';

/** Whether what a provider said last is for the caller to read. */
export const isTheCallers = (exchange: Pick<Exchange, 'asks'>, verdict: Verdict): boolean =>
  verdict.class === 'caller_fault' || isBarred(exchange, verdict);

const WHOLE = /^\s*application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/** Whether a good answer is handed on piece by piece: all but JSON, whose tokens are counted, and what has nothing in it. */
export function isPassedAsStream(header: HeaderOf, status: number): boolean {
  const type = header('content-type') ?? '';
  const empty = status === 204 || status === 205 || header('content-length') === '0';
  return !empty && type !== '' && !WHOLE.test(type);
}
