/** GET /v1/models and /v1/models/{id}. */
import type { ProviderState } from '../../provider-state.ts';
import type { Answer } from '../dialect.ts';
import { modelNotFound } from './errors.ts';

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

export function answerModel(state: ProviderState, id: string): Answer {
  if (state.models.has(id)) return answer(200, JSON.stringify(modelJson(id), null, 2));
  const refusal = modelNotFound(id);
  return answer(refusal.status, refusal.body);
}
