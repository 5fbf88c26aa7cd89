/**
 * Anthropic's own Messages API, text only: who calls, what for, what it is answered. Shapes: docs.claude.com/en/api/messages and
 * …/build-with-claude/streaming; texts of refusals as pydantic words them, quoted in public issues.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { anthropicFace } from '../../faces/anthropic.ts';
import type { KeyOwner, ProviderState } from '../../provider-state.ts';
import type { Dialect, Exchange } from '../dialect.ts';
import { openExchange, readBody, refuse, refusedCredential } from '../exchange.ts';
import { modelOf, parseJson } from '../json-body.ts';
import { isRefusal, serveCall } from '../serve-call.ts';
import { messageReply } from './message-answer.ts';
import { invalid, readMessages } from './request.ts';

const PATH = '/v1/messages';

export const anthropicDialect: Dialect = {
  id: 'anthropic',
  owns: (path) => path === PATH || path.startsWith(`${PATH}/`),
  handle,
};

function keyOf({ headers }: IncomingMessage): string | null {
  const own = headers['x-api-key'];
  if (typeof own === 'string' && own !== '') return own;
  const bearer = /^bearer +(\S+)/i.exec(headers.authorization ?? '');
  return bearer?.[1] ?? null;
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
  const known = path === PATH && request.method === 'POST';
  const operation = known ? 'messages' : 'none';
  const exchange = openExchange({
    state,
    request,
    response,
    path,
    face,
    dialect: 'anthropic',
    owner,
    operation,
  });
  if (exchange === null) return;
  if (known && owner !== null && request.headers['anthropic-version'] !== undefined) {
    readBody(
      exchange,
      owner,
      () => invalid('Request exceeds the maximum size', 413),
      (bytes) => answer(exchange, owner, bytes),
    );
    return;
  }
  request.resume();
  if (path !== PATH) return refuse(exchange, owner, invalid('Not Found', 404), 'invalid_request');
  if (!known) {
    const wrong = { ...invalid('Method Not Allowed', 405), headers: ['allow', 'POST'] };
    return refuse(exchange, owner, wrong, 'invalid_request');
  }
  if (owner === null) {
    return refuse(exchange, null, face.unknownKey(key, exchange.requestId), 'unknown_key');
  }
  refuse(exchange, owner, invalid('anthropic-version: header is required'), 'invalid_request');
}

function answer(exchange: Exchange, owner: KeyOwner, bytes: Uint8Array): void {
  const body = parseJson(bytes);
  const named = body === null ? null : modelOf(body);
  exchange.call.model = named;
  if (refusedCredential(exchange, owner, named)) return;
  const request =
    body === null ? invalid('The request body is not valid JSON') : readMessages(body);
  if (isRefusal(request)) return refuse(exchange, owner, request, 'invalid_request');
  serveCall(exchange, owner, {
    ...request,
    check: (model) =>
      model.contextTokens !== undefined && request.inputTokens > model.contextTokens
        ? invalid(
            `prompt is too long: ${request.inputTokens} tokens > ${model.contextTokens} maximum`,
          )
        : null,
    reply: (model) => messageReply(request, model, exchange.state.random),
  });
}
