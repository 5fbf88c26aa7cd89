/**
 * Anthropic. Headers and usage-limit texts: docs.claude.com/en/api/rate-limits (limits, "Setting your own spend limit", "Reaching your
 * spend cap") and curl output quoted in github.com/bespokelabsai/curator/issues/535; error types: docs.claude.com/en/api/errors; texts
 * of refusals: replies quoted in github.com/anthropics/claude-code issues 38035 (usage limit), 72457 (disabled), 71273 (api_error). Its
 * OpenAI-compatible endpoint is given the same bodies and headers here: not verified.
 */
import { resetOf, USUAL_RULES } from '../limiter/model-limiter.ts';
import type { LimitRefusal, ModelLimit } from '../limiter/model-limiter.ts';
import type { Account, Face, Refuse, RefusedCall, Stamp } from './face.ts';
import { LIMIT_WORDS, tightest, toldRemaining, wholeSeconds } from './limit-words.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { dateOf, usageLimitEnds } from './usage-date.ts';

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

const STATUSES = new Map(Object.entries(TYPES).map(([status, type]) => [type, Number(status)]));

const typeOf = (status: number): string =>
  TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');

const idOf = (requestId: string): string => `req_${requestId.slice(0, 24)}`;

const bodyOf = (type: string, message: string, requestId: string, details?: object): string =>
  JSON.stringify({
    type: 'error',
    error: { type, message, ...(details === undefined ? {} : { details }) },
    request_id: idOf(requestId),
  });

const refuse = (
  { requestId }: RefusedCall,
  status: number,
  message: string,
  headers: readonly string[] = [],
): Refusal => refusal(status, bodyOf(typeOf(status), message, requestId), headers);

const retryAfter = (ms: number | undefined): string[] =>
  ms === undefined ? [] : ['retry-after', wholeSeconds(ms)];

const CREDIT =
  'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.';
const MORE =
  'For details, refer to: https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage. Please reduce the prompt length or the maximum tokens requested, or try again later. You may also contact sales at https://claude.com/contact-sales to discuss your options for a rate limit increase.';

const usageLimit: Refuse = (call, given) => {
  const date = dateOf(usageLimitEnds(given.until, call.at));
  const regain = `You will regain access on ${date} at 00:00 UTC.`;
  if (given.code === 'enforced_spend_limit_reached') {
    const message = `You have reached your API usage limits: your organization has crossed its monthly API usage threshold, set based on your organization's API tier. ${regain}`;
    const details = { error_code: given.code };
    return refusal(429, bodyOf('rate_limit_error', message, call.requestId, details));
  }
  const whose = given.code === 'organization' ? '' : 'workspace ';
  return refuse(call, 400, `You have reached your specified ${whose}API usage limits. ${regain}`);
};

/** The money is gone: the credit text, or 402 by its name. */
const quotaExhausted: Refuse = (call, given) =>
  given.code === 'billing_error'
    ? refuse(call, 402, 'There is an issue with your billing or payment information.')
    : refuse(call, 400, CREDIT);

/** A workspace's own limit is worded as its organization's: how else it might be is not known. */
function limitReached(call: RefusedCall, limit: LimitRefusal): Refusal {
  const waits = limit.waitMs !== null && Number.isFinite(limit.waitMs);
  const headers = waits ? retryAfter(limit.waitMs) : [];
  if (limit.dimension === 'concurrency') {
    const message =
      'Number of concurrent connections has exceeded your rate limit. Please try again later or contact sales at https://claude.com/contact-sales to discuss your options for a rate limit increase.';
    return refuse(call, 429, message, headers);
  }
  const amount = limit.limit.toLocaleString('en-US');
  const { text } = LIMIT_WORDS[limit.dimension];
  const message = `This request would exceed your organization's rate limit of ${amount} ${text} (org: ${call.account.organization}, model: ${call.model}). ${MORE}`;
  return refuse(call, 429, message, headers);
}

/** Told rounded to thousands (documented), as far as the limit is large enough for that to mean anything. */
const tokensTold = (limit: ModelLimit, at: number): number => {
  const remaining = toldRemaining(limit, at);
  return limit.meter.limit < 10_000 ? remaining : Math.round(remaining / 1000) * 1000;
};

function limitHeaders(limits: readonly ModelLimit[], at: number): string[] {
  const headers: string[] = [];
  const tell = (name: string, fits: (limit: ModelLimit) => boolean): void => {
    const limit = tightest(limits, at, fits);
    if (limit === null) return;
    const resetAt = new Date(Math.ceil((at + (resetOf(limit, at) ?? 0)) / 1000) * 1000);
    const remaining = name === 'requests' ? toldRemaining(limit, at) : tokensTold(limit, at);
    headers.push(
      `anthropic-ratelimit-${name}-limit`,
      String(limit.meter.limit),
      `anthropic-ratelimit-${name}-remaining`,
      String(remaining),
      `anthropic-ratelimit-${name}-reset`,
      resetAt.toISOString().replace('.000Z', 'Z'),
    );
  };
  tell('requests', ({ counts }) => counts === 'requests');
  tell('input-tokens', ({ counts }) => counts === 'input');
  tell('output-tokens', ({ counts }) => counts === 'output');
  // the most restrictive of all token limits in effect
  tell('tokens', ({ counts }) => counts !== 'requests');
  return headers;
}

const edgeHeaders = ({ requestId }: Stamp): string[] => ['request-id', idOf(requestId)];

const accountHeaders = (account: Account, stamp: Stamp): string[] => [
  'anthropic-organization-id',
  account.organization,
  ...edgeHeaders(stamp),
];

function inBand(code: string | undefined, call: RefusedCall): { body: string; event: string } {
  const type = code ?? 'overloaded_error';
  const message = type === 'overloaded_error' ? 'Overloaded' : messageOf(STATUSES.get(type) ?? 500);
  const body = bodyOf(type, message, call.requestId);
  return { body, event: `event: error\ndata: ${body}\n\n` };
}

const messageOf = (status: number): string =>
  status === 429
    ? "This request would exceed your account's rate limit. Please try again later."
    : 'Internal server error';

export const anthropicFace: Face = {
  name: 'anthropic',
  keyHeader: 'x-api-key',
  // continuous: "the token bucket algorithm … your capacity is continuously replenished"
  rules: { ...USUAL_RULES, charge: 'as_produced' },
  refusals: {
    account_deactivated: (call) => refuse(call, 400, 'This organization has been disabled.'),
    dead_key: (call) => refuse(call, 401, 'invalid x-api-key'),
    // which of 403 and 404 a workspace without the model gets is not verified
    model_forbidden: (call) =>
      refuse(call, 403, 'Your API key does not have permission to use the specified resource.'),
    model_not_found: (call) => refuse(call, 404, `model: ${call.model}`),
    overloaded: (call, given) =>
      refuse(call, 529, 'Overloaded', [
        ...retryAfter(given.retryAfterMs),
        'x-should-retry',
        'true',
      ]),
    quota_exhausted: quotaExhausted,
    region_blocked: ({ requestId }) => {
      const error = { type: 'forbidden', message: 'Request not allowed' };
      return refusal(403, { type: 'error', error, request_id: idOf(requestId) });
    },
    server_error: (call) => refuse(call, 500, 'Internal server error'),
    slow_down: (call, given) =>
      refuse(
        call,
        429,
        `This request would exceed your organization's (${call.account.organization}) maximum usage increase rate for input tokens per minute. Please scale up your input tokens usage more gradually to stay within the acceleration limit. For details, refer to: https://docs.claude.com/en/api/rate-limits.`,
        retryAfter(given.retryAfterMs),
      ),
    usage_limit: usageLimit,
  },
  unknownKey: (value, requestId) => {
    const message = value === null ? 'x-api-key header is required' : 'invalid x-api-key';
    return refusal(401, bodyOf('authentication_error', message, requestId));
  },
  limitReached,
  errorBody: (status, { message }, requestId) => bodyOf(typeOf(status), message, requestId),
  inBand,
  edgeHeaders,
  accountHeaders,
  limitHeaders,
};
