import { observeLimits } from '@keywell/core/keys/observe-limits';
import type { Reservation } from '@keywell/core/keys/reserve';
import { sumOfUsage } from '@keywell/core/log/token-usage';
import type { Candidate } from '@keywell/core/keys/plan';
import type { Exchange } from '../pipeline/exchange.ts';
import type { HeaderOf } from '../seam/outbound.ts';
import type { Plane } from '../pipeline/plane.ts';
import { isBinary } from '../realtime/messages.ts';
import { readRealtimeEvent } from '../realtime/realtime-events.ts';
import { maskFor, maskStrings } from './mask-for.ts';
import type { UpstreamTarget } from './upstream-target.ts';

/** Whose limits are spoken of. */
interface Heard {
  readonly candidate: Candidate;
  readonly target: UpstreamTarget;
  readonly reservation: Reservation;
}

/** What a response tells about limits, on errors as on answers; a refused attempt is not in the numbers. */
export function hearHead(
  { live }: Pick<Exchange, 'live'>,
  { target, reservation }: Pick<Heard, 'target' | 'reservation'>,
  head: { readonly status: number; readonly header: HeaderOf; readonly now: number },
): void {
  const told = target.vendor.readLimits(head.header);
  if (told.length === 0) return;
  observeLimits(live.table, reservation, told, { now: head.now, refused: head.status >= 400 });
}

/**
 * What an event of a session tells about limits, and what an answer in it has used. Gives the event as the caller may hear it: what
 * failed is told with the names of accounts.
 */
export function hearEvent(
  exchange: Pick<Exchange, 'live' | 'usage'>,
  plane: Pick<Plane, 'clock' | 'credentials'>,
  { reservation, candidate }: Pick<Heard, 'reservation' | 'candidate'>,
  event: Uint8Array,
): Uint8Array {
  const heard = isBinary(event) ? null : readRealtimeEvent(event);
  if (heard === null) return event;
  if (heard.kind === 'limits') {
    observeLimits(exchange.live.table, reservation, heard.told, { now: plane.clock.now() });
    return event;
  }
  if (heard.kind === 'done' && heard.usage !== null) {
    const before = exchange.usage;
    exchange.usage = before === null ? heard.usage : sumOfUsage(before, heard.usage);
  }
  if (heard.kind === 'done' && !heard.failed) return event;
  return Buffer.from(maskStrings(Buffer.from(event).toString('utf8'), maskFor(plane, candidate)));
}
