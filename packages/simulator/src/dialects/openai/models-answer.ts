/** GET /v1/models and /v1/models/{id}. */
import type { KeyOwner, ProviderState } from '../../provider-state.ts';
import type { Answer, Exchange } from '../dialect.ts';
import { refusalAnswer, refusedCall } from '../exchange.ts';

/** The models' date of birth: a constant, so that two runs answer alike. */
const CREATED = 1_735_689_600;

const modelJson = (id: string): object => ({
  id,
  object: 'model',
  created: CREATED,
  owned_by: 'system',
});

const answer = (status: number, body: string): Answer => ({
  status,
  headers: ['content-type', 'application/json'],
  body,
  events: null,
  firstByteMs: 0,
  eventIntervalMs: 0,
});

export function answerModels(state: ProviderState): Answer {
  const data = [...state.models.keys()].map(modelJson);
  return answer(200, JSON.stringify({ object: 'list', data }, null, 2));
}

export function answerModel(exchange: Exchange, owner: KeyOwner, id: string): Answer {
  const { state, face, call } = exchange;
  if (state.models.has(id)) return answer(200, JSON.stringify(modelJson(id), null, 2));
  call.refused = 'model_not_found';
  const told = refusedCall(exchange, owner, { model: id });
  return refusalAnswer(exchange, face.refusals.model_not_found(told, {}), []);
}
