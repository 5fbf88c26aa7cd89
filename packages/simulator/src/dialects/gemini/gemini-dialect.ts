/**
 * Gemini's own API, text only: generateContent, streamGenerateContent (as events with `alt=sse`, else one JSON array) and the list of
 * models. Shapes: ai.google.dev/api/generate-content and a reply quoted in github.com/n4ze3m/page-assist/issues/406.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { geminiFace } from '../../faces/gemini.ts';
import type { KeyOwner, ProviderState } from '../../provider-state.ts';
import type { Dialect, Exchange } from '../dialect.ts';
import { openExchange, readBody, refuse, refusedCredential, sendJson } from '../exchange.ts';
import { parseJson } from '../json-body.ts';
import { isRefusal, serveCall } from '../serve-call.ts';
import { contentReply } from './content-answer.ts';
import { invalid, readContents } from './request.ts';

const MODELS = '/v1beta/models';
const CALL = /^\/v1beta\/models\/([^/:]+):(generateContent|streamGenerateContent)$/;

export const geminiDialect: Dialect = {
  id: 'gemini',
  owns: (path) => path === MODELS || path.startsWith(`${MODELS}/`),
  handle,
};

/** What the path and query ask for. */
interface Asked {
  readonly model: string;
  readonly framing: 'whole' | 'events' | 'array';
}

function askedBy(path: string, query: URLSearchParams): Asked | null {
  const [, model, method] = CALL.exec(path) ?? [];
  if (model === undefined) return null;
  if (method === 'generateContent') return { model, framing: 'whole' };
  return { model, framing: query.get('alt') === 'sse' ? 'events' : 'array' };
}

function handle(
  state: ProviderState,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): void {
  const face = geminiFace;
  const query = new URL(request.url ?? '', 'http://localhost').searchParams;
  const header = request.headers['x-goog-api-key'];
  const key = typeof header === 'string' ? header : query.get('key');
  const owner = key === null ? null : state.ownerOf(key);
  const asked = request.method === 'POST' ? askedBy(path, query) : null;
  const lists = request.method === 'GET' && path === MODELS;
  const operation = asked === null ? (lists ? 'models' : 'none') : 'generateContent';
  const exchange = openExchange({
    state,
    request,
    response,
    path,
    face,
    dialect: 'gemini',
    owner,
    operation,
  });
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
    return refuse(exchange, null, face.unknownKey(key, exchange.requestId), 'unknown_key');
  }
  if (!refusedCredential(exchange, owner, null)) listModels(exchange, owner);
}

function answer(exchange: Exchange, owner: KeyOwner, asked: Asked, bytes: Uint8Array): void {
  exchange.call.model = asked.model;
  if (refusedCredential(exchange, owner, asked.model)) return;
  const body = parseJson(bytes);
  const request = body === null ? invalid('Invalid JSON payload received.') : readContents(body);
  if (isRefusal(request)) return refuse(exchange, owner, request, 'invalid_request');
  serveCall(exchange, owner, {
    ...request,
    model: asked.model,
    stream: asked.framing === 'events',
    check: (model) =>
      model.contextTokens !== undefined && request.inputTokens > model.contextTokens
        ? invalid(
            `The input token count (${request.inputTokens}) exceeds the maximum number of tokens allowed (${model.contextTokens}).`,
          )
        : null,
    reply: (model) =>
      contentReply(request, model, exchange.state.random, asked.framing === 'array'),
  });
}

function listModels(exchange: Exchange, owner: KeyOwner): void {
  const models = [...exchange.state.models.values()].map(({ id, kind, contextTokens }) => ({
    name: `models/${id}`,
    version: '001',
    displayName: id,
    inputTokenLimit: contextTokens ?? 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: [kind === 'embeddings' ? 'embedContent' : 'generateContent'],
  }));
  sendJson(exchange, owner, { models });
}
