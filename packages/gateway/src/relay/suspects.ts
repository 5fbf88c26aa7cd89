import type { Candidate } from '@keywell/core/keys/plan';
import { blameEndpoint, type Reservation } from '@keywell/core/keys/reserve';
import type { Verdict } from '@keywell/core/keys/verdict';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';

/** A failure that was the endpoint's fault or the request's: only what becomes of the request tells. */
export interface Suspect {
  readonly reservation: Reservation;
  readonly verdict: Verdict;
}

/** Whether a failure says nothing about whose fault it was. */
export function isSuspect({ class: of }: Verdict): boolean {
  return of === 'transient' || of === 'ambiguous_accept';
}

/**
 * Another target has served the request, so it was not the request: what failed elsewhere before counts for the breakers there. A
 * failure at the very target that served it later stays uncounted.
 */
export function blameSuspects(
  exchange: Exchange,
  plane: Plane,
  suspects: readonly Suspect[],
  servedBy: Candidate,
): void {
  const { clock, random } = plane;
  const at = { now: clock.now(), wallNow: clock.wallNow(), random };
  for (const { reservation, verdict } of suspects) {
    if (reservation.candidate.breaker === servedBy.breaker) continue;
    const changes = blameEndpoint(exchange.live.table, reservation, verdict, at);
    if (changes.length > 0) plane.cooled(changes, exchange.live);
  }
}
