/**
 * Groq. Headers: console.groq.com/docs/rate-limits (`…-requests` always a day's, `…-tokens` always a minute's, `retry-after` only on a
 * 429); a spend limit: 400 `blocked_api_access` (console.groq.com/docs/spend-limits; its text is not verified); blocked models:
 * …/docs/model-permissions; texts of limits: replies quoted in public issues (continuedev/continue/issues/10920,
 * danielmiessler/Fabric/issues/364; over capacity: infiniflow/ragflow/issues/9858).
 */
import { goDuration } from '../limiter/go-duration.ts';
import { resetOf, USUAL_RULES } from '../limiter/model-limiter.ts';
import type { LimitRefusal, ModelLimit } from '../limiter/model-limiter.ts';
import type { Face, RefusedCall, Stamp } from './face.ts';
import { LIMIT_WORDS, tightest, toldRemaining, wholeSeconds } from './limit-words.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';

const INVALID = 'invalid_request_error';

interface GroqError {
  readonly message: string;
  readonly type?: string;
  readonly code?: string;
}

const refuse = (status: number, error: GroqError, headers: readonly string[] = []): Refusal =>
  refusal(status, { error }, headers);

const UPGRADE = 'Upgrade to Dev Tier today at https://console.groq.com/settings/billing';

function limitReached({ account, model }: RefusedCall, limit: LimitRefusal): Refusal {
  const { type, text, short } = LIMIT_WORDS[limit.dimension];
  const where = `model \`${model}\` in organization \`${account.organization}\` service tier \`on_demand\` on ${text} (${short})`;
  const code = 'rate_limit_exceeded';
  if (limit.waitMs === Infinity) {
    const message = `Request too large for ${where}: Limit ${limit.limit}, Requested ${limit.requested}, please reduce your message size and try again. Need more tokens? ${UPGRADE}`;
    return refuse(413, { message, type, code });
  }
  const numbers = `Limit ${limit.limit}, Used ${limit.used}, Requested ${limit.requested}`;
  const wait = limit.waitMs ?? 1000;
  const message = `Rate limit reached for ${where}: ${numbers}. Please try again in ${goDuration(wait)}. Need more tokens? ${UPGRADE}`;
  return refuse(429, { message, type, code }, ['retry-after', wholeSeconds(wait)]);
}

function limitHeaders(limits: readonly ModelLimit[], at: number): string[] {
  const headers: string[] = [];
  for (const [name, dimension] of [
    ['requests', 'requests_day'],
    ['tokens', 'tokens_minute'],
  ] as const) {
    const limit = tightest(limits, at, (candidate) => candidate.dimension === dimension);
    if (limit === null) continue;
    headers.push(
      `x-ratelimit-limit-${name}`,
      String(limit.meter.limit),
      `x-ratelimit-remaining-${name}`,
      String(toldRemaining(limit, at)),
      `x-ratelimit-reset-${name}`,
      goDuration(resetOf(limit, at) ?? 0),
    );
  }
  return headers;
}

const OVER_CAPACITY = (model: string): string =>
  `${model} is currently over capacity. Please try again and back off exponentially. Visit https://groqstatus.com to see if there is an active incident.`;

const edgeHeaders = ({ requestId }: Stamp): string[] => [
  'x-request-id',
  `req_${requestId.slice(0, 26)}`,
];

const SPENT =
  'Your organization has reached its spend limit and API access is blocked. Raise the limit at https://console.groq.com/settings/billing.';

const INVALID_KEY = { message: 'Invalid API Key', type: INVALID, code: 'invalid_api_key' };
const BLOCKED = { message: SPENT, type: INVALID, code: 'blocked_api_access' };
const RESTRICTED = {
  message:
    'Organization has been restricted. Please reach out to support if you believe this was in error.',
  type: INVALID,
  code: 'organization_restricted',
};

export const groqFace: Face = {
  name: 'groq',
  rules: USUAL_RULES,
  refusals: {
    account_deactivated: () => refuse(400, RESTRICTED),
    dead_key: () => refuse(401, INVALID_KEY),
    model_forbidden: ({ model }) =>
      refuse(403, {
        message: `The model \`${model}\` is blocked at the project level. Please have a project admin enable this model in the project settings at https://console.groq.com/settings/project/limits`,
        type: 'permissions_error',
        code: 'model_permission_blocked_project',
      }),
    model_not_found: ({ model }) =>
      refuse(404, {
        message: `The model \`${model}\` does not exist or you do not have access to it.`,
        type: INVALID,
        code: 'model_not_found',
      }),
    overloaded: ({ model }) =>
      refuse(503, { message: OVER_CAPACITY(model), type: 'internal_server_error' }),
    quota_exhausted: () => refuse(400, BLOCKED),
    region_blocked: () => refuse(403, { message: 'Forbidden' }),
    server_error: () =>
      refuse(500, { message: 'Internal Server Error', type: 'internal_server_error' }),
    // 498: the flex tier has no capacity (console.groq.com/docs/errors)
    slow_down: () =>
      refuse(498, { message: 'Flex tier capacity exceeded', type: 'capacity_exceeded' }),
    usage_limit: () => refuse(400, BLOCKED),
  },
  unknownKey: () => refuse(401, INVALID_KEY),
  limitReached,
  errorBody: (_, { message, type, param, code }) => {
    const named = { ...(param === null ? {} : { param }), ...(code === null ? {} : { code }) };
    return JSON.stringify({ error: { message, type, ...named } });
  },
  inBand: (code, { model }) => {
    const error = { message: OVER_CAPACITY(model), type: code ?? 'internal_server_error' };
    const body = JSON.stringify({ error });
    return { body, event: `event: error\ndata: ${body}\n\n` };
  },
  edgeHeaders,
  accountHeaders: (_, stamp) => ['x-groq-region', 'simulated', ...edgeHeaders(stamp)],
  limitHeaders,
};
