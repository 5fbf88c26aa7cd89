import type { Exchange } from '../pipeline/exchange.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';

/** The model's pool, whose tiers hold the candidates. May answer 404. */
export function resolve(exchange: Exchange): PhaseResult {
  const name = exchange.modelName ?? '';
  const found = exchange.live.find(name);
  if (found === null) {
    const shown = JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
    return refuse('model_not_found', `There is no model ${shown} here.`, { param: 'model' });
  }
  exchange.model = found.model;
  exchange.only = found.only;
  return null;
}
