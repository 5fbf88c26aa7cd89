/** The paths of the Responses API: create, read, delete, list what went in, count. What is kept is its organization's alone. */
import type { Refusal } from '../../faces/refusal.ts';
import type { ModelProfile } from '../../profile/profile-schema.ts';
import { refuse, refusedCredential, sendJson } from '../exchange.ts';
import { modelOf, parseJson } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import type { OwnRoute, RoutedCall } from '../openai/own-route.ts';
import { badRequest, malformedJson } from '../openai/request-errors.ts';
import { shown } from '../openai/value-checks.ts';
import { isRefusal, serveCall } from '../serve-call.ts';
import type { PricedReply } from '../serve-call.ts';
import { knownTo } from './item-checks.ts';
import { readResponses } from './request.ts';
import type { ResponsesRequest } from './request.ts';
import { makeResponse } from './response-answer.ts';

/** 400, as replies quoted in public issues have it (Soju06/codex-lb/issues/853, maximhq/bifrost/issues/2441). */
const unknownPrevious = (id: unknown): Refusal =>
  badRequest(
    `Previous response with id '${shown(id)}' not found.`,
    'previous_response_id',
    'previous_response_not_found',
  );

const unknownResponse = (id: string): Refusal => ({
  ...badRequest(`Response with id '${shown(id)}' not found.`),
  status: 404,
});

function requestOf({ exchange, owner }: RoutedCall, body: JsonObject): ResponsesRequest | Refusal {
  const { kept } = exchange.state;
  const previous = body['previous_response_id'];
  const known = knownTo(owner, kept);
  if (previous === undefined || previous === null) return readResponses(body, known, []);
  const found =
    typeof previous === 'string' ? kept.responses.get(owner.organization, previous) : null;
  return found === null
    ? unknownPrevious(previous)
    : readResponses(body, known, found.conversation);
}

function checkModel({ heard }: ResponsesRequest, model: ModelProfile): Refusal | null {
  if ((model.kind ?? 'chat') !== 'chat') {
    return badRequest(
      'This model is not supported in the v1/responses endpoint.',
      'model',
      'unsupported_model',
    );
  }
  return model.contextTokens !== undefined && heard.inputTokens > model.contextTokens
    ? badRequest(
        'Your input exceeds the context window of this model. Please adjust your input and try again.',
        'input',
        'context_length_exceeded',
      )
    : null;
}

function reply(
  { exchange, owner }: RoutedCall,
  request: ResponsesRequest,
  model: ModelProfile,
): PricedReply {
  const { random, clock, kept } = exchange.state;
  const { id, json, items, priced } = makeResponse(request, model, owner, {
    random,
    at: clock.wallNow(),
  });
  if (!request.store) return priced;
  const { organization } = owner;
  const output = items.map(({ whole }) => whole);
  const admitted = (): void => {
    const conversation = [...request.conversation, ...output];
    kept.responses.put(organization, id, { json, input: request.input, conversation });
    for (const item of items) kept.items.put(organization, item.id, item.whole);
  };
  return { ...priced, admitted };
}

function create(call: RoutedCall, counting: boolean): void {
  const { exchange, owner, bytes } = call;
  const body = parseJson(bytes);
  const named = body === null ? null : modelOf(body);
  exchange.call.model = named;
  if (refusedCredential(exchange, owner, named)) return;
  const request = body === null ? malformedJson() : requestOf(call, body);
  if (isRefusal(request)) return refuse(exchange, owner, request, 'invalid_request');
  const { model, stream, heard } = request;
  const { inputTokens, allowance, prompt } = heard;
  const counted: PricedReply = {
    framed: null,
    body: () => JSON.stringify({ object: 'response.input_tokens', input_tokens: inputTokens }),
    outputTokens: 0,
  };
  serveCall(exchange, owner, {
    model,
    stream: stream && !counting,
    free: counting,
    inputTokens,
    allowance,
    prompt,
    check: (profile) => checkModel(request, profile),
    reply: (profile) => (counting ? counted : reply(call, request, profile)),
  });
}

/** Reads something kept; what is unknown is refused. */
function read(
  call: RoutedCall,
  answer: (json: string, input: readonly unknown[]) => unknown,
): void {
  const { exchange, owner, parts } = call;
  const [id = ''] = parts;
  if (refusedCredential(exchange, owner, null)) return;
  const kept = exchange.state.kept.responses.get(owner.organization, id);
  if (kept === null) return refuse(exchange, owner, unknownResponse(id), 'not_found');
  sendJson(exchange, owner, answer(kept.json, kept.input));
}

const ONE = /^\/v1\/responses\/([^/]+)$/;
const route = (
  method: OwnRoute['method'],
  path: RegExp,
  operation: string,
  handle: OwnRoute['handle'],
): OwnRoute => ({ method, path, operation, dialect: 'responses', handle });

export const RESPONSES_ROUTES: readonly OwnRoute[] = [
  route('POST', /^\/v1\/responses$/, 'responses', (call) => create(call, false)),
  route('POST', /^\/v1\/responses\/input_tokens$/, 'responses.count', (call) => create(call, true)),
  route('GET', ONE, 'responses.read', (call) => read(call, (json) => JSON.parse(json))),
  route('DELETE', ONE, 'responses.delete', (call) => {
    const [id = ''] = call.parts;
    read(call, () => {
      call.exchange.state.kept.responses.delete(call.owner.organization, id);
      return { id, object: 'response', deleted: true };
    });
  }),
  route('GET', /^\/v1\/responses\/([^/]+)\/input_items$/, 'responses.read', (call) =>
    read(call, (_, input) => ({ object: 'list', data: input.toReversed(), has_more: false })),
  ),
  route('POST', /^\/v1\/responses\/([^/]+)\/cancel$/, 'responses.cancel', (call) => {
    const { exchange, owner } = call;
    if (refusedCredential(exchange, owner, null)) return;
    const wrong = badRequest('Cannot cancel a synchronous response.');
    refuse(exchange, owner, wrong, 'invalid_request');
  }),
];
