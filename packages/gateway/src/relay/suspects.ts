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
export function isSuspect({ class: of, counts }: Verdict): boolean {
  // What has been counted already is not counted again.
  return counts !== true && (of === 'transient' || of === 'ambiguous_accept');
}

/**
 * At a request's end: what failed before counts for the breakers there if another target has served the request, since then it was not
 * the request. A failure at the very target that served it later stays uncounted. Where nobody served it, as when two keys fail it with
 * the same server error, it was the request's or the provider's: nothing counts until three consumers have met it.
 */
export function judgeSuspects(
  exchange: Exchange,
  plane: Plane,
  suspects: readonly Suspect[],
  servedBy: Candidate | null,
): void {
  const { clock, random } = plane;
  const at = { now: clock.now(), wallNow: clock.wallNow(), random };
  const suspectedBy = exchange.consumer?.record.slot ?? 0;
  for (const { reservation, verdict } of suspects) {
    if (reservation.candidate.breaker === servedBy?.breaker) continue;
    const how = servedBy === null ? { ...at, suspectedBy } : at;
    const changes = blameEndpoint(exchange.live.table, reservation, verdict, how);
    if (changes.length > 0) plane.cooled(changes, exchange.live);
  }
}
