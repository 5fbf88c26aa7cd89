import type { Exchange } from '../pipeline/exchange.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';

/** Whether this consumer may call this model. May answer 403. */
export function authorize(exchange: Exchange): PhaseResult {
  const name = exchange.modelName ?? '';
  if (exchange.consumer?.mayCall(name) === true) return null;
  return refuse('model_not_allowed', `This key may not call the model ${quote(name)}.`, {
    param: 'model',
  });
}

/** A name that came from outside, short enough to be shown back. */
function quote(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}
