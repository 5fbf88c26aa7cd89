/** Bedrock's Converse and ConverseStream: who signs, what for, what it is answered. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { bedrockFace, exception } from '../../faces/bedrock.ts';
import type { Refusal } from '../../faces/refusal.ts';
import type { ModelProfile } from '../../profile/profile-schema.ts';
import type { KeyOwner, ProviderState } from '../../provider-state.ts';
import { decoded } from '../decoded.ts';
import type { Dialect, Exchange } from '../dialect.ts';
import { openExchange, readBody, refuse, refusedCall, refusedCredential } from '../exchange.ts';
import { parseJson } from '../json-body.ts';
import { isRefusal, serveCall } from '../serve-call.ts';
import { converseReply } from './converse-answer.ts';
import { invalid } from './request-checks.ts';
import { readConverse } from './request.ts';
import type { ConverseRequest } from './request.ts';
import { callerOf } from './signature.ts';

const CALL = /^\/model\/([^/]+)\/(converse|converse-stream)$/;

export const bedrockDialect: Dialect = {
  id: 'bedrock',
  owns: (path) => path.startsWith('/model/'),
  handle,
};

const UNKNOWN = '<UnknownOperationException/>';

function handle(
  state: ProviderState,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): void {
  const { owner, refusal, wrongBody } = callerOf(state, request);
  const [, model, method] = request.method === 'POST' ? (CALL.exec(path) ?? []) : [];
  const operation = model === undefined ? 'none' : 'converse';
  const [face, dialect] = [bedrockFace, 'bedrock'];
  const opening = { state, request, response, path, face, dialect, owner, operation };
  const exchange = openExchange(opening);
  if (exchange === null) return;
  if (model === undefined || owner === null) {
    request.resume();
    const missing = { ...exception(404, '', 'UnknownOperationException'), body: UNKNOWN };
    if (model === undefined) return refuse(exchange, owner, missing, 'invalid_request');
    return refuse(exchange, null, refusal, 'unknown_key');
  }
  readBody(
    exchange,
    owner,
    () => exception(413, 'Request body is too large.', 'RequestEntityTooLargeException'),
    (bytes) => {
      const forged = wrongBody(bytes);
      if (forged !== null) return refuse(exchange, owner, forged, 'wrong_signature');
      answer(
        exchange,
        owner,
        { model: decoded(model), stream: method === 'converse-stream' },
        bytes,
      );
    },
  );
}

function answer(
  exchange: Exchange,
  owner: KeyOwner,
  asked: { readonly model: string; readonly stream: boolean },
  bytes: Uint8Array,
): void {
  exchange.call.model = asked.model;
  if (refusedCredential(exchange, owner, asked.model)) return;
  const body = parseJson(bytes);
  const request =
    body === null
      ? invalid('Malformed input request, please reformat your input and try again.')
      : readConverse(body);
  if (isRefusal(request)) return refuse(exchange, owner, request, 'invalid_request');
  const { heard, prefixes } = request;
  const { kept, random } = exchange.state;
  const cache = kept.promptCache.useOf(owner.organization, prefixes);
  serveCall(exchange, owner, {
    ...asked,
    inputTokens: heard.inputTokens - cache.read,
    allowance: heard.allowance,
    prompt: heard.prompt,
    check: (model) => checkModel(exchange, owner, request, model),
    reply: (model) => ({
      ...converseReply(request, model, random, cache),
      admitted: () => kept.promptCache.keep(owner.organization, prefixes),
    }),
  });
}

function checkModel(
  exchange: Exchange,
  owner: KeyOwner,
  { heard }: ConverseRequest,
  model: ModelProfile,
): Refusal | null {
  if ((model.kind ?? 'chat') !== 'chat') {
    const told = refusedCall(exchange, owner, { model: model.id });
    return exchange.face.refusals.model_not_found(told, {});
  }
  return model.contextTokens !== undefined && heard.inputTokens > model.contextTokens
    ? invalid('Input is too long for requested model.')
    : null;
}
