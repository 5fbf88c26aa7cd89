import { late, notFound } from '../ownership/pin-call.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import { noteIdsInBody, noteIdsInUrl } from './ids-in.ts';

/** So many are looked up at once; nobody else waits for the rest. */
const AT_ONCE = 1000;
/** More than any call names. */
const MOST_IDS = 20_000;

/**
 * What another consumer made here is not there for the caller: an id that is known to be somebody else's at this provider is answered as
 * one that does not exist, wherever the call has it. Ids that are not known here are passed on. May answer 400, 404, 503.
 */
export async function admitPassedIds(exchange: Exchange, plane: Plane): Promise<PhaseResult> {
  const { asks, consumer, pathParameter } = exchange;
  if (asks?.kind !== 'passed' || consumer === null) return null;
  const named = new Set<string>();
  noteIdsInUrl(named, asks.path, asks.query);
  const body = asks.bodyFor();
  const type = asks.headers[asks.headers.indexOf('content-type') + 1] ?? '';
  if (body !== null) await noteIdsInBody(named, body, type);
  if (named.size > MOST_IDS) {
    return refuse('invalid_parameter', `The request names more than ${MOST_IDS} things.`, {
      headers: ['x-should-retry', 'false'],
    });
  }
  const provider = pathParameter.slice(0, pathParameter.indexOf('/'));
  const ids = [...named];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    const others = await plane.owners.foreign(consumer.record.id, provider, some);
    if (others === 'late') return late();
    const [first] = others;
    if (first !== undefined) return notFound(first.kind, null);
  }
  return null;
}
