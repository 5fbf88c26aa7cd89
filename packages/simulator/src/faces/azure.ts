/**
 * Azure OpenAI. Texts: replies quoted in public issues and repositories (vanderschaarlab/climb/issues/1, alex-wolf-ps/dbchatprov2/issues/2,
 * chatboxai/chatbox/issues/861); only what is left is told, not the limit nor its reset (Azure/azure-rest-api-specs/issues/26884).
 */
import { USUAL_RULES } from '../limiter/model-limiter.ts';
import type { LimitRefusal, ModelLimit } from '../limiter/model-limiter.ts';
import type { Face, RefusedCall, Stamp } from './face.ts';
import { LIMIT_WORDS, tightest, toldRemaining, wholeSeconds } from './limit-words.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';

const refuse = (
  status: number,
  code: string,
  message: string,
  headers: readonly string[] = [],
): Refusal => refusal(status, { error: { code, message } }, headers);

/** Azure names a whole day where no wait would be enough. */
const NEVER_MS = 86_400_000;

const retryHeaders = (ms: number): string[] => [
  'retry-after',
  wholeSeconds(ms),
  'retry-after-ms',
  String(Math.ceil(ms)),
];

function limitReached(_: RefusedCall, limit: LimitRefusal): Refusal {
  const kind = LIMIT_WORDS[limit.dimension].type === 'requests' ? 'call' : 'token';
  const waitMs = Math.min(NEVER_MS, limit.waitMs ?? 1000);
  const message = `Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2025-01-01-preview have exceeded ${kind} rate limit of your current OpenAI S0 pricing tier. Please retry after ${wholeSeconds(waitMs)} seconds. Please go here: https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit.`;
  return refuse(429, '429', message, retryHeaders(waitMs));
}

function limitHeaders(limits: readonly ModelLimit[], at: number): string[] {
  const headers: string[] = [];
  for (const name of ['requests', 'tokens'] as const) {
    const limit = tightest(
      limits,
      at,
      ({ counts }) => (counts === 'requests') === (name === 'requests'),
    );
    if (limit !== null) {
      headers.push(`x-ratelimit-remaining-${name}`, String(toldRemaining(limit, at)));
    }
  }
  return headers;
}

const ACCESS_DENIED =
  'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.';
const NO_DEPLOYMENT =
  'The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.';
const HIGH_DEMAND =
  'The system is currently experiencing high demand and cannot process your request. Your request exceeds the maximum usage size allowed during peak load. For improved capacity reliability, consider switching to Provisioned Throughput.';

const edgeHeaders = ({ requestId }: Stamp): string[] => ['apim-request-id', requestId];

export const azureFace: Face = {
  name: 'azure',
  keyHeader: 'api-key',
  rules: USUAL_RULES,
  refusals: {
    account_deactivated: () => refuse(403, '403', 'This subscription is disabled.'),
    dead_key: () => refuse(401, '401', ACCESS_DENIED),
    model_forbidden: () => refuse(404, 'DeploymentNotFound', NO_DEPLOYMENT),
    model_not_found: () => refuse(404, 'DeploymentNotFound', NO_DEPLOYMENT),
    overloaded: (_, given) =>
      refuse(
        429,
        'too_many_requests',
        HIGH_DEMAND,
        given.retryAfterMs === undefined ? [] : retryHeaders(given.retryAfterMs),
      ),
    // how an exhausted subscription is told is not verified
    quota_exhausted: () =>
      refuse(429, 'insufficient_quota', 'The spending limit of this subscription is reached.'),
    region_blocked: () =>
      refuse(403, '403', 'Access denied due to Virtual Network/Firewall rules.'),
    server_error: () => refuse(500, 'InternalServerError', 'Internal server error'),
    slow_down: (_, given) =>
      refuse(
        429,
        'RateLimitReached',
        `Rate limit is exceeded. Try again in ${wholeSeconds(given.retryAfterMs ?? 6000)} seconds.`,
        retryHeaders(given.retryAfterMs ?? 6000),
      ),
    usage_limit: () =>
      refuse(429, 'insufficient_quota', 'The spending limit of this subscription is reached.'),
  },
  unknownKey: () => refuse(401, '401', ACCESS_DENIED),
  limitReached,
  errorBody: (status, { message, type, param, code }) =>
    JSON.stringify({ error: { code: code ?? String(status), message, param, type } }),
  inBand: (code) => {
    const error = { code: code ?? 'InternalServerError', message: 'Internal server error' };
    const body = JSON.stringify({ error });
    return { body, event: `data: ${body}\n\n` };
  },
  edgeHeaders,
  accountHeaders: (_, stamp) => ['x-ms-region', 'Simulated', ...edgeHeaders(stamp)],
  limitHeaders,
};
