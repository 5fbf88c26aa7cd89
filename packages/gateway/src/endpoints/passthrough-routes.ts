import {
  PASSTHROUGH_METHODS,
  type PassthroughMethod,
} from '@keywell/core/access/passthrough-rules';
import { claimCall } from '../idempotency/claim-call.ts';
import { admitPassedIds } from '../passthrough/admit-passed-ids.ts';
import { admitPassthrough } from '../passthrough/admit-passthrough.ts';
import { readPassed } from '../passthrough/read-passed.ts';
import { authenticate } from '../phases/authenticate.ts';
import { dispatch } from '../phases/dispatch.ts';
import { gate } from '../phases/gate.ts';
import { readPatience } from '../phases/read-patience.ts';
import type { Phase, Route } from '../pipeline/route.ts';

const PREFIX = '/v1/providers/';

/** A call that goes through to a provider; one that reads is never answered from memory. */
function passing(method: PassthroughMethod): Route {
  const once: readonly Phase[] = method === 'GET' ? [] : [claimCall];
  return {
    operation: 'passthrough',
    method,
    allow: PASSTHROUGH_METHODS.join(', '),
    phases: [
      authenticate,
      gate,
      admitPassthrough,
      readPassed,
      admitPassedIds,
      readPatience,
      ...once,
      dispatch,
    ],
  };
}

const ROUTES: ReadonlyMap<string, Route> = new Map(
  PASSTHROUGH_METHODS.map((method) => [method, passing(method)]),
);
const ANY = passing('GET');

/** The route of a path below `/v1/providers/`, one of another method where none takes this one; null for every other path. */
export function matchPassthroughRoute(
  path: string,
  method: string,
): { readonly route: Route; readonly parameter: string } | null {
  if (!path.startsWith(PREFIX)) return null;
  return { route: ROUTES.get(method) ?? ANY, parameter: path.slice(PREFIX.length) };
}
