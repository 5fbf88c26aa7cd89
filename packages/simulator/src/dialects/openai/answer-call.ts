/** One paid call from its body to a call that is right, or to what is wrong with it. */
import type { Refusal } from '../../faces/refusal.ts';
import type { ModelProfile } from '../../profile/profile-schema.ts';
import type { KeyOwner } from '../../provider-state.ts';
import type { Exchange } from '../dialect.ts';
import { refusalAnswer, refuse, refusedCall, refusedCredential } from '../exchange.ts';
import { modelOf, parseJson } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import { azureFramed, filtered } from '../azure/content-filter.ts';
import { isRefusal, serveCall } from '../serve-call.ts';
import type { PricedReply } from '../serve-call.ts';
import { chatReply, frameChat } from './chat-answer.ts';
import { completionReply, frameCompletion } from './completion-answer.ts';
import { dimensionsOf, embeddingBody } from './embedding-answer.ts';
import { badRequest, malformedJson, unknownUrl } from './request-errors.ts';
import { readChat, readCompletion, readEmbeddings } from './request.ts';
import type { OpenaiRequest, Operation } from './request.ts';

const READERS = {
  'chat.completions': readChat,
  completions: readCompletion,
  embeddings: readEmbeddings,
} as const;

const KINDS = {
  'chat.completions': 'chat',
  completions: 'completions',
  embeddings: 'embeddings',
} as const;

/** The deployment in the path is the model, whatever the body names. */
const withDeployment = (body: JsonObject, deployment: string | null): JsonObject =>
  deployment === null ? body : { ...body, model: deployment };

export function answerCall(
  exchange: Exchange,
  owner: KeyOwner,
  operation: Operation,
  bytes: Uint8Array,
): void {
  const given = parseJson(bytes);
  const body = given === null ? null : withDeployment(given, exchange.deployment);
  const named = body === null ? null : modelOf(body);
  exchange.call.model = named;
  if (refusedCredential(exchange, owner, named)) return;
  const request = body === null ? malformedJson() : READERS[operation](body);
  if (isRefusal(request)) return refuse(exchange, owner, request, 'invalid_request');
  const choices = request.n * Math.max(1, request.inputs.length);
  serveCall(exchange, owner, {
    model: request.model,
    stream: request.stream,
    inputTokens: request.inputTokens,
    allowance: request.maxTokens === null ? null : request.maxTokens * choices,
    prompt: request.prompt,
    check: (model) => filtered(exchange, request.prompt) ?? checkModel(model, request),
    reply: (model) => priceReply(exchange, model, request),
  });
}

function checkModel(model: ModelProfile, request: OpenaiRequest): Refusal | null {
  const kind = model.kind ?? 'chat';
  if (kind !== KINDS[request.operation]) {
    const text =
      request.operation === 'embeddings'
        ? 'You are not allowed to generate embeddings from this model'
        : `This is not a ${KINDS[request.operation]} model and thus not supported in the v1/${request.operation.replace('.', '/')} endpoint.`;
    return badRequest(text, 'model');
  }
  if (model.contextTokens !== undefined && request.inputTokens > model.contextTokens) {
    const message = `This model's maximum context length is ${model.contextTokens} tokens. However, your messages resulted in ${request.inputTokens} tokens. Please reduce the length of the messages.`;
    return badRequest(message, 'messages', 'context_length_exceeded');
  }
  return null;
}

function priceReply(
  exchange: Exchange,
  model: ModelProfile,
  request: OpenaiRequest,
): PricedReply | Refusal {
  const { random, clock } = exchange.state;
  if (request.operation === 'embeddings') {
    const dimensions = dimensionsOf(request, model);
    if (typeof dimensions !== 'number') return dimensions;
    return { framed: null, body: () => embeddingBody(request, dimensions), outputTokens: 0 };
  }
  const created = Math.floor(clock.wallNow() / 1000);
  const { heard } = request;
  const reply =
    heard === null
      ? completionReply(request, model, random, created)
      : chatReply(request, heard, model, { random, created });
  const framed = (heard === null ? frameCompletion : frameChat)(request, reply);
  const answered = exchange.call.dialect === 'azure' ? azureFramed(framed) : framed;
  return { framed: answered, body: framed.body, outputTokens: reply.outputTokens };
}

/** What one line of a batch is answered: as the call alone would be, charged to nobody. */
export function batchedBody(
  exchange: Exchange,
  owner: KeyOwner,
  url: string,
  body: JsonObject,
): { readonly status: number; readonly body: unknown } {
  const operation = BATCHED[url];
  const request = operation === undefined ? unknownUrl('POST', url) : READERS[operation](body);
  const model = isRefusal(request) ? undefined : exchange.state.models.get(request.model);
  const made = isRefusal(request)
    ? request
    : model === undefined
      ? exchange.face.refusals.model_not_found(refusedCall(exchange, owner, request), {})
      : (checkModel(model, request) ?? priceReply(exchange, model, request));
  if (!isRefusal(made)) return { status: 200, body: JSON.parse(String(made.body())) };
  const { status, body: told } = refusalAnswer(exchange, made, []);
  return { status, body: JSON.parse(String(told)) };
}

const BATCHED: Readonly<Partial<Record<string, Operation>>> = {
  '/v1/chat/completions': 'chat.completions',
  '/v1/completions': 'completions',
  '/v1/embeddings': 'embeddings',
};
