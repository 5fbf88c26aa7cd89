import { NOTHING_CHARGED } from '@keywell/core/keys/need';
import { settle, type Reservation } from '@keywell/core/keys/reserve';
import { UNJUDGED } from '@keywell/core/keys/verdict';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';

/** Lets a candidate go that was held and not called. */
export function giveBack(exchange: Exchange, plane: Plane, reservation: Reservation): void {
  const { clock, random } = plane;
  const changes = settle(exchange.live.table, reservation, UNJUDGED, {
    now: clock.now(),
    wallNow: clock.wallNow(),
    random,
    charged: NOTHING_CHARGED,
  });
  // Those of settlements that had to wait until now.
  if (changes.length > 0) plane.cooled(changes, exchange.live);
}
