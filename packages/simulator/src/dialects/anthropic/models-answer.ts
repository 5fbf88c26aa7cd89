/** GET /v1/models and /v1/models/{id} as Anthropic lists them: @anthropic-ai/sdk `ModelInfo`, `Page`. */
import type { ModelProfile } from '../../profile/profile-schema.ts';
import type { KeyOwner } from '../../provider-state.ts';
import type { Exchange } from '../dialect.ts';
import { refusedCall, refuse, sendJson } from '../exchange.ts';

const modelJson = ({ id, contextTokens }: ModelProfile): object => ({
  type: 'model',
  id,
  display_name: id,
  created_at: '2025-01-01T00:00:00Z',
  max_input_tokens: contextTokens ?? 200_000,
  max_tokens: 64_000,
});

/** `id`: null lists. */
export function answerModels(exchange: Exchange, owner: KeyOwner, id: string | null): void {
  const { state, face } = exchange;
  const chats = [...state.models.values()].filter(({ kind }) => (kind ?? 'chat') === 'chat');
  if (id === null) {
    return sendJson(exchange, owner, {
      data: chats.map(modelJson),
      has_more: false,
      first_id: chats[0]?.id ?? null,
      last_id: chats.at(-1)?.id ?? null,
    });
  }
  const model = chats.find((one) => one.id === id);
  if (model !== undefined) return sendJson(exchange, owner, modelJson(model));
  const told = refusedCall(exchange, owner, { model: id });
  refuse(exchange, owner, face.refusals.model_not_found(told, {}), 'model_not_found');
}
