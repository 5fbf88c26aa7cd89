import { isObjectId, type AskedKind, type OwnedObject } from '@keywell/core/ownership/owned-object';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse, retryAfterHeaders } from '../pipeline/refusal.ts';
import type { Phase, PhaseResult } from '../pipeline/route.ts';
import type { LiveModel, LiveSnapshot } from '../snapshot/live-snapshot.ts';
import { poolSuits, type Pin } from './pin.ts';
import { findOwned, notFound } from './pin-call.ts';
import { noBody, type ObjectCall } from './upstream-call.ts';

/** The operation of a provider that each kind of object belongs to. */
const OPERATION_OF = { file: 'files', batch: 'batches', response: 'responses' } as const;

/** What one path asks about one object. */
export interface ObjectQuestion {
  readonly about: AskedKind;
  readonly method: ObjectCall['method'];
  /** What follows the id: `/content`. */
  readonly part: string;
  readonly effect: ObjectCall['effect'];
  /** Names of the parameters of the query that are passed on. */
  readonly query?: readonly string[];
}

/** Finds the caller's object by the path's id, and with it where it has to be asked for. May answer 400, 404, 503. */
export function findObject(question: ObjectQuestion): Phase {
  return async (exchange, plane) => {
    const { about, method, part, effect } = question;
    const id = exchange.pathParameter;
    if (!isObjectId(id)) return notFound(about, 'id');
    const found = await findOwned(exchange, plane, [{ kind: about, id }]);
    if (!Array.isArray(found)) return { ...found, param: 'id' };
    const [object] = found;
    if (object === undefined) return notFound(about, 'id');
    const operation = OPERATION_OF[about];
    const speaks = about === 'response' ? ('openai-responses' as const) : null;
    const refusal = pinTo(exchange, object, { home: object.home, offers: operation, speaks });
    if (refusal !== null) return refusal;
    exchange.asks = {
      kind: 'object',
      operation,
      method,
      suffix: `/${id}${part}`,
      query: allowedQuery(exchange.query, question.query ?? []),
      repeatable: method === 'GET',
      about,
      object,
      effect,
      bodyFor: method === 'POST' ? () => EMPTY : noBody,
    };
    return null;
  };
}

const EMPTY = new Uint8Array(0);

/** Has the call served where the object is kept, by the pool it was made with or, where that is gone, any that reaches the place. */
export function pinTo(exchange: Exchange, object: OwnedObject, pin: Pin): PhaseResult {
  const model = modelReaching(exchange.live, object.model, pin);
  if (model === null) {
    const message = `The account at which this ${object.kind} is kept is not configured here any more.`;
    return refuse('object_out_of_reach', message, { headers: ['x-should-retry', 'false'] });
  }
  exchange.pin = pin;
  exchange.model = model;
  exchange.modelName = model.alias;
  return null;
}

function modelReaching(live: LiveSnapshot, first: string, pin: Pin): LiveModel | null {
  const own = live.find(first)?.model ?? null;
  if (own !== null && poolSuits(own, pin)) return own;
  return [...live.models.values()].find((model) => poolSuits(model, pin)) ?? null;
}

const nameOf = (part: string): string =>
  part.split('=', 1)[0]?.replace(/(?:\[\]|%5B%5D)$/i, '') ?? '';

/** Parameters as they came, of those names alone: credentials and whatever else stands there stay here. */
function allowedQuery(query: string, names: readonly string[]): string {
  if (query === '') return '';
  return query
    .split('&')
    .filter((part) => names.includes(nameOf(part)))
    .join('&');
}

const MOST_LISTED = 10_000;
const USUALLY_LISTED = { file: 10_000, batch: 20, response: 20 } as const;

/** The caller's own objects as they were last seen, newest first, paged as OpenAI pages them. May answer 400, 503. */
export function listObjects(about: AskedKind): Phase {
  return async (exchange, plane) => {
    const asked = readPage(exchange.query, USUALLY_LISTED[about]);
    if (asked === null) {
      return refuse(
        'invalid_parameter',
        `The limit must be a whole number from 1 to ${MOST_LISTED}.`,
        {
          param: 'limit',
        },
      );
    }
    const { consumer } = exchange;
    if (consumer === null) return refuse('internal_error');
    const owned = await plane.owners.list(consumer.record.id, about);
    if (owned === 'late') return refuse('overloaded', null, { headers: retryAfterHeaders(1000) });
    answerJson(exchange, renderPage(owned, asked));
    return 'done';
  };
}

interface Page {
  readonly limit: number;
  readonly after: string | null;
  readonly purpose: string | null;
  readonly oldestFirst: boolean;
}

function readPage(query: string, usual: number): Page | null {
  const parameters = new URLSearchParams(query);
  const limit = Number(parameters.get('limit') ?? usual);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_LISTED) return null;
  return {
    limit,
    after: parameters.get('after'),
    purpose: parameters.get('purpose'),
    oldestFirst: parameters.get('order') === 'asc',
  };
}

function renderPage(owned: readonly OwnedObject[], page: Page): string {
  const ordered = page.oldestFirst ? owned.toReversed() : owned;
  const shown = ordered.filter(
    (object) => object.json !== null && hasPurpose(object, page.purpose),
  );
  const from = page.after === null ? 0 : shown.findIndex(({ id }) => id === page.after) + 1;
  const listed = shown.slice(from, from + page.limit);
  const ids = JSON.stringify({
    first_id: listed[0]?.id ?? null,
    last_id: listed.at(-1)?.id ?? null,
    has_more: from + listed.length < shown.length,
  });
  const data = listed.map(({ json }) => json ?? '').join(',');
  return `{"object":"list","data":[${data}],${ids.slice(1)}`;
}

/** Whether the provider said so of a file; null asks for none. */
export function hasPurpose({ json }: OwnedObject, purpose: string | null): boolean {
  if (purpose === null) return true;
  if (json === null) return false;
  try {
    const { purpose: own }: { readonly purpose?: unknown } = JSON.parse(json);
    return own === purpose;
  } catch {
    return false;
  }
}

function answerJson(exchange: Exchange, body: string): void {
  exchange.status = 200;
  exchange.responseBytes = Buffer.byteLength(body);
  exchange.inbound.respond(
    200,
    [
      'content-type',
      'application/json',
      'keywell-request-id',
      exchange.id,
      ...exchange.limitHeaders,
    ],
    body,
  );
}

/** What a phase after `authorize` and `resolve` needs to know: that the pool can serve it at all. May answer 400. */
export function checkReach(exchange: Exchange, _plane: Plane): PhaseResult {
  const { model, pin } = exchange;
  if (model === null || pin === null || poolSuits(model, pin)) return null;
  if (pin.home !== null) {
    return refuse('object_out_of_reach', null, { headers: ['x-should-retry', 'false'] });
  }
  return refuse('invalid_parameter', 'No provider of this model takes files.', {
    param: 'keywell-model',
    headers: ['x-should-retry', 'false'],
  });
}
