/** The OpenAI API: who calls, what for, whether it is admitted, what it is answered. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { cut, deliver } from '../../behaviour/deliver.ts';
import { failed } from '../../behaviour/pace.ts';
import type { KeyOwner, ProviderState } from '../../provider-state.ts';
import type { Dialect, Exchange } from '../dialect.ts';
import { answerCall } from './answer-call.ts';
import { bodyTooLarge, invalidKey, mismatched, missingKey } from './errors.ts';
import type { Refusal } from './errors.ts';
import { accountHeaders, edgeHeaders } from './headers.ts';
import { answerModel, answerModels } from './models-answer.ts';
import { refusalAnswer, refusedCredential, subjectOf } from './refuse.ts';
import { routeOf } from './routes.ts';
import type { Route } from './routes.ts';

const MAX_BODY = 32 * 1024 * 1024;

export const openaiDialect: Dialect = {
  id: 'openai',
  owns: (path) => path.startsWith('/v1/') || path === '/v1',
  handle,
};

function bearerOf(request: IncomingMessage): string | null {
  const header = request.headers.authorization;
  if (header === undefined || !/^bearer /i.test(header)) return null;
  const value = header.slice(7).trim();
  return value === '' ? null : value;
}

function handle(
  state: ProviderState,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): void {
  const bearer = bearerOf(request);
  const owner = bearer === null ? null : state.ownerOf(bearer);
  const route = routeOf(request.method ?? 'GET', path);
  const operation = 'status' in route ? 'none' : route.kind === 'call' ? route.operation : 'models';
  const call = state.calls.begin(owner, operation);
  const exchange: Exchange = { state, request, response, call, path };
  response.once('close', () => {
    if (!response.writableFinished && state.closing) call.cut = true;
    if (!response.writableFinished && !call.cut) call.aborted = true;
    state.calls.end(call);
  });
  const subject = subjectOf(owner, null, false);
  const connect = state.faults.plan('connect', subject, state.clock.now());
  if (connect.acting !== null) {
    call.fault = connect.acting.fault;
    return cut(exchange);
  }
  const refusal = 'status' in route ? route : identify(exchange, owner, bearer);
  if (refusal !== null || 'status' in route || owner === null || bearer === null) {
    request.resume();
    const headers = owner === null ? edgeHeaders(exchange) : accountHeaders(exchange, owner);
    return deliver(exchange, refusalAnswer(refusal ?? missingKey(), headers));
  }
  proceed(exchange, owner, route);
}

function identify(
  exchange: Exchange,
  owner: KeyOwner | null,
  bearer: string | null,
): Refusal | null {
  if (bearer === null) return missingKey();
  if (owner === null) return invalidKey(bearer);
  const { headers } = exchange.request;
  const organization = headers['openai-organization'];
  if (organization !== undefined && organization !== owner.organization) {
    return mismatched('Organization');
  }
  const project = headers['openai-project'];
  return project !== undefined && project !== owner.project ? mismatched('Project') : null;
}

function proceed(exchange: Exchange, owner: KeyOwner, route: Route): void {
  if (route.kind === 'call') {
    readBody(exchange, owner, (body) => answerCall(exchange, owner, route.operation, body));
    return;
  }
  exchange.request.resume();
  if (refusedCredential(exchange, owner, null)) return;
  const headers = accountHeaders(exchange, owner);
  const answer =
    route.kind === 'models'
      ? answerModels(exchange.state)
      : answerModel(exchange.state, route.model);
  deliver(exchange, { ...answer, headers: [...answer.headers, ...headers] });
}

function readBody(exchange: Exchange, owner: KeyOwner, done: (body: Uint8Array) => void): void {
  const { request, response } = exchange;
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes <= MAX_BODY) chunks.push(chunk);
    else chunks.length = 0;
  });
  request.on('end', () => {
    if (response.destroyed) return;
    if (bytes > MAX_BODY) {
      const headers = accountHeaders(exchange, owner);
      deliver(exchange, refusalAnswer(bodyTooLarge(MAX_BODY), headers));
      return;
    }
    const [only] = chunks;
    try {
      done(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
    } catch (error) {
      failed(response, error);
    }
  });
  // a request that breaks off has no answer; the response's close ends the call
  request.on('error', () => response.destroy());
}
