// What providers write: headers and error bodies in their own words. From their documentation, not from the engine's parsers.
import type { LimitRule } from './limiter.ts';
import type { Face, Trouble } from './scenario.ts';

/** One limit as the provider stood when it charged a request. */
export interface Told {
  readonly rule: LimitRule;
  readonly remaining: number;
  /** Until it is full again, or its window ends. */
  readonly resetMs: number;
}

/** A request that was not admitted. */
export interface Refusal {
  readonly rule: LimitRule;
  readonly requested: number;
  readonly used: number;
  /** Until this very request would fit; Infinity when it never will. */
  readonly waitMs: number;
}

export type Headers = Readonly<Record<string, string>>;

const seconds = (ms: number): string => String(Math.max(1, Math.ceil(ms / 1000)));

/** As Go prints a duration: `17ms`, `6m0s`, `1h2m3.5s`. */
function goDuration(ms: number): string {
  const whole = Math.ceil(ms);
  if (whole < 1000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor((whole % 3_600_000) / 60_000);
  const rest = `${(whole % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

/** The headers of a response. `wallNow` is the provider's clock when it charged the request. */
export function headersOf(
  face: Face,
  told: readonly Told[],
  refusal: Refusal | null,
  wallNow: number,
): Headers {
  const headers: Record<string, string> = {
    date: new Date(wallNow).toUTCString(),
    'content-type': 'application/json',
  };
  for (const each of told) tell(face, each, headers, wallNow);
  if (refusal !== null && refusal.waitMs < Infinity && face !== 'silent') {
    headers['retry-after'] = seconds(refusal.waitMs);
    if (face === 'openai') headers['retry-after-ms'] = String(Math.ceil(refusal.waitMs));
  }
  return headers;
}

const OPENAI_NAMES = {
  requests: 'requests',
  tokens: 'tokens',
  input_tokens: '',
  output_tokens: '',
};
const ANTHROPIC_NAMES = {
  requests: 'requests',
  tokens: 'tokens',
  input_tokens: 'input-tokens',
  output_tokens: 'output-tokens',
};

function tell(face: Face, told: Told, headers: Record<string, string>, wallNow: number): void {
  const { counts, limit, windowMs } = told.rule;
  const remaining = Math.max(0, Math.floor(told.remaining + 1e-6));
  const put = (prefix: string, suffix: string, left: number, reset: string): void => {
    headers[`${prefix}limit${suffix}`] = String(Math.floor(limit));
    headers[`${prefix}remaining${suffix}`] = String(left);
    headers[`${prefix}reset${suffix}`] = reset;
  };
  if (face === 'openai') {
    put('x-ratelimit-', `-${OPENAI_NAMES[counts]}`, remaining, goDuration(told.resetMs));
  } else if (face === 'cerebras') {
    const suffix = `-${counts}-${windowMs > 3_600_000 ? 'day' : 'minute'}`;
    put('x-ratelimit-', suffix, remaining, String(told.resetMs / 1000));
  } else if (face === 'anthropic') {
    const name = `anthropic-ratelimit-${ANTHROPIC_NAMES[counts]}-`;
    // "The number of tokens remaining (rounded to the nearest thousand)"
    const left = counts === 'requests' ? remaining : Math.round(remaining / 1000) * 1000;
    const reset = new Date(Math.ceil((wallNow + told.resetMs) / 1000) * 1000).toISOString();
    put(name, '', left, reset.replace('.000Z', 'Z'));
  }
}

/** The body of a 429. */
export function refusalBody(face: Face, refusal: Refusal): string {
  switch (face) {
    case 'openai':
      return openaiRefusal(refusal);
    case 'anthropic':
      return anthropicRefusal(refusal);
    case 'cerebras':
      return cerebrasRefusal(refusal);
    default:
      return JSON.stringify({ error: { message: 'Too many requests', type: 'rate_limit_error' } });
  }
}

function openaiRefusal({ rule, requested, used, waitMs }: Refusal): string {
  const what = rule.counts === 'requests' ? 'requests per min (RPM)' : 'tokens per min (TPM)';
  const numbers = `Limit ${Math.floor(rule.limit)}, Used ${Math.ceil(used)}, Requested ${Math.ceil(requested)}`;
  const type = rule.counts === 'requests' ? 'requests' : 'tokens';
  const message =
    waitMs === Infinity
      ? `Request too large for gpt-5 in organization org-EXAMPLE on ${what}: Limit ${Math.floor(rule.limit)}, Requested ${Math.ceil(requested)}. The input or output tokens must be reduced in order to run successfully.`
      : `Rate limit reached for gpt-5 in organization org-EXAMPLE on ${what}: ${numbers}. Please try again in ${goDuration(waitMs)}. Visit https://platform.openai.com/account/rate-limits to learn more.`;
  return JSON.stringify({ error: { message, type, param: null, code: 'rate_limit_exceeded' } });
}

function anthropicRefusal({ rule }: Refusal): string {
  const what = rule.counts.replace('_', ' ');
  const message = `This request would exceed the rate limit for your organization of ${Math.floor(rule.limit).toLocaleString('en')} ${what} per minute. For details, refer to: https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage. Please reduce the prompt length or the maximum tokens requested, or try again later.`;
  return JSON.stringify({ type: 'error', error: { type: 'rate_limit_error', message } });
}

function cerebrasRefusal({ rule }: Refusal): string {
  const tokens = rule.counts !== 'requests';
  const period = rule.windowMs > 3_600_000 ? 'day' : 'minute';
  const noun = tokens ? 'Tokens' : 'Requests';
  const tail = tokens ? 'too many tokens processed.' : 'too many requests sent.';
  return JSON.stringify({
    message: `${noun} per ${period} limit exceeded - ${tail}`,
    type: tokens ? 'too_many_tokens_error' : 'too_many_requests_error',
    param: 'quota',
    code: tokens ? 'token_quota_exceeded' : 'request_quota_exceeded',
  });
}

const error = (message: string, type: string, code: string | null): string =>
  JSON.stringify({ error: { message, type, param: null, code } });

/** Status and body of an attempt that trouble hits; status 0 where no connection comes about. */
export function troubleAnswer(kind: Trouble['kind']): { status: number; body: string } {
  switch (kind) {
    case 'dead':
      return {
        status: 401,
        body: error('Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key'),
      };
    case 'no_funds':
      return {
        status: 429,
        body: error(
          'You exceeded your current quota, please check your plan and billing details.',
          'insufficient_quota',
          'insufficient_quota',
        ),
      };
    case 'unreachable':
      return { status: 0, body: '' };
    case 'overloaded':
      return {
        status: 503,
        body: error(
          'That model is currently overloaded with other requests.',
          'server_error',
          'server_is_overloaded',
        ),
      };
    default:
      return {
        status: 500,
        body: error('The server had an error processing your request.', 'server_error', null),
      };
  }
}
