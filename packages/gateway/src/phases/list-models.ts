import * as anthropic from '@keywell/wire/anthropic-messages/models';
import * as gemini from '@keywell/wire/gemini/models';
import * as openai from '@keywell/wire/openai-chat/models';
import { dialectNameOf } from '../endpoints/caller-errors.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';

const JSON_TYPE = 'application/json';

/** Every model this consumer may call, under the names it may use. */
export function listModels(exchange: Exchange): PhaseResult {
  const names = [...exchange.live.models.keys()].filter(
    (name) => !name.includes('*') && mayCall(exchange, name),
  );
  answer(exchange, listIn(exchange, names));
  return 'done';
}

/** One model. May answer 404, also for a model that exists and is not this consumer's: its name is nobody's business. */
export function getModel(exchange: Exchange): PhaseResult {
  const name = decodeName(exchange.pathParameter);
  exchange.modelName = name;
  if (name === null || exchange.live.find(name) === null || !mayCall(exchange, name)) {
    return refuse('model_not_found', null, { param: 'model' });
  }
  answer(exchange, modelIn(exchange, name));
  return 'done';
}

/** In the words of the caller's SDK. */
function listIn(exchange: Exchange, names: readonly string[]): string {
  switch (dialectNameOf(exchange)) {
    case 'anthropic':
      return anthropic.renderModelList(names.map((name) => anthropicModel(exchange, name)));
    case 'gemini':
      return gemini.renderModelList(names.map((name) => geminiModel(exchange, name)));
    default:
      return openai.renderModelList(names);
  }
}

function modelIn(exchange: Exchange, name: string): string {
  switch (dialectNameOf(exchange)) {
    case 'anthropic':
      return anthropic.renderModel(anthropicModel(exchange, name));
    case 'gemini':
      return gemini.renderModel(geminiModel(exchange, name));
    default:
      return openai.renderModel(name);
  }
}

/** What is known of the model that is asked first. */
function firstTarget({ live }: Exchange, name: string) {
  const found = live.find(name);
  const { only } = found ?? {};
  const targets = found?.model.pool.tiers.flatMap((tier) => tier.targets) ?? [];
  return only === null || only === undefined
    ? targets[0]
    : targets.find(({ provider, model }) => provider === only.provider && model === only.model);
}

function anthropicModel(exchange: Exchange, id: string): anthropic.ListedModel {
  const known = firstTarget(exchange, id)?.capabilities;
  return {
    id,
    displayName: null,
    createdAt: 0,
    maxInputTokens: known?.contextLength ?? null,
    maxOutputTokens: known?.maxOutputTokens ?? null,
  };
}

function geminiModel(exchange: Exchange, id: string): gemini.ListedModel {
  const target = firstTarget(exchange, id);
  return {
    id,
    displayName: null,
    inputTokenLimit: target?.capabilities.contextLength ?? null,
    outputTokenLimit: target?.capabilities.maxOutputTokens ?? null,
    embeds: /embed/i.test(target?.model ?? ''),
  };
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
