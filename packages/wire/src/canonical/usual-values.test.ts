import { describe, expect, it } from 'vitest';
import { CALLERS, PAIRS } from '../golden/codecs.contract.ts';
import { droppedOf, recordedBytes } from '../golden/stream-pair.contract.ts';
import { translateRequest, translateResponse } from '../golden/translate-pair.contract.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { DIALECTS, type Dialect } from './dialect.ts';
import { saysNothing } from './usual-values.ts';

const SAFE = { hate: { filtered: false, severity: 'safe' }, jailbreak: { detected: false } };

/** Answers as providers give them to who asks for nothing special. */
const USUAL: Readonly<Record<Dialect, JsonObject>> = {
  'openai-chat': {
    id: 'c',
    model: 'm',
    service_tier: 'default',
    system_fingerprint: 'fp_1',
    prompt_filter_results: [{ prompt_index: 0, content_filter_results: SAFE }],
    choices: [
      {
        message: { role: 'assistant', content: 'Hi', context: {} },
        finish_reason: 'stop',
        content_filter_results: SAFE,
      },
    ],
  },
  'openai-responses': {
    id: 'resp_1',
    status: 'completed',
    service_tier: 'auto',
    content_filters: [],
    output: [{ type: 'message', content: [{ type: 'output_text', text: 'Hi' }] }],
  },
  'anthropic-messages': {
    id: 'msg_1',
    content: [{ type: 'text', text: 'Hi' }],
    stop_reason: 'end_turn',
    usage: {
      input_tokens: 1,
      output_tokens: 1,
      service_tier: 'standard',
      inference_geo: 'not_available',
      server_tool_use: { web_search_requests: 0 },
    },
  },
  gemini: {
    candidates: [
      {
        content: { parts: [{ text: 'Hi' }] },
        finishReason: 'STOP',
        safetyRatings: [{ category: 'HARM_CATEGORY_HARASSMENT', probability: 'NEGLIGIBLE' }],
      },
    ],
    promptFeedback: { safetyRatings: [] },
    usageMetadata: { promptTokenCount: 1, serviceTier: 'standard', trafficType: 'ON_DEMAND' },
  },
  'bedrock-converse': {
    output: { message: { role: 'assistant', content: [{ text: 'Hi' }] } },
    stopReason: 'end_turn',
    metrics: { latencyMs: 1 },
    performanceConfig: { latency: 'standard' },
    serviceTier: { type: 'default' },
  },
};

/** The same members where they tell something, and what is named then. */
const UNUSUAL: readonly (readonly [Dialect, JsonObject, readonly string[]])[] = [
  ['openai-chat', { service_tier: 'priority' }, ['service_tier']],
  [
    'openai-chat',
    { prompt_filter_results: [{ content_filter_results: { hate: { filtered: true } } }] },
    ['prompt_filter_results'],
  ],
  ['openai-responses', { service_tier: 'flex' }, ['service_tier']],
  [
    'anthropic-messages',
    { usage: { output_tokens: 1, server_tool_use: { web_search_requests: 2 } } },
    ['usage'],
  ],
  ['gemini', { usageMetadata: { trafficType: 'PROVISIONED_THROUGHPUT' } }, ['usageMetadata']],
  ['bedrock-converse', { serviceTier: { type: 'priority' } }, ['serviceTier']],
];

const othersThan = (dialect: Dialect) => CALLERS.filter((caller) => caller !== dialect);

describe('what an answer says anyway', () => {
  it.each(DIALECTS)('is not named as dropped of an answer of %s', (provider) => {
    for (const caller of othersThan(provider)) {
      expect(
        translateResponse({ caller, provider }, USUAL[provider]).dropped,
        `to ${caller}`,
      ).toEqual([]);
    }
  });

  it.each(UNUSUAL)('is named of %s where it says something: %j', (provider, members, names) => {
    for (const caller of othersThan(provider)) {
      const body = { ...USUAL[provider], ...members };
      expect(translateResponse({ caller, provider }, body).dropped, `to ${caller}`).toEqual(names);
    }
  });

  it('is not named of a stream either', () => {
    const { choices, ...around } = USUAL['openai-chat'];
    const chunks = [
      { ...around, choices: [{ delta: { content: 'Hi' }, content_filter_results: SAFE }] },
      { ...around, choices: [{ delta: {}, finish_reason: 'stop' }] },
    ];
    expect(choices).toBeDefined();
    const stream = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('');
    const bytes = recordedBytes('openai-chat', stream);
    expect(droppedOf({ caller: 'gemini', provider: 'openai-chat' }, [bytes])).toEqual([]);
  });

  it('is looked for only so deep as providers say it', () => {
    let deep: JsonValue = 'safe';
    for (let depth = 0; depth < 10_000; depth++) deep = { severity: deep };
    expect(saysNothing('severity', { severity: 'safe' })).toBe(true);
    expect(saysNothing('severity', deep)).toBe(false);
  });
});

const HELLO = { role: 'user', content: 'Hi' };

/** The tier of who asks for none, as each dialect names it. */
const TIERS: Readonly<
  Record<Dialect, readonly [body: JsonObject, member: string, value: JsonValue]>
> = {
  'openai-chat': [{ messages: [HELLO] }, 'service_tier', 'default'],
  'openai-responses': [{ input: [] }, 'service_tier', 'default'],
  'anthropic-messages': [{ messages: [HELLO], max_tokens: 9 }, 'service_tier', 'standard_only'],
  gemini: [{ contents: [] }, 'serviceTier', 'standard'],
  'bedrock-converse': [{ messages: [] }, 'serviceTier', { type: 'default' }],
};

describe('the usual tier of a request', () => {
  const asking = PAIRS.map(({ caller, provider }) => {
    const [body, member, value] = TIERS[caller];
    const [, target, named] = TIERS[provider];
    return { caller, provider, body: { model: 'm', ...body, [member]: value }, target, named };
  });

  it.each(asking)('of $caller is what $provider calls it', (of) => {
    const { body: written, dropped } = translateRequest(of, of.body);
    expect(written[of.target]).toEqual(of.named);
    expect(dropped).toEqual([]);
  });
});
