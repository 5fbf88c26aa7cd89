/**
 * Gemini (generativelanguage.googleapis.com): Google RPC statuses, no limit headers. Bodies as quoted in public issues: per-minute and
 * per-day 429 with QuotaFailure and RetryInfo (github.com/google-gemini/gemini-cli/issues/8437, googleapis/python-genai/issues/2044,
 * browserbase/mcp-server-browserbase/issues/129), 429 without details (page-assist/issues/406, where the OpenAI-compatible endpoint puts
 * the object into an array), 503 (lobehub/issues/9728), depleted credits
 * (dyad-sh/dyad/issues/3626), 400 API_KEY_INVALID (cequence-io/openai-scala-client/issues/109); the spending cap as several public
 * repositories quote it.
 */
import type { LimitDimension, LimitRefusal, LimitRules } from '../limiter/model-limiter.ts';
import type { Face } from './face.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';

const STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

const SERVICE = 'generativelanguage.googleapis.com';
const RPC = 'type.googleapis.com/google.rpc';
const MINUTE = 60_000;

interface Quota {
  readonly metric: string;
  readonly id: string;
}

const INPUT = `${SERVICE}/generate_content_paid_tier_input_token_count`;

/** Seen: per-minute tokens, per-minute and per-day requests. The others are named after the same pattern (not verified). */
const QUOTAS: Partial<Record<LimitDimension, Quota>> = {
  requests_minute: {
    metric: `${SERVICE}/generate_requests_per_model`,
    id: 'GenerateRequestsPerMinutePerProjectPerModel',
  },
  requests_day: {
    metric: `${SERVICE}/generate_requests_per_model_per_day`,
    id: 'GenerateRequestsPerDayPerProjectPerModel',
  },
  tokens_minute: { metric: INPUT, id: 'GenerateContentPaidTierInputTokensPerModelPerMinute' },
  input_tokens_minute: { metric: INPUT, id: 'GenerateContentPaidTierInputTokensPerModelPerMinute' },
  tokens_day: { metric: INPUT, id: 'GenerateContentPaidTierInputTokensPerModelPerDay' },
  input_tokens_day: { metric: INPUT, id: 'GenerateContentPaidTierInputTokensPerModelPerDay' },
};

const EXHAUSTED = 'Resource has been exhausted (e.g. check quota).';
const CAPPED =
  'Your project has exceeded its monthly spending cap. Please go to AI Studio at https://ai.studio/spend to manage your project spend cap.';
const DEPLETED =
  'Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing.';
const KEY_INVALID = 'API key not valid. Please pass a valid API key.';

/** What Gemini says of a call larger than its limit is not verified: the same, without RetryInfo. */
function quotaError(model: string, limit: LimitRefusal, quota: Quota, at: number): GoogleError {
  const delayMs = retryDelayOf(limit, at);
  const seconds = delayMs === null ? null : Math.max(0, delayMs / 1000);
  const again = seconds === null ? '' : `\nPlease retry in ${seconds.toFixed(9)}s.`;
  const violation = {
    quotaMetric: quota.metric,
    quotaId: quota.id,
    quotaDimensions: { location: 'global', model },
    quotaValue: String(limit.limit),
  };
  return {
    code: 429,
    message: `You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: https://ai.dev/rate-limit. \n* Quota exceeded for metric: ${quota.metric}, limit: ${limit.limit}, model: ${model}${again}`,
    status: 'RESOURCE_EXHAUSTED',
    details: [
      {
        '@type': `${RPC}.Help`,
        links: [
          {
            description: 'Learn more about Gemini API quotas',
            url: 'https://ai.google.dev/gemini-api/docs/rate-limits',
          },
        ],
      },
      { '@type': `${RPC}.QuotaFailure`, violations: [violation] },
      ...(seconds === null
        ? []
        : [{ '@type': `${RPC}.RetryInfo`, retryDelay: `${Math.ceil(seconds)}s` }]),
    ],
  };
}

/** A day's quota comes with the rest of the minute as its delay, which is not when the day ends: as observed in quoted replies. */
function retryDelayOf(limit: LimitRefusal, at: number): number | null {
  if (limit.waitMs === null || limit.waitMs === Infinity) return null;
  return limit.dimension.endsWith('_day') && limit.waitMs > MINUTE
    ? MINUTE - (at % MINUTE)
    : limit.waitMs;
}

interface GoogleError {
  readonly code: number;
  readonly message: string;
  readonly status: string;
  readonly details?: readonly object[];
}

const plain = (status: number, message: string, details?: readonly object[]): GoogleError => ({
  code: status,
  message,
  status: STATUS[status] ?? 'UNKNOWN',
  ...(details === undefined ? {} : { details }),
});

const keyInvalid = (): GoogleError =>
  plain(400, KEY_INVALID, [
    {
      '@type': `${RPC}.ErrorInfo`,
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
      metadata: { service: SERVICE },
    },
    { '@type': `${RPC}.LocalizedMessage`, locale: 'en-US', message: KEY_INVALID },
  ]);

const INTERNAL =
  'An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting';
const OVERLOADED = 'The model is overloaded. Please try again later.';
const NO_KEY =
  "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.";
const NOT_HERE = {
  ...plain(400, 'User location is not supported for the API use.'),
  status: 'FAILED_PRECONDITION',
};

const suspended = (project: string): GoogleError =>
  plain(403, `Permission denied: Consumer 'api_key:${project}' has been suspended.`, [
    {
      '@type': `${RPC}.ErrorInfo`,
      reason: 'CONSUMER_SUSPENDED',
      domain: 'googleapis.com',
      metadata: { service: SERVICE },
    },
  ]);

type Answer = (error: GoogleError) => Refusal;

const refusalsOf = (refuse: Answer): Face['refusals'] => ({
  account_deactivated: ({ account }) => refuse(suspended(account.project)),
  dead_key: () => refuse(keyInvalid()),
  model_forbidden: ({ model }) => refuse(modelMissing(model)),
  model_not_found: ({ model }) => refuse(modelMissing(model)),
  overloaded: () => refuse(plain(503, OVERLOADED)),
  quota_exhausted: () => refuse(plain(429, DEPLETED)),
  region_blocked: () => refuse(NOT_HERE),
  server_error: () => refuse(plain(500, INTERNAL)),
  slow_down: () => refuse(plain(429, EXHAUSTED)),
  usage_limit: () => refuse(plain(429, CAPPED)),
});

/** Per day: until midnight Pacific time (ai.google.dev/gemini-api/docs/rate-limits). That minutes are the clock's is not verified. */
const RULES: LimitRules = {
  minuteRefill: 'fixed',
  dayRefill: 'calendar',
  timeZone: 'America/Los_Angeles',
  charge: 'input_only',
};

const SERVER = ['server', 'scaffolding on HTTPServer2'];

/** `inArray` is how the OpenAI-compatible endpoint answers: the error object inside an array. */
function geminiFaceOf(inArray: boolean): Face {
  const bodyOf = (error: GoogleError): string =>
    JSON.stringify(inArray ? [{ error }] : { error }, null, 2);
  const refuse: Answer = (error) => refusal(error.code, bodyOf(error));
  return {
    name: 'gemini',
    rules: RULES,
    refusals: refusalsOf(refuse),
    unknownKey: (value) => refuse(value === null ? plain(403, NO_KEY) : keyInvalid()),
    limitReached: ({ model, at }, limit) => {
      const quota = QUOTAS[limit.dimension];
      return refuse(
        quota === undefined ? plain(429, EXHAUSTED) : quotaError(model, limit, quota, at),
      );
    },
    errorBody: (status, { message }) => bodyOf(plain(status, message)),
    inBand: (code) => {
      const error = code === 'resource_exhausted' ? plain(429, EXHAUSTED) : plain(503, OVERLOADED);
      const body = JSON.stringify({ error });
      return { body, event: `data: ${body}\n\n` };
    },
    edgeHeaders: () => [...SERVER],
    accountHeaders: (_, { elapsedMs }) => [
      ...SERVER,
      'server-timing',
      `gfet4t7; dur=${Math.max(1, Math.round(elapsedMs))}`,
    ],
    limitHeaders: () => [],
  };
}

const modelMissing = (model: string): GoogleError =>
  plain(
    404,
    `models/${model} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.`,
  );

export const geminiFace = geminiFaceOf(false);
export const geminiCompatibleFace = geminiFaceOf(true);
