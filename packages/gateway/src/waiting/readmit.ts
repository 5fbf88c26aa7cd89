import { authenticate } from '../phases/authenticate.ts';
import { authorize } from '../phases/authorize.ts';
import { resolve } from '../phases/resolve.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import type { Refusal } from '../pipeline/refusal.ts';
import type { LiveSnapshot } from '../snapshot/live-snapshot.ts';

/**
 * Takes a call that waits over to a new snapshot, by the same phases that let it in: a key that was revoked meanwhile, a right that was
 * taken or a model that is gone ends the wait, and a pool that has new keys has them for this call too.
 */
export function readmit(exchange: Exchange, plane: Plane, live: LiveSnapshot): Refusal | null {
  exchange.moveTo(live);
  for (const phase of [authenticate, authorize, resolve]) {
    const answer = phase(exchange, plane);
    if (answer !== null && answer !== 'done' && !(answer instanceof Promise)) return answer;
  }
  return null;
}
