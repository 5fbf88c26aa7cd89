import type { Exchange } from '../pipeline/exchange.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import { headerIn } from '../pipeline/header-in.ts';

const HEADER = 'keywell-strict';

/** Whether a provider may be asked that cannot be told all of the call: as the pool has it, or stricter where the caller asks. May answer 400. */
export function readStrictness(exchange: Exchange): PhaseResult {
  exchange.strict = exchange.model?.pool.strictTranslation === true;
  const asked = headerIn(exchange.inbound.rawHeaders, HEADER);
  if (asked === null || asked === 'false') return null;
  if (asked !== 'true') {
    return refuse('invalid_parameter', `The header ${HEADER} must be true or false.`, {
      param: HEADER,
    });
  }
  exchange.strict = true;
  return null;
}
