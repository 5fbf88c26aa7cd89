/** What the smaller paths of the OpenAI API have in common: a model of their kind, one answer, charged like any other call. */
import type { Refusal } from '../../faces/refusal.ts';
import type { ModelProfile } from '../../profile/profile-schema.ts';
import type { ProviderState } from '../../provider-state.ts';
import { refuse, refusedCredential } from '../exchange.ts';
import { isObject, parseJson } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import type { OwnRoute, RoutedCall } from '../openai/own-route.ts';
import { badRequest, malformedJson } from '../openai/request-errors.ts';
import { isRefusal, serveCall } from '../serve-call.ts';
import type { Framed, PricedReply } from '../serve-call.ts';
import { readForm } from './multipart.ts';
import type { Form } from './multipart.ts';

/** A request that is right, and what it is answered. */
export interface EndpointCall {
  /** Null: the profile's first of the kind. */
  readonly model: string | null;
  readonly stream?: boolean;
  readonly prompt: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly answer: (model: ModelProfile) => Pick<PricedReply, 'body' | 'type'> & {
    readonly framed?: Framed;
  };
}

type Kind = NonNullable<ModelProfile['kind']>;

const firstOf = (state: ProviderState, kind: Kind): string | null =>
  [...state.models.values()].find((model) => model.kind === kind)?.id ?? null;

/** Serves what was read for a model of the kind. */
function serveEndpoint(
  { exchange, owner }: RoutedCall,
  kind: Kind,
  read: EndpointCall | Refusal,
): void {
  if (isRefusal(read)) return refuse(exchange, owner, read, 'invalid_request');
  const asked = exchange.deployment ?? read.model ?? firstOf(exchange.state, kind);
  if (asked === null) {
    return refuse(
      exchange,
      owner,
      badRequest('you must provide a model parameter'),
      'invalid_request',
    );
  }
  exchange.call.model = asked;
  const { stream, prompt, inputTokens, outputTokens, answer } = read;
  serveCall(exchange, owner, {
    model: asked,
    stream: stream ?? false,
    inputTokens,
    allowance: outputTokens,
    prompt,
    check: (model) =>
      model.kind === kind
        ? null
        : badRequest(
            `This model is not supported in the ${exchange.path.slice(1)} endpoint.`,
            'model',
          ),
    reply: (model) => ({ framed: null, outputTokens, ...answer(model) }),
  });
}

export const textField = (body: JsonObject, name: string): string | null =>
  typeof body[name] === 'string' ? body[name] : null;

/** A path that takes JSON. */
export const jsonRoute = (
  path: RegExp,
  operation: string,
  kind: Kind,
  read: (body: JsonObject, call: RoutedCall) => EndpointCall | Refusal,
): OwnRoute => ({
  method: 'POST',
  path,
  operation,
  dialect: 'openai',
  handle: (call) => {
    const { exchange, owner, bytes } = call;
    const body = parseJson(bytes);
    const named = exchange.deployment ?? (body === null ? null : textField(body, 'model'));
    exchange.call.model = named;
    if (refusedCredential(exchange, owner, named)) return;
    serveEndpoint(call, kind, isObject(body) ? read(body, call) : malformedJson());
  },
});

/** A path that takes a form with files. */
export const formRoute = (
  path: RegExp,
  operation: string,
  kind: Kind,
  read: (form: Form, call: RoutedCall) => EndpointCall | Refusal,
): OwnRoute => ({
  method: 'POST',
  path,
  operation,
  dialect: 'openai',
  handle: (call) => {
    const { exchange, owner, bytes } = call;
    const form = readForm(exchange.request, bytes);
    const named = exchange.deployment ?? form?.text('model') ?? null;
    exchange.call.model = named;
    if (refusedCredential(exchange, owner, named)) return;
    serveEndpoint(call, kind, form === null ? noForm() : read(form, call));
  },
});

export const noForm = (): Refusal =>
  badRequest(
    'Could not parse multipart form. Make sure the body is multipart/form-data with a boundary.',
  );
