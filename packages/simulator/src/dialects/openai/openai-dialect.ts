/** The OpenAI API: who calls, what for, whether it is admitted, what it is answered. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { deliver } from '../../behaviour/deliver.ts';
import type { Face } from '../../faces/face.ts';
import type { Refusal } from '../../faces/refusal.ts';
import type { KeyOwner, ProviderState } from '../../provider-state.ts';
import type { Dialect, Exchange } from '../dialect.ts';
import { openExchange, readBody, refuse, refusedCredential, stampedHeaders } from '../exchange.ts';
import { answerCall } from './answer-call.ts';
import { answerModel, answerModels } from './models-answer.ts';
import { bodyTooLarge, mismatched } from './request-errors.ts';
import { routeOf } from './routes.ts';
import type { Route } from './routes.ts';

/** Where Gemini's compatible endpoint has its paths. */
const COMPATIBLE = '/v1beta/openai/';

export const openaiDialect: Dialect = {
  id: 'openai',
  owns: (path) => path.startsWith('/v1/') || path === '/v1' || path.startsWith(COMPATIBLE),
  handle,
};

function keyOf({ headers }: IncomingMessage, { keyHeader }: Face): string | null {
  const own = keyHeader === undefined ? undefined : headers[keyHeader];
  if (typeof own === 'string' && own !== '') return own;
  const header = headers.authorization;
  if (header === undefined || !/^bearer /i.test(header)) return null;
  const value = header.slice(7).trim();
  return value === '' ? null : value;
}

function handle(
  state: ProviderState,
  request: IncomingMessage,
  response: ServerResponse,
  given: string,
): void {
  const path = given.startsWith(COMPATIBLE) ? `/v1/${given.slice(COMPATIBLE.length)}` : given;
  serveOpenai({ state, request, response, path, face: state.face });
}

/** A request in OpenAI's shapes, wherever its vendor has the path. */
export interface OpenaiCall {
  readonly state: ProviderState;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** As OpenAI has it: `/v1/…`. */
  readonly path: string;
  readonly face: Face;
  /** What the call log names it where it is not OpenAI's own. */
  readonly dialect?: string;
  /** The model that the vendor's path names. */
  readonly deployment?: string | null;
  /** What is wrong with it, beside an unknown key. */
  readonly wrong?: Refusal | null;
}

export function serveOpenai(given: OpenaiCall): void {
  const { state, request, path, face } = given;
  const key = keyOf(request, face);
  const owner = key === null ? null : state.ownerOf(key);
  const route = routeOf(request.method ?? 'GET', path);
  const operation = operationOf(route);
  const own = 'status' in route || route.kind !== 'own' ? 'openai' : route.own.dialect;
  const dialect = given.dialect ?? own;
  const exchange = openExchange({ ...given, dialect, owner, operation });
  if (exchange === null) return;
  const wrong = 'status' in route ? route : wrongCaller(exchange, key, owner, given.wrong ?? null);
  if (wrong !== null || owner === null || 'status' in route) {
    request.resume();
    const reason = owner === null && !('status' in route) ? 'unknown_key' : 'invalid_request';
    if (wrong !== null) refuse(exchange, owner, wrong, reason);
    return;
  }
  proceed(exchange, owner, route);
}

function wrongCaller(
  exchange: Exchange,
  key: string | null,
  owner: KeyOwner | null,
  wrong: Refusal | null,
): Refusal | null {
  if (owner === null) return exchange.face.unknownKey(key, exchange.requestId);
  return wrong ?? mismatchOf(exchange, owner);
}

function operationOf(route: Route | Refusal): string {
  if ('status' in route) return 'none';
  if (route.kind === 'own') return route.own.operation;
  return route.kind === 'call' ? route.operation : 'models';
}

function mismatchOf(exchange: Exchange, owner: KeyOwner): Refusal | null {
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
    readBody(exchange, owner, bodyTooLarge, (body) =>
      answerCall(exchange, owner, route.operation, body),
    );
    return;
  }
  if (route.kind === 'own') {
    const { own, parts } = route;
    readBody(exchange, owner, bodyTooLarge, (bytes) =>
      own.handle({ exchange, owner, bytes, parts }),
    );
    return;
  }
  exchange.request.resume();
  if (refusedCredential(exchange, owner, null)) return;
  const answer =
    route.kind === 'models'
      ? answerModels(exchange.state)
      : answerModel(exchange, owner, route.model);
  deliver(exchange, {
    ...answer,
    headers: [...answer.headers, ...stampedHeaders(exchange, owner)],
  });
}
