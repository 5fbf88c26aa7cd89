/**
 * Gemini's own API under /v1beta and /v1, and the same methods at Vertex's paths: generateContent, streamGenerateContent (as events with
 * `alt=sse`, else one JSON array), countTokens, embedContent, batchEmbedContents, models. Shapes: ai.google.dev/api/generate-content and a
 * reply quoted in github.com/n4ze3m/page-assist/issues/406.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { geminiFace } from '../../faces/gemini.ts';
import type { Refusal } from '../../faces/refusal.ts';
import type { ModelProfile } from '../../profile/profile-schema.ts';
import type { KeyOwner, ProviderState } from '../../provider-state.ts';
import { decoded } from '../decoded.ts';
import type { Dialect, Exchange } from '../dialect.ts';
import {
  openExchange,
  readBody,
  refuse,
  refusedCall,
  refusedCredential,
  sendJson,
} from '../exchange.ts';
import { isObject, parseJson } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import { isRefusal, serveCall } from '../serve-call.ts';
import type { CheckedCall } from '../serve-call.ts';
import { contentReply, promptDetails } from './content-answer.ts';
import type { Framing } from './content-answer.ts';
import { embedReply, readEmbed } from './embed-answer.ts';
import { field, invalid } from './fields.ts';
import { readContents } from './request.ts';

const METHODS = 'generateContent|streamGenerateContent|countTokens|embedContent|batchEmbedContents';
const OWN = new RegExp(`^/v1(?:beta)?/models/([^/:]+):(${METHODS})$`);
const VERTEX = new RegExp(
  `^/v1(?:beta1)?/projects/[^/]+/locations/[^/]+/publishers/google/models/([^/:]+):(${METHODS})$`,
);
const LIST = /^\/v1(?:beta)?\/models$/;
const ONE = /^\/v1(?:beta)?\/models\/([^/]+)$/;

/** Under /v1 the models are where OpenAI's are: Gemini's way of giving the key tells. */
const keyed = ({ headers, url }: IncomingMessage): boolean =>
  headers['x-goog-api-key'] !== undefined || /[?&]key=/.test(url ?? '');

export const geminiDialect: Dialect = {
  id: 'gemini',
  owns: (path, request) =>
    path === '/v1beta/models' ||
    path.startsWith('/v1beta/models/') ||
    OWN.test(path) ||
    VERTEX.test(path) ||
    (keyed(request) && (LIST.test(path) || ONE.test(path))),
  handle,
};

/** What the path and query ask for. */
interface Asked extends Framing {
  readonly model: string;
  readonly method: string;
}

function askedBy(path: string, query: URLSearchParams): Asked | null {
  const own = OWN.exec(path);
  const [, model, method] = own ?? VERTEX.exec(path) ?? [];
  if (model === undefined || method === undefined) return null;
  const sse = query.get('alt') === 'sse';
  const framing = method === 'streamGenerateContent' ? (sse ? 'events' : 'array') : 'whole';
  return { model: decoded(model), method, framing, callIds: own !== null };
}

function keyOf({ headers }: IncomingMessage, query: URLSearchParams): string | null {
  const header = headers['x-goog-api-key'];
  if (typeof header === 'string') return header;
  const bearer = /^bearer +(\S+)/i.exec(headers.authorization ?? '');
  return query.get('key') ?? bearer?.[1] ?? null;
}

/** As the call log names it: a stream is the same operation. */
function operationOf(asked: Asked | null, lists: boolean): string {
  if (asked === null) return lists ? 'models' : 'none';
  return asked.method === 'streamGenerateContent' ? 'generateContent' : asked.method;
}

function handle(
  state: ProviderState,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): void {
  const face = geminiFace;
  const query = new URL(request.url ?? '', 'http://localhost').searchParams;
  const key = keyOf(request, query);
  const owner = key === null ? null : state.ownerOf(key);
  const asked = request.method === 'POST' ? askedBy(path, query) : null;
  const lists = request.method === 'GET' && (LIST.test(path) || ONE.test(path));
  const operation = operationOf(asked, lists);
  const dialect = 'gemini';
  const opening = { state, request, response, path, face, dialect, owner, operation };
  const exchange = openExchange(opening);
  if (exchange === null) return;
  if (asked !== null && owner !== null) {
    readBody(
      exchange,
      owner,
      (limit) => invalid(`Request payload size exceeds the limit: ${limit} bytes.`),
      (bytes) => answer(exchange, owner, asked, bytes),
    );
    return;
  }
  request.resume();
  if (asked === null && !lists) {
    const missing = invalid(`Requested entity was not found: ${path}`, 404);
    return refuse(exchange, owner, missing, 'invalid_request');
  }
  if (owner === null) {
    return refuse(exchange, null, unknownCaller(exchange, key), 'unknown_key');
  }
  if (!refusedCredential(exchange, owner, null)) answerModels(exchange, owner, path);
}

/** A token is refused otherwise than a key. */
const unknownCaller = ({ face, request, requestId }: Exchange, key: string | null): Refusal =>
  request.headers.authorization === undefined
    ? face.unknownKey(key, requestId)
    : invalid(
        'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
        401,
      );

function answer(exchange: Exchange, owner: KeyOwner, asked: Asked, bytes: Uint8Array): void {
  exchange.call.model = asked.model;
  if (refusedCredential(exchange, owner, asked.model)) return;
  const body = parseJson(bytes);
  const call =
    body === null
      ? invalid('Invalid JSON payload received.')
      : callOf(exchange, owner, asked, body);
  if (isRefusal(call)) return refuse(exchange, owner, call, 'invalid_request');
  serveCall(exchange, owner, call);
}

function callOf(
  exchange: Exchange,
  owner: KeyOwner,
  asked: Asked,
  body: JsonObject,
): CheckedCall | Refusal {
  if (asked.method === 'countTokens') return countCall(asked, body);
  return asked.method === 'embedContent' || asked.method === 'batchEmbedContents'
    ? embedCall(exchange, owner, asked, body)
    : generateCall(exchange, owner, asked, body);
}

/** A model that cannot do what is asked is not found. */
const wrongKind = (
  exchange: Exchange,
  owner: KeyOwner,
  model: ModelProfile,
  kind: ModelProfile['kind'],
): Refusal | null =>
  (model.kind ?? 'chat') === kind
    ? null
    : exchange.face.refusals.model_not_found(refusedCall(exchange, owner, { model: model.id }), {});

function generateCall(
  exchange: Exchange,
  owner: KeyOwner,
  asked: Asked,
  body: JsonObject,
): CheckedCall | Refusal {
  const request = readContents(body);
  if (isRefusal(request)) return request;
  const { inputTokens, allowance, prompt } = request.heard;
  return {
    model: asked.model,
    stream: asked.framing !== 'whole',
    inputTokens,
    allowance,
    prompt,
    check: (model) =>
      wrongKind(exchange, owner, model, 'chat') ??
      (model.contextTokens !== undefined && inputTokens > model.contextTokens
        ? invalid(
            `The input token count (${inputTokens}) exceeds the maximum number of tokens allowed (${model.contextTokens}).`,
          )
        : null),
    reply: (model) => contentReply(request, model, exchange.state.random, asked),
  };
}

function embedCall(
  exchange: Exchange,
  owner: KeyOwner,
  asked: Asked,
  body: JsonObject,
): CheckedCall | Refusal {
  const request = readEmbed(body, asked.method === 'batchEmbedContents');
  if (isRefusal(request)) return request;
  return {
    model: asked.model,
    stream: false,
    inputTokens: request.inputTokens,
    allowance: 0,
    prompt: request.texts.at(-1) ?? '',
    check: (model) => wrongKind(exchange, owner, model, 'embeddings'),
    reply: (model) => embedReply(request, model),
  };
}

function countCall(asked: Asked, body: JsonObject): CheckedCall | Refusal {
  const whole = field(body, 'generateContentRequest');
  const request = readContents(isObject(whole) ? whole : body, true);
  if (isRefusal(request)) return request;
  const { heard } = request;
  const { inputTokens, prompt } = heard;
  return {
    model: asked.model,
    stream: false,
    free: true,
    inputTokens,
    allowance: 0,
    prompt,
    check: () => null,
    reply: () => ({
      framed: null,
      body: () => `{"totalTokens":${inputTokens},"promptTokensDetails":${promptDetails(heard)}}`,
      outputTokens: 0,
    }),
  };
}

const modelJson = ({ id, kind, contextTokens }: ModelProfile): object => ({
  name: `models/${id}`,
  version: '001',
  displayName: id,
  inputTokenLimit: contextTokens ?? 1_048_576,
  outputTokenLimit: 65_536,
  supportedGenerationMethods:
    kind === 'embeddings'
      ? ['embedContent', 'batchEmbedContents']
      : ['generateContent', 'countTokens'],
});

function answerModels(exchange: Exchange, owner: KeyOwner, path: string): void {
  const { state, face } = exchange;
  const [, id] = ONE.exec(path) ?? [];
  if (id === undefined) {
    return sendJson(exchange, owner, { models: [...state.models.values()].map(modelJson) });
  }
  const model = state.models.get(id);
  if (model !== undefined) return sendJson(exchange, owner, modelJson(model));
  const told = refusedCall(exchange, owner, { model: id });
  refuse(exchange, owner, face.refusals.model_not_found(told, {}), 'model_not_found');
}
