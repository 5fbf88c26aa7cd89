import { renderModel, renderModelList } from '@keywell/wire/openai-chat/models';
import type { Exchange } from '../pipeline/exchange.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';

const JSON_TYPE = 'application/json';

/** Every model this consumer may call, under the names it may use. */
export function listModels(exchange: Exchange): PhaseResult {
  const names = [...exchange.live.models.keys()].filter((name) => mayCall(exchange, name));
  answer(exchange, renderModelList(names));
  return 'done';
}

/** One model. May answer 404, also for a model that exists and is not this consumer's: its name is nobody's business. */
export function getModel(exchange: Exchange): PhaseResult {
  const name = decodeName(exchange.pathParameter);
  exchange.modelName = name;
  if (name === null || !exchange.live.models.has(name) || !mayCall(exchange, name)) {
    return refuse('model_not_found', null, { param: 'model' });
  }
  answer(exchange, renderModel(name));
  return 'done';
}

function mayCall(exchange: Exchange, name: string): boolean {
  return exchange.consumer?.mayCall(name) === true;
}

function answer(exchange: Exchange, body: string): void {
  exchange.status = 200;
  exchange.responseBytes = Buffer.byteLength(body);
  exchange.inbound.respond(
    200,
    ['content-type', JSON_TYPE, 'keywell-request-id', exchange.id, ...exchange.limitHeaders],
    body,
  );
}

function decodeName(parameter: string): string | null {
  try {
    return decodeURIComponent(parameter);
  } catch {
    return null;
  }
}
