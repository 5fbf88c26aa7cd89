import type { Exchange } from '../pipeline/exchange.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';

/** The model's pool, whose tiers hold the candidates. May answer 404. */
export function resolve(exchange: Exchange): PhaseResult {
  const name = exchange.modelName ?? '';
  const model = exchange.live.models.get(name);
  if (model === undefined) {
    const shown = JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
    return refuse('model_not_found', `There is no model ${shown} here.`, { param: 'model' });
  }
  exchange.model = model;
  return null;
}
