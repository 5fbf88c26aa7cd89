import { wasImplied } from '@keywell/core/keys/implied-refusal';
import type { ToldLimits } from '@keywell/core/keys/observe-limits';
import type { Candidate } from '@keywell/core/keys/plan';
import { settle, type Reservation } from '@keywell/core/keys/reserve';
import { VERDICT_CLASSES, type Verdict } from '@keywell/core/keys/verdict';
import type { TokenUsage } from '@keywell/core/log/request-record';
import { bookAttempt } from '../budgets/attempt-cost.ts';
import { CALLER_LEFT } from '../idempotency/executed.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { readingMatterOf } from '../translate/reading-matter.ts';
import type { AttemptResult } from './attempt-result.ts';
import { settlementOf } from './call-needs.ts';
import { estimateUsage } from './estimate-usage.ts';

/** What an attempt held, and its place among the request's attempts. */
interface Held {
  readonly candidate: Candidate;
  readonly reservation: Reservation;
  readonly number: number;
}

/** How an attempt ended. */
export interface AttemptEnding {
  readonly result: AttemptResult;
  readonly verdict: Verdict;
  /** The provider's status, 0 without a response. */
  readonly status: number;
  /** Whether all of it has left this process. */
  readonly sent: boolean;
  /** What its head told about limits, where nobody has heard of it yet. */
  readonly told: ToldLimits | undefined;
  /** Monotonic milliseconds, like `now`. */
  readonly startedAt: number;
  readonly now: number;
}

/** Books an attempt's end once: its cost, its reservation, the metrics, the timeline. */
export function bookAttemptEnd(
  exchange: Exchange,
  plane: Plane,
  { candidate, reservation, number }: Held,
  end: AttemptEnding,
): void {
  const { clock, meter, random } = plane;
  const { result, verdict, status, sent, startedAt, now } = end;
  const usage = usageOf(exchange, end);
  const wallNow = clock.wallNow();
  const cost = bookAttempt(exchange, plane, {
    price: candidate.price,
    end: { result, status, verdict, sent, usage },
    sentAt: wallNow - (now - startedAt),
  });
  if (wasImplied(reservation, verdict)) meter.add('wasted');
  const changes = settle(exchange.live.table, reservation, verdict, {
    now,
    wallNow,
    random,
    told: end.told,
    ...settlementOf(candidate, reservation.need, {
      usage,
      sent: sent || status !== 0,
      matter: readingMatterOf(exchange),
    }),
  });
  if (changes.length > 0) plane.cooled(changes, exchange.live);
  meter.add('attempts', 1, VERDICT_CLASSES.indexOf(verdict.class));
  exchange.timeline.push({
    at: exchange.offset(now),
    kind: 'verdict',
    attempt: number,
    class: result.kind === 'left' ? 'caller_fault' : verdict.class,
    scope: verdict.scope,
    status,
    evidence: evidenceOf(result, verdict),
    endsInMs: verdict.endsInMs ?? null,
    authoritative: verdict.authoritative,
    usage: result.kind === 'left' ? null : usage,
    costMicros: cost.micros,
    costEstimated: cost.estimated,
  });
}

/** What it took, as far as is known; of one that was dropped, its input alone is known to have been read. */
function usageOf(
  exchange: Exchange,
  { result, sent }: Pick<AttemptEnding, 'result' | 'sent'>,
): TokenUsage | null {
  if (result.kind === 'failed') return null;
  if (result.kind !== 'dropped') return exchange.usage;
  return sent ? estimateUsage(exchange, 0) : null;
}

function evidenceOf(result: AttemptResult, verdict: Verdict): string {
  if (result.kind === 'left') return CALLER_LEFT;
  return result.kind === 'dropped' ? 'another attempt was faster' : verdict.evidence;
}
