import { authenticate } from '../phases/authenticate.ts';
import { authorize } from '../phases/authorize.ts';
import { decodeBody } from '../phases/decode.ts';
import { dispatch } from '../phases/dispatch.ts';
import { gate } from '../phases/gate.ts';
import { getModel, listModels } from '../phases/list-models.ts';
import { readPatience } from '../phases/read-patience.ts';
import { resolve } from '../phases/resolve.ts';
import type { Phase, Route } from '../pipeline/route.ts';
import type { Operation } from '../telemetry/metric-table.ts';

const inference = (operation: 'chat.completions' | 'completions' | 'embeddings'): Route => ({
  operation,
  method: 'POST',
  phases: [authenticate, gate, decodeBody(operation), authorize, resolve, readPatience, dispatch],
});

const reading = (operation: Operation, phase: Phase): Route => ({
  operation,
  method: 'GET',
  phases: [authenticate, gate, phase],
});

/** Paths without a variable part. */
const EXACT = new Map<string, Route>([
  ['/v1/chat/completions', inference('chat.completions')],
  ['/v1/completions', inference('completions')],
  ['/v1/embeddings', inference('embeddings')],
  ['/v1/models', reading('models.list', listModels)],
]);

const MODEL_PREFIX = '/v1/models/';
const MODEL = reading('models.get', getModel);

/** What a path leads to. */
export interface Match {
  readonly route: Route;
  readonly parameter: string;
}

/**
 * Routes by the raw path, byte for byte: what was matched is what was authorized and what is dispatched, so no spelling of a path
 * can mean one thing here and another behind.
 */
export function matchRoute(path: string): Match | null {
  const exact = EXACT.get(path);
  if (exact !== undefined) return { route: exact, parameter: '' };
  if (!path.startsWith(MODEL_PREFIX)) return null;
  const parameter = path.slice(MODEL_PREFIX.length);
  const plain = parameter !== '' && !parameter.includes('//') && !hasDotSegment(parameter);
  return plain ? { route: MODEL, parameter } : null;
}

function hasDotSegment(path: string): boolean {
  return path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment));
}
