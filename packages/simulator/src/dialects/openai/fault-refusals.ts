/** The faults that answer like a provider which refuses: one row each. */
import { htmlPage } from '../../behaviour/raw-answers.ts';
import type { FaultInput } from '../../behaviour/fault-input.ts';
import type { FaultName } from '../../behaviour/faults.ts';
import { goDuration } from '../../limiter/go-duration.ts';
import type { KeyOwner } from '../../provider-state.ts';
import {
  badRequest,
  FUNDS_TEXT,
  INVALID,
  invalidKey,
  limitReached,
  modelForbidden,
  quotaExhausted,
  refuse,
  retryHeaders,
} from './errors.ts';
import type { ErrorFields, Refusal } from './errors.ts';

const SERVER_ERROR: ErrorFields = {
  message:
    'The server had an error while processing your request. Sorry about that! You can retry your request, or contact us through our help center at help.openai.com if the error persists.',
  type: 'server_error',
  param: null,
  code: null,
};

const OVERLOADED: ErrorFields = {
  message: 'Our servers are currently overloaded. Please try again later.',
  type: 'service_unavailable_error',
  param: null,
  code: 'server_is_overloaded',
};

const SLOW_DOWN: ErrorFields = {
  message: 'Slow down.',
  type: 'rate_limit_error',
  param: null,
  code: 'slow_down',
};

const ACCOUNT_DEACTIVATED: ErrorFields = {
  message:
    'The OpenAI account associated with this API key has been deactivated. If you are the developer for this OpenAI app, please check your email for more information. If you are seeing this error while using another app or site, please reach out to them for more help.',
  type: INVALID,
  param: null,
  code: 'account_deactivated',
};

const REGION_BLOCKED: ErrorFields = {
  message: 'Country, region, or territory not supported',
  type: 'request_forbidden',
  param: null,
  code: 'unsupported_country_region_territory',
};

/** The page of the proxy in front of the provider. */
const gatewayPage = (status: number, title: string): Refusal => ({
  status,
  body: htmlPage(title),
  headers: ['content-type', 'text/html; charset=UTF-8'],
});

const retryLater = (fault: FaultInput): string[] =>
  fault.retryAfterMs === undefined ? [] : retryHeaders(fault.retryAfterMs);

/** What a refusal may speak of. */
export interface RefusedCall {
  readonly owner: KeyOwner;
  readonly model: string;
  readonly prompt: string;
}

type Refuse = (fault: FaultInput, call: RefusedCall) => Refusal;

const REFUSALS: Partial<Record<FaultName, Refuse>> = {
  dead_key: (_, { owner }) => invalidKey(owner.value),
  account_deactivated: () => refuse(401, ACCOUNT_DEACTIVATED),
  region_blocked: () => refuse(403, REGION_BLOCKED),
  quota_exhausted: (fault) => quotaExhausted(fault.code),
  model_forbidden: (_, { owner, model }) => modelForbidden(model, owner.project),
  rate_limited: rateLimited,
  slow_down: (fault) => refuse(429, SLOW_DOWN, retryLater(fault)),
  overloaded: (fault) => refuse(503, OVERLOADED, retryLater(fault)),
  server_error: () => refuse(500, SERVER_ERROR),
  bad_gateway: () => gatewayPage(502, '502 Bad Gateway'),
  gateway_timeout: () => gatewayPage(504, '504 Gateway Time-out'),
  invalid_request: (fault, { prompt }) =>
    badRequest(fault.message ?? `Invalid prompt: ${prompt}`, null, 'invalid_prompt'),
};

const FAKED_LIMIT = { requests: 500, tokens: 30_000 };

/** As the real limiter refuses, with made-up numbers that fit the wait. */
function rateLimited(fault: FaultInput, { owner, model }: RefusedCall): Refusal {
  const dimension = fault.dimension ?? 'requests_minute';
  const waitMs = fault.retryAfterMs ?? 20_000;
  const kind = dimension.startsWith('requests') ? 'requests' : 'tokens';
  const limit = FAKED_LIMIT[kind];
  const numbers = { limit, used: limit, requested: 1, waitMs };
  const refusal = limitReached(owner, model, { dimension, level: 'organization', ...numbers });
  const headers = [
    `x-ratelimit-limit-${kind}`,
    String(limit),
    `x-ratelimit-remaining-${kind}`,
    '0',
    `x-ratelimit-reset-${kind}`,
    goDuration(waitMs),
  ];
  return { ...refusal, headers: [...refusal.headers, ...headers] };
}

/** The refusal that a fault puts in place of an answer; null for faults of another kind. */
export const faultRefusal = (fault: FaultInput, call: RefusedCall): Refusal | null =>
  REFUSALS[fault.fault]?.(fault, call) ?? null;

/** The body of an error that comes inside a 200: an event of a stream, or a whole answer. */
export function inBandError(code: string | undefined): string {
  if (code === undefined) return JSON.stringify({ error: SERVER_ERROR });
  if (code === OVERLOADED.code) return JSON.stringify({ error: OVERLOADED });
  const message = Object.hasOwn(FUNDS_TEXT, code) ? FUNDS_TEXT[code] : undefined;
  const error = { message, type: 'insufficient_quota', param: null, code };
  return JSON.stringify({ error: message === undefined ? { ...SERVER_ERROR, code } : error });
}
