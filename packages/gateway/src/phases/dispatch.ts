import { dispatchOver } from '../relay/dispatcher.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';

/** Finds a key that serves the call and relays its answer. May answer 400, 404, 429, 502, 503, 504, or what the provider said. */
export function dispatch(exchange: Exchange, plane: Plane): PhaseResult | Promise<PhaseResult> {
  if (exchange.model === null) return refuse('internal_error');
  return dispatchOver(exchange, plane, exchange.model);
}
