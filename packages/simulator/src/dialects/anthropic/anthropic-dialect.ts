/**
 * Anthropic's own API: messages, count_tokens, models; who calls, what for, what it is answered. Shapes: docs.claude.com/en/api/messages,
 * …/messages-count-tokens, …/models-list; texts of refusals as pydantic words them, quoted in public issues.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { anthropicFace } from '../../faces/anthropic.ts';
import type { Refusal } from '../../faces/refusal.ts';
import type { ModelProfile } from '../../profile/profile-schema.ts';
import type { KeyOwner, ProviderState } from '../../provider-state.ts';
import type { Dialect, Exchange } from '../dialect.ts';
import { openExchange, readBody, refuse, refusedCredential } from '../exchange.ts';
import { modelOf, parseJson } from '../json-body.ts';
import { isRefusal, serveCall } from '../serve-call.ts';
import type { CheckedCall } from '../serve-call.ts';
import { messageReply } from './message-answer.ts';
import { answerModels } from './models-answer.ts';
import { invalid } from './request-checks.ts';
import { readMessages } from './request.ts';
import type { MessagesRequest } from './request.ts';

const MESSAGES = '/v1/messages';
const COUNT = `${MESSAGES}/count_tokens`;
const MODELS = '/v1/models';

/** The list of models is where OpenAI's is: the version header tells. */
export const anthropicDialect: Dialect = {
  id: 'anthropic',
  owns: (path, { headers }) =>
    path === MESSAGES ||
    path.startsWith(`${MESSAGES}/`) ||
    (headers['anthropic-version'] !== undefined &&
      (path === MODELS || path.startsWith(`${MODELS}/`))),
  handle,
};

function keyOf({ headers }: IncomingMessage): string | null {
  const own = headers['x-api-key'];
  if (typeof own === 'string' && own !== '') return own;
  const bearer = /^bearer +(\S+)/i.exec(headers.authorization ?? '');
  return bearer?.[1] ?? null;
}

type Operation = 'messages' | 'count_tokens' | 'models';

/** What a path is for and by which method. */
function operationOf(path: string): [Operation, method: string] | null {
  if (path === MESSAGES) return ['messages', 'POST'];
  if (path === COUNT) return ['count_tokens', 'POST'];
  return path === MODELS || path.startsWith(`${MODELS}/`) ? ['models', 'GET'] : null;
}

function handle(
  state: ProviderState,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): void {
  const face = anthropicFace;
  const key = keyOf(request);
  const owner = key === null ? null : state.ownerOf(key);
  const [known, method] = operationOf(path) ?? [null, ''];
  const right = known !== null && request.method === method;
  const operation = right ? known : 'none';
  const dialect = 'anthropic';
  const opening = { state, request, response, path, face, dialect, owner, operation };
  const exchange = openExchange(opening);
  if (exchange === null) return;
  const wrong = right ? wrongCaller(exchange, key, owner) : wrongPath(method);
  if (wrong !== null || owner === null) {
    request.resume();
    if (wrong !== null)
      refuse(exchange, owner, wrong, owner === null ? 'unknown_key' : 'invalid_request');
    return;
  }
  if (known === 'models') {
    request.resume();
    if (refusedCredential(exchange, owner, null)) return;
    return answerModels(exchange, owner, path === MODELS ? null : path.slice(MODELS.length + 1));
  }
  readBody(
    exchange,
    owner,
    () => invalid('Request exceeds the maximum size', 413),
    (bytes) => answer(exchange, owner, bytes, known === 'count_tokens'),
  );
}

/** `method`: the one that the path takes; empty when there is no such path. */
const wrongPath = (method: string): Refusal =>
  method === ''
    ? invalid('Not Found', 404)
    : { ...invalid('Method Not Allowed', 405), headers: ['allow', method] };

function wrongCaller(
  { face, request, requestId }: Exchange,
  key: string | null,
  owner: KeyOwner | null,
): Refusal | null {
  if (owner === null) return face.unknownKey(key, requestId);
  return request.headers['anthropic-version'] === undefined
    ? invalid('anthropic-version: header is required')
    : null;
}

function answer(exchange: Exchange, owner: KeyOwner, bytes: Uint8Array, counting: boolean): void {
  const body = parseJson(bytes);
  const named = body === null ? null : modelOf(body);
  exchange.call.model = named;
  if (refusedCredential(exchange, owner, named)) return;
  const request =
    body === null ? invalid('The request body is not valid JSON') : readMessages(body, counting);
  if (isRefusal(request)) return refuse(exchange, owner, request, 'invalid_request');
  serveCall(exchange, owner, counting ? countCall(request) : messageCall(exchange, owner, request));
}

/** A model that does not chat is none here. */
function checkModel({ heard }: MessagesRequest, model: ModelProfile): Refusal | null {
  if ((model.kind ?? 'chat') !== 'chat') return invalid(`model: ${model.id}`, 404);
  return model.contextTokens !== undefined && heard.inputTokens > model.contextTokens
    ? invalid(`prompt is too long: ${heard.inputTokens} tokens > ${model.contextTokens} maximum`)
    : null;
}

/** What is read from the cache does not count against the limits (docs.claude.com/en/api/rate-limits). */
function messageCall(exchange: Exchange, owner: KeyOwner, request: MessagesRequest): CheckedCall {
  const { model, stream, heard, prefixes } = request;
  const { random } = exchange.state;
  const { promptCache } = exchange.state.kept;
  const cache = promptCache.useOf(owner.organization, prefixes);
  return {
    model,
    stream,
    inputTokens: heard.inputTokens - cache.read,
    allowance: heard.allowance,
    prompt: heard.prompt,
    check: (profile) => checkModel(request, profile),
    reply: (profile) => ({
      ...messageReply(request, profile, random, cache),
      admitted: () => promptCache.keep(owner.organization, prefixes),
    }),
  };
}

function countCall(request: MessagesRequest): CheckedCall {
  const { model, heard } = request;
  return {
    model,
    stream: false,
    free: true,
    inputTokens: heard.inputTokens,
    allowance: 0,
    prompt: heard.prompt,
    check: () => null,
    reply: () => ({
      framed: null,
      body: () => `{"input_tokens":${heard.inputTokens}}`,
      outputTokens: 0,
    }),
  };
}
