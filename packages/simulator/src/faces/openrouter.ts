/**
 * OpenRouter. Bodies: openrouter.ai/docs/api-reference/errors and replies quoted in public issues: 402 with `limit_source`
 * (`openrouter_credits`) and 402 "can only afford" (newo-ether/Agora/issues/8), 429 with limit headers inside the body
 * (Gitlawb/openclaude/issues/936), an error as a chunk of a stream (use-agent-os/agent-os/issues/2214). The limit headers were seen on
 * refusals only.
 */
import { resetOf } from '../limiter/model-limiter.ts';
import type { LimitRefusal, ModelLimit } from '../limiter/model-limiter.ts';
import type { Face, Refuse, RefusedCall, Stamp } from './face.ts';
import { tightest, toldRemaining, wholeSeconds } from './limit-words.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';

const refuse = (
  status: number,
  message: string,
  metadata?: object,
  headers: readonly string[] = [],
): Refusal =>
  refusal(
    status,
    { error: { message, code: status, ...(metadata === undefined ? {} : { metadata }) } },
    headers,
  );

const retryAfter = (ms: number | undefined): string[] =>
  ms === undefined ? [] : ['Retry-After', wholeSeconds(ms)];

/** By default the account's credits; `can_only_afford` refuses what is too dear, another code is told as the limit's source. */
const quotaExhausted: Refuse = ({ allowance }, { code }) => {
  if (code === 'can_only_afford') {
    const asked = allowance ?? 65_536;
    const message = `This request requires more credits, or fewer max_tokens. You requested up to ${asked} tokens, but can only afford ${Math.floor(asked / 2)}. To increase, visit https://openrouter.ai/settings/credits and upgrade to a paid account`;
    return refuse(402, message, { provider_name: null });
  }
  const limitSource = code ?? 'openrouter_credits';
  const message = 'Insufficient credits. Add more using https://openrouter.ai/settings/credits';
  return refuse(402, message, { limit_source: limitSource });
};

/** A free model's limit per day or minute. */
function limitReached({ clockAt }: RefusedCall, limit: LimitRefusal): Refusal {
  const day = limit.dimension.endsWith('_day');
  const name = day ? 'free-models-per-day' : 'free-models-per-min';
  const more = day ? '. Add 10 credits to unlock 1000 free model requests per day' : '. ';
  const waits = limit.waitMs !== null && Number.isFinite(limit.waitMs) ? limit.waitMs : undefined;
  const told = {
    'X-RateLimit-Limit': String(limit.limit),
    'X-RateLimit-Remaining': String(Math.max(0, limit.limit - limit.used)),
    ...(waits === undefined ? {} : { 'X-RateLimit-Reset': String(Math.ceil(clockAt + waits)) }),
  };
  const metadata = {
    headers: told,
    provider_name: null,
    ...(day ? { limit_source: 'openrouter_free_tier_daily' } : {}),
    ...(waits === undefined ? {} : { retry_after_seconds: Number(wholeSeconds(waits)) }),
  };
  return refuse(429, `Rate limit exceeded: ${name}${more}`, metadata, retryAfter(waits));
}

function limitHeaders(limits: readonly ModelLimit[], at: number, refused: boolean): string[] {
  const limit = refused ? tightest(limits, at, () => true) : null;
  if (limit === null) return [];
  return [
    'X-RateLimit-Limit',
    String(limit.meter.limit),
    'X-RateLimit-Remaining',
    String(toldRemaining(limit, at)),
    'X-RateLimit-Reset',
    String(Math.ceil(at + (resetOf(limit, at) ?? 0))),
  ];
}

const upstream = (model: string): object => ({ provider_name: 'Simulated', raw: model });

const headers = ({ requestId }: Stamp): string[] => ['x-generation-id', `gen-${requestId}`];

export const openrouterFace: Face = {
  name: 'openrouter',
  // free models: a day ends at 00:00 UTC; that minutes are the clock's is not verified
  rules: { minuteRefill: 'fixed', dayRefill: 'calendar', timeZone: 'UTC', charge: 'at_end' },
  refusals: {
    account_deactivated: () => refuse(403, 'Your account has been disabled.'),
    dead_key: () => refuse(401, 'User not found.'),
    model_forbidden: ({ model }) =>
      refuse(404, `No endpoints found matching your data policy for ${model}.`),
    model_not_found: ({ model }) => refuse(400, `${model} is not a valid model ID`),
    overloaded: ({ model }, given) =>
      refuse(503, 'Provider returned error', upstream(model), retryAfter(given.retryAfterMs)),
    quota_exhausted: quotaExhausted,
    region_blocked: () => refuse(403, 'This model is not available in your region.'),
    server_error: () => refuse(500, 'Internal Server Error'),
    slow_down: ({ model }, given) =>
      refuse(
        429,
        'Provider returned error',
        {
          ...upstream(model),
          raw: `${model} is temporarily rate-limited upstream. Please retry shortly.`,
          limit_source: 'upstream_provider_shared_pool',
        },
        retryAfter(given.retryAfterMs),
      ),
    // a key's own limit; the date is not part of the text as far as is known
    usage_limit: () =>
      refuse(402, 'Key limit exceeded. Manage it using https://openrouter.ai/settings/keys', {
        limit_source: 'openrouter_key_limit',
      }),
  },
  unknownKey: (value) =>
    refuse(401, value === null ? 'No auth credentials found' : 'User not found.'),
  limitReached,
  errorBody: (status, { message }) => JSON.stringify({ error: { message, code: status } }),
  inBand: (code, { model, requestId, at }) => {
    const error = { code: 502, message: 'Provider returned error', metadata: upstream(model) };
    const chunk = {
      id: `gen-${requestId}`,
      object: 'chat.completion.chunk',
      created: Math.floor(at / 1000),
      model,
      provider: 'Simulated',
      error: { code: code ?? 'server_error', message: 'Provider disconnected unexpectedly' },
      choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
    };
    return { body: JSON.stringify({ error }), event: `data: ${JSON.stringify(chunk)}\n\n` };
  },
  edgeHeaders: () => [],
  accountHeaders: (_, stamp) => headers(stamp),
  limitHeaders,
};
