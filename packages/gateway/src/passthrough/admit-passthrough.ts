import { readPassedPath } from '@keywell/core/access/passed-path';
import { isPassthroughMethod } from '@keywell/core/access/passthrough-rules';
import type { Exchange } from '../pipeline/exchange.ts';
import { refuse, type Refusal } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';

/** Where a call would go, by the path it came with. */
interface Place {
  readonly provider: string;
  /** From the slash behind the provider's id on. */
  readonly rest: string;
}

/**
 * Whether the caller may send this call through to that provider: its consumer may, the operator opened the path, and no route of this
 * gateway leads there, which would be gone past with its allow-lists, owners and budgets. May answer 400, 403, 404.
 */
export function admitPassthrough(exchange: Exchange): PhaseResult {
  const place = placeIn(exchange.pathParameter);
  if (place === null) return refuse('not_found', 'There is no such provider to pass a call to.');
  const barred = refuseConsumer(exchange, place);
  if (barred !== null) return barred;
  const path = readPassedPath(place.rest);
  if (!path.ok) {
    return refuse('bad_request', `The path behind the provider ${path.wrong}.`, NEVER_RETRY);
  }
  const { method } = exchange.inbound;
  const opened = exchange.live.opened(place.provider);
  const shown = path.meant.slice(0, 128);
  const own = opened?.provider.servedHere(path.meant) ?? null;
  if (own !== null) {
    return refuse('not_found', `${shown} is not passed through: call ${own} here.`, NEVER_RETRY);
  }
  if (
    opened === null ||
    !isPassthroughMethod(method) ||
    !opened.provider.opens(method, path.meant)
  ) {
    const message = `"${method} ${shown}" is not open: the record of the provider "${place.provider}" would have to list it at "passthrough".`;
    return refuse('not_found', message, NEVER_RETRY);
  }
  exchange.model = opened.model;
  return null;
}

const NEVER_RETRY = { headers: ['x-should-retry', 'false'] };
const ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;

function placeIn(parameter: string): Place | null {
  const slash = parameter.indexOf('/');
  const provider = parameter.slice(0, slash);
  return slash > 0 && ID.test(provider) ? { provider, rest: parameter.slice(slash) } : null;
}

/** The same whether there is such a provider or not: which there are is nobody's business. */
function refuseConsumer({ consumer }: Exchange, { provider }: Place): Refusal | null {
  const { passthrough = [], budget = null } = consumer?.record ?? {};
  if (!passthrough.includes(provider) && !passthrough.includes('*')) {
    return refuse(
      'permission_denied',
      `This consumer may not pass calls through to "${provider}": its record would have to name it at "passthrough".`,
      NEVER_RETRY,
    );
  }
  if (budget === null) return null;
  return refuse(
    'price_unknown',
    'This consumer has a budget, and what a call costs that is passed through is not known.',
    NEVER_RETRY,
  );
}

/** Whether the caller may call the model that the call names, as if it had named it here. May answer 403. */
export function admitNamedModel({ asks, consumer }: Exchange): PhaseResult {
  if (asks?.kind !== 'passed' || asks.named === null) return null;
  if (consumer?.mayCall(asks.named) === true) return null;
  return refuse(
    'model_not_allowed',
    `This key may not call the model ${JSON.stringify(asks.named.slice(0, 128))}.`,
    { param: 'model' },
  );
}
