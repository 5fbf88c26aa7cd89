import { observeLimits } from '@keywell/core/keys/observe-limits';
import type { Reservation } from '@keywell/core/keys/reserve';
import { sumOfUsage } from '@keywell/core/log/token-usage';
import type { Exchange } from '../pipeline/exchange.ts';
import type { HeaderOf } from '../seam/outbound.ts';
import { readRealtimeEvent } from '../realtime/realtime-events.ts';
import type { UpstreamTarget } from './upstream-target.ts';

/** Whose limits are spoken of. */
interface Heard {
  readonly target: UpstreamTarget;
  readonly reservation: Reservation;
}

/** What a response tells about limits, on errors as on answers; a refused attempt is not in the numbers. */
export function hearHead(
  { live }: Pick<Exchange, 'live'>,
  { target, reservation }: Heard,
  head: { readonly status: number; readonly header: HeaderOf; readonly now: number },
): void {
  const told = target.vendor.readLimits(head.header);
  if (told.length === 0) return;
  observeLimits(live.table, reservation, told, { now: head.now, refused: head.status >= 400 });
}

/** What an event of a session tells about limits, and what an answer in it has used. */
export function hearEvent(
  exchange: Pick<Exchange, 'live' | 'usage'>,
  { reservation }: Pick<Heard, 'reservation'>,
  { event, now }: { readonly event: Uint8Array; readonly now: number },
): void {
  const heard = readRealtimeEvent(event);
  if (heard?.kind === 'usage') {
    const before = exchange.usage;
    exchange.usage = before === null ? heard.usage : sumOfUsage(before, heard.usage);
  } else if (heard?.kind === 'limits') {
    observeLimits(exchange.live.table, reservation, heard.told, { now });
  }
}
