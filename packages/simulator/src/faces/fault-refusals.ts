/** The faults that answer like a provider which refuses, in the words of whatever face it has. */
import type { FaultInput } from '../behaviour/fault-input.ts';
import { htmlPage } from '../behaviour/html-page.ts';
import { countedBy } from '../limiter/model-limiter.ts';
import type { ModelLimit } from '../limiter/model-limiter.ts';
import type { Face, RefusalKind, RefusedCall } from './face.ts';
import { LIMIT_WORDS } from './limit-words.ts';
import type { Refusal } from './refusal.ts';

const FAKED_LIMIT = { requests: 500, tokens: 30_000 };

/** As the real limiter refuses, with made-up numbers that fit the wait. */
function rateLimited(face: Face, fault: FaultInput, call: RefusedCall): Refusal {
  const dimension = fault.dimension ?? 'requests_minute';
  const limit = FAKED_LIMIT[LIMIT_WORDS[dimension].type];
  const counts = countedBy(dimension);
  const of = { dimension, level: 'organization', limit } as const;
  const waitMs = fault.retryAfterMs ?? (counts === 'concurrency' ? null : 20_000);
  const refused = { ...of, admitted: false, used: limit, requested: 1, waitMs } as const;
  const told = face.limitReached(call, refused);
  // as a bucket that is empty now and full when the wait is over
  const meter = {
    kind: 'continuous',
    limit,
    windowMs: Math.max(1, waitMs ?? 1),
    level: 0,
    at: call.at,
  } as const;
  const faked: ModelLimit = { ...of, counts, charge: 'upfront', meter };
  return { ...told, headers: [...told.headers, ...face.limitHeaders([faked], call.at, true)] };
}

/** The page of the proxy in front of the provider. */
const gatewayPage = (status: number, title: string): Refusal => ({
  status,
  body: htmlPage(title),
  headers: ['content-type', 'text/html; charset=UTF-8'],
});

const invalidRequest = (fault: FaultInput, { prompt }: RefusedCall): Refusal => ({
  status: 400,
  body: {
    message: fault.message ?? `Invalid prompt: ${prompt}`,
    type: 'invalid_request_error',
    param: null,
    code: 'invalid_prompt',
  },
  headers: [],
});

const isKind = (face: Face, name: string): name is RefusalKind =>
  Object.hasOwn(face.refusals, name);

/** The refusal that a fault puts in place of an answer; null for faults of another kind. */
export function faultRefusal(face: Face, fault: FaultInput, call: RefusedCall): Refusal | null {
  const { fault: name } = fault;
  if (isKind(face, name)) return face.refusals[name](call, fault);
  if (name === 'rate_limited') return rateLimited(face, fault, call);
  if (name === 'invalid_request') return invalidRequest(fault, call);
  if (name === 'bad_gateway') return gatewayPage(502, '502 Bad Gateway');
  return name === 'gateway_timeout' ? gatewayPage(504, '504 Gateway Time-out') : null;
}
