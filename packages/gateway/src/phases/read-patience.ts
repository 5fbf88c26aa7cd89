import { patienceOf, readMaxWait } from '@keywell/core/waiting/patience';
import type { Exchange } from '../pipeline/exchange.ts';
import { headerIn } from '../pipeline/header-in.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';

const HEADER = 'keywell-max-wait-ms';

/** How long the caller lets the call wait for capacity, within what the pool allows. May answer 400. */
export function readPatience(exchange: Exchange): PhaseResult {
  const asked = readMaxWait(headerIn(exchange.inbound.rawHeaders, HEADER));
  if (!asked.ok) {
    return refuse(
      'invalid_parameter',
      `The header ${HEADER} must be a whole number of milliseconds, 0 or more, such as 10000.`,
      { param: HEADER },
    );
  }
  exchange.patienceMs = patienceOf(asked.ms, exchange.model?.pool.maxWaitMs ?? 0);
  return null;
}
