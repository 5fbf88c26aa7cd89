import type { ObjectHome, OwnedObject } from '@keywell/core/ownership/owned-object';
import type { References } from '@keywell/wire/edit/references';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse, retryAfterHeaders, type Refusal } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import { findReferences } from './find-references.ts';
import type { ObjectRef } from './messages.ts';
import { isOneAccount, isSameHome, poolSuits, type Pin } from './pin.ts';

const BUSY_RETRY_MS = 1000;
const NEVER_RETRY: readonly string[] = ['x-should-retry', 'false'];
/** A call that names more than this is none that anybody means. */
const MAX_REFERENCES = 1000;

/**
 * A conversation that goes on from a stored response, or names files, can be held only where these are kept: with keys of that quota
 * domain, and by a consumer to whom they belong. Such a call does not wait in line: time frees one domain, not the pool. May answer 400,
 * 404, 503.
 */
export function pinCall(exchange: Exchange, plane: Plane): PhaseResult | Promise<PhaseResult> {
  const { conversation, body } = exchange;
  if (conversation === null) return null;
  const references = findReferences(body, conversation);
  return references === null ? null : pinTo(exchange, plane, references);
}

async function pinTo(exchange: Exchange, plane: Plane, to: References): Promise<PhaseResult> {
  const speaks = continues(to) ? ('openai-responses' as const) : null;
  const anywhere = { home: null, offers: null, speaks };
  const barred = refuseForeign(exchange, anywhere, to);
  if (barred !== null) return barred;
  const items = await itemsOf(exchange, plane, to.items);
  if ('kind' in items) return items;
  if (items.length === 0 && namesNothingOwned(to)) return keptElsewhere(exchange, anywhere, to);
  const home = await homeOfAll(exchange, plane, to, items);
  if (home.kind === 'refusal') return home;
  const pin = { home: home.home, offers: null, speaks };
  if (exchange.model !== null && !poolSuits(exchange.model, pin)) {
    return refuse('object_out_of_reach', null, { headers: NEVER_RETRY });
  }
  exchange.pin = pin;
  exchange.patienceMs = 0;
  return null;
}

/** Whether a call goes on from something that only a provider with the Responses API keeps. */
const continues = ({ previousResponse, conversation, items }: References): boolean =>
  previousResponse !== null || conversation !== null || items.length > 0;

const namesNothingOwned = ({ files, previousResponse, conversation }: References): boolean =>
  files.length === 0 && previousResponse === null && conversation === null;

/** Items of responses, where all are known; none otherwise: they are forgotten sooner than anything else. */
async function itemsOf(
  { consumer }: Exchange,
  { owners }: Pick<Plane, 'owners'>,
  ids: readonly string[],
): Promise<readonly OwnedObject[] | Refusal> {
  if (ids.length === 0) return [];
  if (consumer === null) return refuse('internal_error');
  if (ids.length > MAX_REFERENCES) {
    return refuse('invalid_parameter', `The request names more than ${MAX_REFERENCES} items.`);
  }
  const found = await owners.find(
    consumer.record.id,
    ids.map((id) => ({ kind: 'item', id })),
  );
  if (found === 'late') return late();
  const known = found.filter((item) => item !== null);
  return known.length === ids.length ? known : [];
}

export const late = (): Refusal =>
  refuse('overloaded', null, { headers: retryAfterHeaders(BUSY_RETRY_MS) });

/**
 * What was made at no path of this gateway belongs to nobody here, and where it is cannot be known: unless there is one account only, the
 * call would sometimes meet it and sometimes not. Items that are not remembered are looked at in the same way.
 */
function keptElsewhere(exchange: Exchange, pin: Pin, { items, unowned }: References): PhaseResult {
  const { model, only } = exchange;
  if (model === null || isOneAccount(model, pin, only)) {
    if (pin.speaks !== null) exchange.pin = pin;
    return null;
  }
  if (items.length === 0) return outOfReach(unowned);
  return refuse(
    'object_out_of_reach',
    'The request names items of an earlier response that are not remembered here, and the keys of this model belong to several accounts, of which one has them: send the items themselves (store: false in most SDKs), or previous_response_id.',
    { param: 'input', headers: NEVER_RETRY },
  );
}

/** Of what was not made here, by the member that names it. */
export function outOfReach(param: string | null): Refusal {
  return refuse(
    'object_out_of_reach',
    'The request names something that was not made through this gateway, and the keys of this model belong to several accounts, of which one has it: ask for a model whose keys are of one account.',
    { param, headers: NEVER_RETRY },
  );
}

/** Responses are kept by providers that speak the API themselves; what was translated for another one is kept by nobody. */
function refuseForeign({ model }: Exchange, pin: Pin, to: References): Refusal | null {
  if (pin.speaks === null || model === null || poolSuits(model, pin)) return null;
  if (to.previousResponse === null && to.conversation === null) {
    return refuse(
      'invalid_parameter',
      'The providers of this model do not speak the Responses API themselves, so that no items are stored there to refer to: send the items themselves (store: false in most SDKs).',
      { param: 'input', headers: NEVER_RETRY },
    );
  }
  return refuse(
    'invalid_parameter',
    'The providers of this model do not speak the Responses API themselves, so that nothing is stored there to go on from: send the whole conversation as input.',
    { param: 'previous_response_id', headers: NEVER_RETRY },
  );
}

/** The one place where everything is kept. */
async function homeOfAll(
  exchange: Exchange,
  plane: Pick<Plane, 'owners'>,
  { files, previousResponse, conversation }: References,
  items: readonly OwnedObject[],
): Promise<{ readonly kind: 'home'; readonly home: ObjectHome } | Refusal> {
  // Conversations are made at no path of this gateway: none can be anybody's.
  if (conversation !== null) return notFound('conversation', 'conversation');
  if (files.length > MAX_REFERENCES) {
    return refuse('invalid_parameter', `The request names more than ${MAX_REFERENCES} files.`);
  }
  const refs: ObjectRef[] = files.map((id) => ({ kind: 'file', id }));
  if (previousResponse !== null) refs.push({ kind: 'response', id: previousResponse });
  const found = await findOwned(exchange, plane, refs);
  if (!Array.isArray(found)) return found;
  const [first, ...rest] = [...found, ...items];
  if (first === undefined) return refuse('internal_error');
  if (rest.some(({ home }) => !isSameHome(first.home, home))) {
    return refuse(
      'object_out_of_reach',
      'What the request refers to is kept with different accounts, which no one key reaches.',
      { headers: NEVER_RETRY },
    );
  }
  return { kind: 'home', home: first.home };
}

/** What the caller owns by these names; a refusal where one is unknown, or somebody else's: which of the two is nobody's business. */
export async function findOwned(
  { consumer }: Exchange,
  { owners }: Pick<Plane, 'owners'>,
  refs: readonly ObjectRef[],
): Promise<OwnedObject[] | Refusal> {
  if (consumer === null) return refuse('internal_error');
  const found = await owners.find(consumer.record.id, refs);
  if (found === 'late') return late();
  const known: OwnedObject[] = [];
  for (const [index, object] of found.entries()) {
    if (object === null) return notFound(refs[index]?.kind ?? 'file', paramOf(refs[index]));
    known.push(object);
  }
  return known;
}

const paramOf = (ref: ObjectRef | undefined): string =>
  ref?.kind === 'response' ? 'previous_response_id' : 'file_id';

export function notFound(what: string, param: string | null): Refusal {
  return refuse('object_not_found', `There is no such ${what} here.`, {
    param,
    headers: NEVER_RETRY,
  });
}
