import { admitNamedModel, admitPassthrough } from '../passthrough/admit-passthrough.ts';
import { authenticate } from '../phases/authenticate.ts';
import { authorize } from '../phases/authorize.ts';
import { resolve } from '../phases/resolve.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import type { Phase } from '../pipeline/route.ts';
import type { Refusal } from '../pipeline/refusal.ts';
import type { LiveSnapshot } from '../snapshot/live-snapshot.ts';

const MODELS: readonly Phase[] = [authenticate, authorize, resolve];
const PASSED: readonly Phase[] = [authenticate, admitPassthrough, admitNamedModel];

/**
 * Takes a call that waits over to a new snapshot, by the same phases that let it in: a key that was revoked meanwhile, a right that was
 * taken or a model that is gone ends the wait, and a pool that has new keys has them for this call too.
 */
export function readmit(exchange: Exchange, plane: Plane, live: LiveSnapshot): Refusal | null {
  exchange.moveTo(live);
  for (const phase of exchange.asks?.kind === 'passed' ? PASSED : MODELS) {
    const answer = phase(exchange, plane);
    if (answer !== null && answer !== 'done' && !(answer instanceof Promise)) return answer;
  }
  return null;
}
