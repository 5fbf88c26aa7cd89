/**
 * OpenAI's refusals as they look on the wire. Texts and codes: platform.openai.com/docs/guides/error-codes and replies quoted in public
 * issues; SDKs and gateways read `error.code`, `error.type` and the texts' "Please try again in …".
 */
import { goDuration } from '../../limiter/go-duration.ts';
import type { LimitDimension } from '../../limiter/model-limiter.ts';
import type { KeyOwner } from '../../provider-state.ts';

/** A refusal: status, body, and headers beyond those of every answer. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly headers: readonly string[];
}

const JSON_TYPE = ['content-type', 'application/json'];
export const INVALID = 'invalid_request_error';

export interface ErrorFields {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** `{"error":{…}}`, indented by two as OpenAI's are. */
const errorBody = (fields: ErrorFields): string => JSON.stringify({ error: fields }, null, 2);

/** A refusal with OpenAI's body. */
export function refuse(
  status: number,
  fields: ErrorFields,
  headers: readonly string[] = [],
): Refusal {
  return { status, body: errorBody(fields), headers: [...JSON_TYPE, ...headers] };
}

/** 400 for a request that is wrong. */
export function badRequest(
  message: string,
  param: string | null = null,
  code: string | null = null,
): Refusal {
  return refuse(400, { message, type: INVALID, param, code });
}

export function unknownUrl(method: string, path: string): Refusal {
  const message = `Invalid URL (${method} ${path})`;
  return refuse(404, { message, type: INVALID, param: null, code: null });
}

export function wrongMethod(method: string, path: string, allow: string): Refusal {
  const message = `Not allowed to ${method} on ${path}. (HINT: Perhaps you meant to use a different HTTP method?)`;
  const fields = { message, type: INVALID, param: null, code: 'method_not_supported' };
  return refuse(405, fields, ['allow', allow]);
}

export function bodyTooLarge(limitBytes: number): Refusal {
  const message = `Request body is larger than ${limitBytes} bytes.`;
  return refuse(413, { message, type: INVALID, param: null, code: 'request_too_large' });
}

export const malformedJson = (): Refusal =>
  badRequest(
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble figuring out how to fix this, please contact us through our help center at help.openai.com.)",
  );

export const missingKey = (): Refusal =>
  refuse(401, {
    message:
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the API from your browser and are prompted for a username and password. You can obtain an API key from https://platform.openai.com/account/api-keys.",
    type: INVALID,
    param: null,
    code: null,
  });

/** The first 8 and last 4 characters; shorter keys show less. */
export function maskKey(value: string): string {
  if (value.length < 16) return `${value.slice(0, 2)}${'*'.repeat(8)}`;
  return `${value.slice(0, 8)}${'*'.repeat(Math.min(64, value.length - 12))}${value.slice(-4)}`;
}

export const invalidKey = (value: string): Refusal =>
  refuse(401, {
    message: `Incorrect API key provided: ${maskKey(value)}. You can find your API key at https://platform.openai.com/account/api-keys.`,
    type: INVALID,
    param: null,
    code: 'invalid_api_key',
  });

/** `openai-organization` or `openai-project` of the request is not the key's own. */
export const mismatched = (what: 'Organization' | 'Project'): Refusal =>
  refuse(401, {
    message: `OpenAI-${what} header should match ${what.toLowerCase()} for API key`,
    type: INVALID,
    param: null,
    code: `mismatched_${what.toLowerCase()}`,
  });

export const modelNotFound = (model: string): Refusal =>
  refuse(404, {
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
    type: INVALID,
    param: null,
    code: 'model_not_found',
  });

export const modelForbidden = (model: string, project: string): Refusal =>
  refuse(403, {
    message: `Project \`${project}\` does not have access to model \`${model}\``,
    type: INVALID,
    param: null,
    code: 'model_not_found',
  });

/** Codes that mean that the money is gone, with their texts. */
export const FUNDS_TEXT: Readonly<Record<string, string>> = {
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
export function quotaExhausted(code = 'insufficient_quota'): Refusal {
  const message = FUNDS_TEXT[code] ?? FUNDS_TEXT['insufficient_quota'] ?? '';
  return refuse(429, { message, type: 'insufficient_quota', param: null, code });
}

const DIMENSIONS: Readonly<Record<LimitDimension, { type: 'requests' | 'tokens'; text: string }>> =
  {
    requests_minute: { type: 'requests', text: 'requests per min (RPM)' },
    tokens_minute: { type: 'tokens', text: 'tokens per min (TPM)' },
    requests_day: { type: 'requests', text: 'requests per day (RPD)' },
    tokens_day: { type: 'tokens', text: 'tokens per day (TPD)' },
  };

/** When to come back, as OpenAI says it: both headers. */
export const retryHeaders = (ms: number): string[] => [
  'retry-after-ms',
  String(Math.ceil(ms)),
  'retry-after',
  String(Math.ceil(ms / 1000)),
];

interface Limit {
  readonly dimension: LimitDimension;
  readonly level: 'organization' | 'project';
  readonly limit: number;
  readonly used: number;
  readonly requested: number;
  readonly waitMs: number;
}

/** 429 for a limit: when to come back, or (wait without end) that this call never fits. */
export function limitReached(owner: KeyOwner, model: string, limit: Limit): Refusal {
  const { type, text } = DIMENSIONS[limit.dimension];
  const project = limit.level === 'project' ? `project ${owner.project} ` : '';
  const where = `${model} in ${project}organization ${owner.organization} on ${text}`;
  const more = 'Visit https://platform.openai.com/account/rate-limits to learn more.';
  const fields = { type, param: null, code: 'rate_limit_exceeded' };
  if (limit.waitMs === Infinity) {
    const message = `Request too large for ${where}: Limit ${limit.limit}, Requested ${limit.requested}. The input or output tokens must be reduced in order to run successfully. ${more}`;
    return refuse(429, { message, ...fields });
  }
  const numbers = `Limit ${limit.limit}, Used ${limit.used}, Requested ${limit.requested}`;
  const message = `Rate limit reached for ${where}: ${numbers}. Please try again in ${goDuration(limit.waitMs)}. ${more}`;
  return refuse(429, { message, ...fields }, retryHeaders(limit.waitMs));
}
