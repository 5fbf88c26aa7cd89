import { giveUp } from '@keywell/core/keys/decide';
import type { ErrorCode } from '@keywell/core/errors/catalogue';
import type { Exclusion } from '@keywell/core/log/request-record';
import type { Verdict } from '@keywell/core/keys/verdict';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse, retryAfterHeaders, type Refusal } from '../pipeline/refusal.ts';

/** One tier as `explain` sees it. */
export interface TierView {
  readonly eligible: number;
  readonly excluded: readonly Exclusion[];
  readonly nextInMs: number | null;
  readonly blocked: 'time' | 'unavailable' | 'mixed' | 'too_large' | 'unfit' | 'none';
}

/** What the last attempt of this request said; null when nothing was tried at all. */
export interface LastFailure {
  readonly verdict: Verdict | null;
  readonly status: number;
  /** Until this caller's call would start, others that wait taken into account; where it is not given, until the first key is back. */
  readonly startsInMs?: number | null;
  /** Whether it stood in line, or was not let into it: then capacity is short, whatever the keys look like. */
  readonly stoodInLine?: boolean;
  /** Whether the worker had as much under way as it can hold: no key is to blame. */
  readonly isFull?: boolean;
}

const MAX_SHOWN_EXCLUSIONS = 16;
/** When a full worker may be asked again: of so many attempts some end every moment. */
const FULL_MS = 1000;

/**
 * The honest answer when no candidate is left: 429 with the time at which the first key is back, if time or a top-up brings one back;
 * 503 when only dead keys or an overloaded provider stand in the way, or the worker is full; the last failure's own answer when keys were
 * eligible and still did not serve.
 */
export function exhaustedRefusal(
  exchange: Pick<Exchange, 'offset' | 'timeline'>,
  plane: Pick<Plane, 'clock' | 'meter'>,
  tiers: readonly TierView[],
  last: LastFailure,
): Refusal {
  const now = plane.clock.now();
  for (const [tier, view] of tiers.entries()) {
    exchange.timeline.push({
      at: exchange.offset(now),
      kind: 'candidates',
      tier,
      eligible: view.eligible,
      excluded: view.excluded.slice(0, MAX_SHOWN_EXCLUSIONS),
    });
  }
  const code = codeOf(tiers, last);
  if (code === 'pool_exhausted') plane.meter.add('poolExhausted');
  return refuse(code, null, { headers: headersOf(code, tiers, last) });
}

function codeOf(tiers: readonly TierView[], last: LastFailure): ErrorCode {
  const eligible = tiers.some((tier) => tier.eligible > 0);
  const byTime = tiers.some((tier) => tier.blocked === 'time' || tier.blocked === 'mixed');
  const { verdict, status } = last;
  if (verdict?.class === 'too_large_for_limit') return 'request_exceeds_limits';
  const isAsked = verdict !== null && last.stoodInLine !== true;
  if (eligible && last.isFull === true && !isAsked) return 'overloaded';
  if (eligible && last.stoodInLine === true) return 'pool_exhausted';
  if (eligible && verdict !== null) return giveUp(verdict.class, status).code;
  if (byTime) return 'pool_exhausted';
  if (tiers.some((tier) => tier.blocked === 'too_large')) return 'request_exceeds_limits';
  const areDead = tiers.some((tier) => tier.blocked === 'unavailable');
  if (!areDead && tiers.some((tier) => tier.blocked === 'unfit')) return 'no_capable_model';
  if (verdict?.class === 'model_forbidden' || isForbidden(tiers)) return 'model_not_found';
  return 'pool_unavailable';
}

/** Whether every key is kept away from the model, and nothing else stands in the way. */
function isForbidden(tiers: readonly TierView[]): boolean {
  const excluded = tiers.flatMap((tier) => tier.excluded);
  return (
    excluded.some(({ why }) => why === 'model_forbidden') &&
    excluded.every(({ why }) => why === 'model_forbidden' || why === 'model_not_allowed')
  );
}

function soonest(tiers: readonly TierView[]): number | null {
  let next: number | null = null;
  for (const { nextInMs } of tiers) {
    if (nextInMs !== null && (next === null || nextInMs < next)) next = nextInMs;
  }
  return next;
}

function headersOf(
  code: ErrorCode,
  tiers: readonly TierView[],
  { verdict, startsInMs = null }: LastFailure,
): readonly string[] {
  if (code === 'overloaded') return retryAfterHeaders(FULL_MS);
  if (code !== 'pool_exhausted' && code !== 'pool_unavailable') return ['x-should-retry', 'false'];
  const named = verdict?.endsInMs ?? null;
  // An overloaded provider may take the next call at once; what other keys wait for is not this caller's wait.
  if (code === 'pool_unavailable' && tiers.some(({ eligible }) => eligible > 0)) {
    return named === null ? [] : retryAfterHeaders(named);
  }
  const next = startsInMs ?? soonest(tiers) ?? named;
  return next === null ? ['x-should-retry', 'false'] : retryAfterHeaders(next);
}
