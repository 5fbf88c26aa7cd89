/**
 * OpenAI. Texts and codes: platform.openai.com/docs/guides/error-codes and replies quoted in public issues; headers:
 * platform.openai.com/docs/guides/rate-limits. SDKs and gateways read `error.code`, `error.type` and the texts' "Please try again in …".
 */
import { goDuration } from '../limiter/go-duration.ts';
import { resetOf, USUAL_RULES } from '../limiter/model-limiter.ts';
import type { LimitDimension, LimitRefusal, ModelLimit } from '../limiter/model-limiter.ts';
import type { Account, Face, RefusedCall, Stamp } from './face.ts';
import { LIMIT_WORDS, tightest, toldRemaining } from './limit-words.ts';
import { maskKey } from './mask-key.ts';
import { refusal } from './refusal.ts';
import type { ErrorFields, Refusal } from './refusal.ts';

const INVALID = 'invalid_request_error';
const VERSION = '2020-10-01';

const fields = (message: string, type: string, code: string | null): ErrorFields => ({
  message,
  type,
  param: null,
  code,
});

const SERVER_ERROR = fields(
  'The server had an error while processing your request. Sorry about that! You can retry your request, or contact us through our help center at help.openai.com if the error persists.',
  'server_error',
  null,
);
const OVERLOADED = fields(
  'Our servers are currently overloaded. Please try again later.',
  'service_unavailable_error',
  'server_is_overloaded',
);
const SLOW_DOWN = fields('Slow down.', 'rate_limit_error', 'slow_down');
const ACCOUNT_DEACTIVATED = fields(
  'The OpenAI account associated with this API key has been deactivated. If you are the developer for this OpenAI app, please check your email for more information. If you are seeing this error while using another app or site, please reach out to them for more help.',
  INVALID,
  'account_deactivated',
);
const REGION_BLOCKED = fields(
  'Country, region, or territory not supported',
  'request_forbidden',
  'unsupported_country_region_territory',
);
const MISSING_KEY = fields(
  "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the API from your browser and are prompted for a username and password. You can obtain an API key from https://platform.openai.com/account/api-keys.",
  INVALID,
  null,
);

/** Codes that mean that the money is gone, with their texts. */
const FUNDS_TEXT: Readonly<Record<string, string>> = {
  insufficient_quota:
    'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.',
  credit_balance_exhausted:
    'Your credit balance is exhausted. Add credits on the billing page to continue: https://platform.openai.com/settings/organization/billing.',
  organization_spend_limit_exceeded:
    'Your organization has reached its spend limit. An owner can raise it at https://platform.openai.com/settings/organization/limits.',
  organization_usage_limit_exceeded:
    'Your organization has reached its usage limit. Request an increase at https://platform.openai.com/settings/organization/limits.',
  project_spend_limit_exceeded:
    'Your project has reached its spend limit. An owner can raise it in the project settings.',
};

/** 429 without any Retry-After: no waiting brings the money back. */
function quotaExhausted(code = 'insufficient_quota'): Refusal {
  const message = FUNDS_TEXT[code] ?? FUNDS_TEXT['insufficient_quota'] ?? '';
  return refuse(429, fields(message, 'insufficient_quota', code));
}

/** `{"error":{…}}`, indented by two as OpenAI's are. */
const errorBody = (error: ErrorFields): string => JSON.stringify({ error }, null, 2);

const refuse = (status: number, error: ErrorFields, headers: readonly string[] = []): Refusal =>
  refusal(status, errorBody(error), headers);

/** When to come back, as OpenAI says it: both headers. */
const retryHeaders = (ms: number): string[] => [
  'retry-after-ms',
  String(Math.ceil(ms)),
  'retry-after',
  String(Math.ceil(ms / 1000)),
];

const retryLater = (ms: number | undefined): string[] => (ms === undefined ? [] : retryHeaders(ms));

const invalidKey = (value: string): Refusal =>
  refuse(
    401,
    fields(
      `Incorrect API key provided: ${maskKey(value)}. You can find your API key at https://platform.openai.com/account/api-keys.`,
      INVALID,
      'invalid_api_key',
    ),
  );

/** `requests per min (RPM)` */
const spoken = (dimension: LimitDimension): string => {
  const { text, short } = LIMIT_WORDS[dimension];
  return dimension === 'concurrency' ? text : `${text.replace('minute', 'min')} (${short})`;
};

/** 429 for a limit: when to come back, or (wait without end) that this call never fits. */
function limitReached({ account, model }: RefusedCall, limit: LimitRefusal): Refusal {
  const { type } = LIMIT_WORDS[limit.dimension];
  const project = limit.level === 'project' ? `project ${account.project} ` : '';
  const where = `${model} in ${project}organization ${account.organization} on ${spoken(limit.dimension)}`;
  const more = 'Visit https://platform.openai.com/account/rate-limits to learn more.';
  const told = (message: string): ErrorFields => fields(message, type, 'rate_limit_exceeded');
  if (limit.waitMs === Infinity) {
    const message = `Request too large for ${where}: Limit ${limit.limit}, Requested ${limit.requested}. The input or output tokens must be reduced in order to run successfully. ${more}`;
    return refuse(429, told(message));
  }
  const numbers = `Limit ${limit.limit}, Used ${limit.used}, Requested ${limit.requested}`;
  if (limit.waitMs === null) {
    return refuse(429, told(`Rate limit reached for ${where}: ${numbers}. ${more}`));
  }
  const message = `Rate limit reached for ${where}: ${numbers}. Please try again in ${goDuration(limit.waitMs)}. ${more}`;
  return refuse(429, told(message), retryHeaders(limit.waitMs));
}

function inBand(code: string | undefined): { body: string; event: string } {
  const body = JSON.stringify({ error: inBandFields(code) });
  return { body, event: `data: ${body}\n\n` };
}

function inBandFields(code: string | undefined): ErrorFields {
  if (code === undefined) return SERVER_ERROR;
  if (code === OVERLOADED.code) return OVERLOADED;
  const message = Object.hasOwn(FUNDS_TEXT, code) ? FUNDS_TEXT[code] : undefined;
  return message === undefined
    ? { ...SERVER_ERROR, code }
    : fields(message, 'insufficient_quota', code);
}

const edgeHeaders = ({ requestId }: Stamp): string[] => ['x-request-id', `req_${requestId}`];

const accountHeaders = (account: Account, stamp: Stamp): string[] => [
  'openai-organization',
  account.organization,
  'openai-processing-ms',
  String(Math.max(1, Math.round(stamp.elapsedMs))),
  'openai-project',
  account.project,
  'openai-version',
  VERSION,
  ...edgeHeaders(stamp),
];

/** `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` and, for a project's own token limit, `…-project-tokens`. */
export function limitHeaders(limits: readonly ModelLimit[], at: number): string[] {
  const headers: string[] = [];
  if (limits.length === 0) return headers;
  const tell = (limit: ModelLimit | null, name: string): void => {
    if (limit === null) return;
    headers.push(
      `x-ratelimit-limit-${name}`,
      String(limit.meter.limit),
      `x-ratelimit-remaining-${name}`,
      String(toldRemaining(limit, at)),
      `x-ratelimit-reset-${name}`,
      goDuration(resetOf(limit, at) ?? 0),
    );
  };
  const of = (level: ModelLimit['level'], requests: boolean): ModelLimit | null =>
    tightest(limits, at, (limit) => {
      return limit.level === level && (limit.counts === 'requests') === requests;
    });
  const projectTokens = of('project', false);
  tell(of('organization', true) ?? of('project', true), 'requests');
  tell(of('organization', false) ?? projectTokens, 'tokens');
  tell(projectTokens, 'project-tokens');
  return headers;
}

export const openaiFace: Face = {
  name: 'openai',
  rules: USUAL_RULES,
  refusals: {
    account_deactivated: () => refuse(401, ACCOUNT_DEACTIVATED),
    dead_key: ({ account }) => invalidKey(account.value),
    model_forbidden: ({ account, model }) =>
      refuse(
        403,
        fields(
          `Project \`${account.project}\` does not have access to model \`${model}\``,
          INVALID,
          'model_not_found',
        ),
      ),
    model_not_found: ({ model }) =>
      refuse(
        404,
        fields(
          `The model \`${model}\` does not exist or you do not have access to it.`,
          INVALID,
          'model_not_found',
        ),
      ),
    overloaded: (_, given) => refuse(503, OVERLOADED, retryLater(given.retryAfterMs)),
    quota_exhausted: (_, given) => quotaExhausted(given.code),
    region_blocked: () => refuse(403, REGION_BLOCKED),
    server_error: () => refuse(500, SERVER_ERROR),
    slow_down: (_, given) => refuse(429, SLOW_DOWN, retryLater(given.retryAfterMs)),
    usage_limit: (_, given) =>
      quotaExhausted(
        given.code === 'organization'
          ? 'organization_spend_limit_exceeded'
          : 'project_spend_limit_exceeded',
      ),
  },
  unknownKey: (value) => (value === null ? refuse(401, MISSING_KEY) : invalidKey(value)),
  limitReached,
  errorBody: (_, error) => errorBody(error),
  inBand,
  edgeHeaders,
  accountHeaders,
  limitHeaders,
};
