import { OPERATIONS, type Operation } from '@keywell/providers/compatible/operations';
import { askedEndpoint } from '../ownership/upstream-call.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import { withHeaders, type TargetEndpoint, type UpstreamTarget } from './upstream-target.ts';

const JSON_TYPE = 'application/json';
const KNOWN: ReadonlySet<string> = new Set(OPERATIONS);
const isOperation = (name: string): name is Operation => KNOWN.has(name);

/** Endpoints of JSON calls, put together at their first use. */
const compiled = new WeakMap<UpstreamTarget, Map<Operation, TargetEndpoint>>();

/** Where a call that is no conversation goes. A form has a content type of its own: its boundary stands in it. */
export function operationEndpoint(
  { operation, contentType, asks }: Pick<Exchange, 'operation' | 'contentType' | 'asks'>,
  target: UpstreamTarget,
  model: string,
): TargetEndpoint {
  if (asks?.kind === 'object') return askedEndpoint(asks, target, contentType);
  if (!isOperation(operation)) throw new Error(`no provider is asked for ${operation}`);
  const endpoint = target.operations[operation];
  // A list of its own, because heads are remembered by it; and no body says which model is meant.
  if (operation === 'realtime') {
    return withHeaders({ ...endpoint, path: withModel(endpoint.path, model) }, target, JSON_TYPE);
  }
  if (contentType !== null) return withHeaders(endpoint, target, contentType);
  let known = compiled.get(target);
  if (known === undefined) {
    known = new Map();
    compiled.set(target, known);
  }
  const made = known.get(operation) ?? withHeaders(endpoint, target, JSON_TYPE);
  known.set(operation, made);
  return made;
}

function withModel(path: string, model: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}model=${encodeURIComponent(model)}`;
}
