/** Every face over a real socket: status, body and headers of what it refuses and of what it answers. */
import OpenAI, { APIError, RateLimitError } from 'openai';
import { afterEach, describe, expect, test } from 'vitest';
import type { FaultInput } from '../behaviour/fault-input.ts';
import type { SimulatorProfile } from '../profile/profile-schema.ts';
import { startSimulator } from '../start-simulator.ts';
import type { Simulator } from '../start-simulator.ts';
import type { FaceName } from './face.ts';
import { FACE_NAMES } from './face.ts';

const KEY = 'sk-simulated-key-a';
/** 22.75 s into a minute, so that the windows' ends are known. */
const NOW = Date.UTC(2026, 10, 25, 18, 15, 22, 750);

type Limits = SimulatorProfile['models'][number]['limits'];

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function start(face: FaceName, limits?: Limits): Promise<Simulator> {
  const clock = { now: () => 0, wallNow: () => NOW };
  const profile: SimulatorProfile = {
    face,
    organizations: [
      { id: 'org-1', projects: [{ id: 'proj_1', keys: [{ alias: 'a', value: KEY }] }] },
    ],
    models: [{ id: 'gpt-5', answerWords: 20, limits }],
  };
  const simulator = await startSimulator({ profile, clock });
  open.push(simulator);
  return simulator;
}

interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: unknown;
}

async function chat(simulator: Simulator, over: object = {}, key = KEY): Promise<Seen> {
  const response = await fetch(`${simulator.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({
      model: 'gpt-5',
      max_tokens: 400,
      messages: [{ role: 'user', content: 'four words of text.' }],
      ...over,
    }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  const headers = Object.fromEntries(response.headers);
  return { status: response.status, headers, text, json: isJson ? JSON.parse(text) : null };
}

async function under(face: FaceName, fault: FaultInput, over: object = {}): Promise<Seen> {
  const simulator = await start(face);
  simulator.set(fault);
  return chat(simulator, over);
}

const anthropicError = (type: string, message: unknown): object => ({
  type: 'error',
  error: { type, message },
  request_id: expect.stringMatching(/^req_[0-9a-f]{24}$/),
});

const has = (text: string): unknown => expect.stringContaining(text);

describe('a face refuses in its own words', () => {
  test.each<[FaceName, FaultInput, number, object]>([
    ['anthropic', { fault: 'overloaded' }, 529, anthropicError('overloaded_error', 'Overloaded')],
    [
      'anthropic',
      { fault: 'dead_key' },
      401,
      anthropicError('authentication_error', has('x-api-key')),
    ],
    [
      'anthropic',
      { fault: 'usage_limit', until: '2026-12-24' },
      400,
      anthropicError(
        'invalid_request_error',
        'You have reached your specified workspace API usage limits. You will regain access on 2026-12-24 at 00:00 UTC.',
      ),
    ],
    [
      'anthropic',
      { fault: 'usage_limit', code: 'organization' },
      400,
      anthropicError(
        'invalid_request_error',
        'You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.',
      ),
    ],
    [
      'anthropic',
      { fault: 'usage_limit', code: 'enforced_spend_limit_reached' },
      429,
      {
        error: {
          type: 'rate_limit_error',
          message: has('regain access on 2026-12-01'),
          details: { error_code: 'enforced_spend_limit_reached' },
        },
      },
    ],
    [
      'anthropic',
      { fault: 'quota_exhausted' },
      400,
      anthropicError('invalid_request_error', has('credit balance is too low')),
    ],
    [
      'anthropic',
      { fault: 'quota_exhausted', code: 'billing_error' },
      402,
      anthropicError('billing_error', expect.any(String)),
    ],
    [
      'anthropic',
      { fault: 'invalid_request' },
      400,
      anthropicError('invalid_request_error', has('four words')),
    ],
    ['gemini', { fault: 'overloaded' }, 503, [{ error: { code: 503, status: 'UNAVAILABLE' } }]],
    [
      'gemini',
      { fault: 'slow_down' },
      429,
      [
        {
          error: {
            code: 429,
            status: 'RESOURCE_EXHAUSTED',
            message: 'Resource has been exhausted (e.g. check quota).',
          },
        },
      ],
    ],
    [
      'gemini',
      { fault: 'dead_key' },
      400,
      [{ error: { status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID' }, {}] } }],
    ],
    ['gemini', { fault: 'region_blocked' }, 400, [{ error: { status: 'FAILED_PRECONDITION' } }]],
    [
      'gemini',
      { fault: 'rate_limited', dimension: 'requests_day', retryAfterMs: 36_000 },
      429,
      [
        {
          error: {
            details: [
              {},
              {
                violations: [
                  { quotaId: 'GenerateRequestsPerDayPerProjectPerModel', quotaValue: '500' },
                ],
              },
              { retryDelay: '36s' },
            ],
          },
        },
      ],
    ],
    ['groq', { fault: 'quota_exhausted' }, 400, { error: { code: 'blocked_api_access' } }],
    ['groq', { fault: 'slow_down' }, 498, { error: { type: 'capacity_exceeded' } }],
    [
      'groq',
      { fault: 'overloaded' },
      503,
      { error: { message: has('gpt-5 is currently over capacity') } },
    ],
    [
      'openrouter',
      { fault: 'quota_exhausted' },
      402,
      { error: { code: 402, metadata: { limit_source: 'openrouter_credits' } } },
    ],
    [
      'openrouter',
      { fault: 'quota_exhausted', code: 'can_only_afford' },
      402,
      { error: { message: has('You requested up to 400 tokens, but can only afford 200.') } },
    ],
    [
      'openrouter',
      { fault: 'slow_down' },
      429,
      { error: { metadata: { limit_source: 'upstream_provider_shared_pool' } } },
    ],
    [
      'azure',
      { fault: 'rate_limited', dimension: 'tokens_minute', retryAfterMs: 6000 },
      429,
      {
        error: {
          code: '429',
          message: has(
            'exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 6 seconds.',
          ),
        },
      },
    ],
    ['azure', { fault: 'model_forbidden' }, 404, { error: { code: 'DeploymentNotFound' } }],
    [
      'azure',
      { fault: 'dead_key' },
      401,
      { error: { code: '401', message: has('invalid subscription key') } },
    ],
  ])('%s under %j with %i', async (...[face, fault, status, body]) => {
    const seen = await under(face, fault);
    expect(seen.status).toBe(status);
    expect(seen.json).toMatchObject(body);
  });

  test.each(FACE_NAMES)(
    '%s: for every kind of refusal there is an error, and nothing else',
    async (face) => {
      const simulator = await start(face);
      const faults = [
        'account_deactivated',
        'dead_key',
        'model_forbidden',
        'overloaded',
        'quota_exhausted',
        'rate_limited',
        'region_blocked',
        'server_error',
        'slow_down',
        'usage_limit',
        'invalid_request',
      ] as const;
      const wrong: string[] = [];
      for (const fault of faults) {
        simulator.set({ fault, count: 1 });
        const { status, json } = await chat(simulator);
        const error: unknown = Array.isArray(json) ? json[0] : json;
        // Amazon's bodies are nothing but a message
        const told = error instanceof Object && ('error' in error || 'message' in error);
        if (status < 400 || !told) wrong.push(fault);
      }
      const unknownModel = await chat(simulator, { model: 'gpt-0' });
      const unknownKey = await chat(simulator, {}, 'sk-nobodys');
      expect(wrong).toEqual([]);
      expect([unknownModel.status, unknownKey.status].every((status) => status >= 400)).toBe(true);
      expect(unknownKey.text).not.toContain('sk-nobodys');
      expect(simulator.counts().total.byRefusal).toEqual({
        ...Object.fromEntries(faults.map((fault) => [fault, 1])),
        model_not_found: 1,
        unknown_key: 1,
      });
    },
  );
});

test.each(FACE_NAMES)(
  '%s: a rate limit without any wait names no number that is none',
  async (face) => {
    const seen = await under(face, { fault: 'rate_limited', retryAfterMs: 0 });
    expect(seen.text + JSON.stringify(seen.headers)).not.toMatch(/NaN|Infinity|null,null/);
  },
);

describe('limits and what a face tells of them', () => {
  test('Anthropic: four kinds with instants, on good answers too, and output counted as it is produced', async () => {
    const simulator = await start('anthropic', {
      requestsPerMinute: 50,
      inputTokensPerMinute: 30_000,
      outputTokensPerMinute: 8000,
    });
    const first = await chat(simulator);
    expect(first.json).toMatchObject({ usage: { prompt_tokens: 5, completion_tokens: 26 } });
    expect(first.headers).toMatchObject({
      'anthropic-organization-id': 'org-1',
      'request-id': expect.stringMatching(/^req_/),
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '49',
      // full again 1.2 s after 22.75 s, in whole seconds and never too early
      'anthropic-ratelimit-requests-reset': '2026-11-25T18:15:24Z',
      'anthropic-ratelimit-input-tokens-limit': '30000',
      // 29,995, rounded to thousands
      'anthropic-ratelimit-input-tokens-remaining': '30000',
      'anthropic-ratelimit-output-tokens-limit': '8000',
      'anthropic-ratelimit-output-tokens-remaining': '8000',
      'anthropic-ratelimit-tokens-limit': '8000',
      date: 'Wed, 25 Nov 2026 18:15:22 GMT',
    });
    expect(first.headers).not.toHaveProperty('x-ratelimit-limit-requests');
    await expect
      .poll(() => simulator.limits().find((limit) => limit.dimension === 'output_tokens_minute'))
      .toMatchObject({ key: 'a', model: 'gpt-5', limit: 8000, remaining: 8000 - 26 });
  });

  test('Anthropic: the refusal names the limit, and retry-after in seconds', async () => {
    const simulator = await start('anthropic', { requestsPerMinute: 1 });
    await chat(simulator);
    const refused = await chat(simulator);
    expect(refused).toMatchObject({
      status: 429,
      headers: { 'retry-after': '60', 'anthropic-ratelimit-requests-remaining': '0' },
      json: anthropicError(
        'rate_limit_error',
        has("your organization's rate limit of 1 requests per minute (org: org-1, model: gpt-5)"),
      ),
    });
    expect(refused.headers).not.toHaveProperty('retry-after-ms');
    expect(simulator.refusals()).toMatchObject([{ key: 'a', refused: 'limit:requests_minute' }]);
  });

  test("Gemini: no headers; a day's quota ends at midnight Pacific time whatever RetryInfo says", async () => {
    const simulator = await start('gemini', { requestsPerDay: 1 });
    const first = await chat(simulator);
    expect(Object.keys(first.headers).filter((name) => /ratelimit|retry/.test(name))).toEqual([]);
    const refused = await chat(simulator);
    expect(refused.headers).not.toHaveProperty('retry-after');
    expect(refused.json).toMatchObject([
      {
        error: {
          message: has('limit: 1, model: gpt-5\nPlease retry in 37.250000000s.'),
          details: [
            { '@type': 'type.googleapis.com/google.rpc.Help' },
            {
              '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
              violations: [
                {
                  quotaMetric:
                    'generativelanguage.googleapis.com/generate_requests_per_model_per_day',
                  quotaId: 'GenerateRequestsPerDayPerProjectPerModel',
                  quotaDimensions: { location: 'global', model: 'gpt-5' },
                  quotaValue: '1',
                },
              ],
            },
            { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '38s' },
          ],
        },
      },
    ]);
    const midnight = Date.UTC(2026, 10, 26, 8);
    simulator.advance(midnight - NOW - 1);
    expect((await chat(simulator)).status).toBe(429);
    simulator.advance(1);
    expect((await chat(simulator)).status).toBe(200);
  });

  test('Gemini: minutes are the clock’s, and only input is charged', async () => {
    const simulator = await start('gemini', { inputTokensPerMinute: 8 });
    await chat(simulator);
    const refused = await chat(simulator);
    expect(refused.json).toMatchObject([
      {
        error: {
          details: [
            {},
            { violations: [{ quotaId: 'GenerateContentPaidTierInputTokensPerModelPerMinute' }] },
            { retryDelay: '38s' },
          ],
        },
      },
    ]);
    simulator.advance(37_250);
    expect((await chat(simulator)).status).toBe(200);
  });

  test("Groq: a day's requests and a minute's tokens as Go durations; other limits only in the text", async () => {
    const simulator = await start('groq', {
      requestsPerDay: 14_400,
      tokensPerMinute: 18_000,
      requestsPerMinute: 1,
    });
    const first = await chat(simulator);
    expect(first.headers).toMatchObject({
      'x-ratelimit-limit-requests': '14400',
      'x-ratelimit-remaining-requests': '14399',
      'x-ratelimit-reset-requests': '6s',
      'x-ratelimit-limit-tokens': '18000',
      'x-ratelimit-remaining-tokens': '17595',
      'x-ratelimit-reset-tokens': '1.35s',
    });
    expect(await chat(simulator)).toMatchObject({
      status: 429,
      headers: { 'retry-after': '60', 'x-ratelimit-remaining-requests': '14399' },
      json: {
        error: {
          code: 'rate_limit_exceeded',
          type: 'requests',
          message: has(
            'service tier `on_demand` on requests per minute (RPM): Limit 1, Used 1, Requested 1. Please try again in 1m0s.',
          ),
        },
      },
    });
    expect(await chat(simulator, { max_tokens: 20_000 })).toMatchObject({
      status: 413,
      json: { error: { message: has('Request too large for model `gpt-5`') } },
    });
  });

  test('OpenRouter: limit headers on refusals only, epoch milliseconds, the day ends at midnight UTC', async () => {
    const simulator = await start('openrouter', { requestsPerDay: 1 });
    expect((await chat(simulator)).headers).not.toHaveProperty('x-ratelimit-limit');
    const reset = String(Date.UTC(2026, 10, 26));
    expect(await chat(simulator)).toMatchObject({
      status: 429,
      headers: {
        'x-ratelimit-limit': '1',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': reset,
        'retry-after': '20678',
      },
      json: {
        error: {
          code: 429,
          message: has('free-models-per-day'),
          metadata: { headers: { 'X-RateLimit-Reset': reset }, retry_after_seconds: 20_678 },
        },
      },
    });
  });

  test('Azure: only what is left', async () => {
    const simulator = await start('azure', { requestsPerMinute: 1, tokensPerMinute: 1000 });
    const { headers } = await chat(simulator);
    expect(headers).toMatchObject({
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-remaining-tokens': '595',
    });
    expect(Object.keys(headers).filter((name) => /ratelimit-(limit|reset)/.test(name))).toEqual([]);
    expect(await chat(simulator)).toMatchObject({
      status: 429,
      headers: { 'retry-after': '60', 'retry-after-ms': '60000' },
      json: { error: { message: has('exceeded call rate limit') } },
    });
  });
});

describe('an error inside a 200', () => {
  test.each<[FaceName, string | undefined, RegExp]>([
    ['openai', undefined, /^data: \{"error":\{"message":"The server had an error/m],
    [
      'anthropic',
      undefined,
      /^event: error\ndata: \{"type":"error","error":\{"type":"overloaded_error","message":"Overloaded"\}/m,
    ],
    [
      'anthropic',
      'rate_limit_error',
      /^data: \{"type":"error","error":\{"type":"rate_limit_error"/m,
    ],
    ['gemini', undefined, /^data: \{"error":\{"code":503,.*"status":"UNAVAILABLE"\}\}/m],
    ['groq', undefined, /^event: error\ndata: \{"error":/m],
    [
      'openrouter',
      undefined,
      /^data: \{"id":"gen-.*"error":\{"code":"server_error".*"finish_reason":"error"/m,
    ],
    ['azure', undefined, /^data: \{"error":\{"code":"InternalServerError"/m],
  ])('%s, code %s: is an event of the stream, or the body', async (face, code, event) => {
    const stream = await under(
      face,
      { fault: 'error_event', events: 2, ...(code === undefined ? {} : { code }) },
      { stream: true },
    );
    expect(stream.status).toBe(200);
    expect(stream.text).toMatch(event);
    expect(stream.text.split('\n\n').filter((block) => block !== '')).toHaveLength(3);
    const body = await under(face, { fault: 'error_body' });
    expect(body).toMatchObject({ status: 200, json: { error: expect.anything() } });
  });
});

test.each(FACE_NAMES)(
  "%s: OpenAI's SDK reads good answers, and raises what is refused",
  async (face) => {
    const simulator = await start(face, { requestsPerMinute: 1, requestsPerDay: 100 });
    const client = new OpenAI({ apiKey: KEY, baseURL: simulator.url, maxRetries: 0 });
    const call = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'x' }] };
    const good = await client.chat.completions.create(call);
    expect(good.choices[0]?.message.content?.split(' ')).toHaveLength(20);
    await expect(client.chat.completions.create(call)).rejects.toBeInstanceOf(RateLimitError);
    simulator.set({ fault: 'overloaded' });
    const error: unknown = await client.chat.completions
      .create(call)
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(APIError);
  },
);
