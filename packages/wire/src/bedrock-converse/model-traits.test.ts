import { describe, expect, it } from 'vitest';
import { textPart } from '../canonical/content.ts';
import { NO_SAMPLING, type Reasoning } from '../canonical/request.ts';
import { toolCall, toolResult, turn, WEATHER_TOOL } from '../canonical/sample-parts.contract.ts';
import { sampleRequest } from '../canonical/samples.contract.ts';
import type { JsonObject } from '../json/value.ts';
import { CLAUDE, encode, HELLO, membersNamed, sample } from './converse-requests.contract.ts';

const thinking = (of: Partial<Reasoning>): Reasoning => ({
  effort: null,
  budgetTokens: null,
  adaptive: false,
  show: null,
  summary: null,
  ...of,
});

describe('thinking', () => {
  it.each<
    readonly [
      string,
      Partial<Reasoning>,
      number | null,
      JsonObject | undefined,
      string | undefined,
      readonly string[],
    ]
  >([
    [
      CLAUDE,
      { effort: 'high' },
      null,
      { thinking: { type: 'enabled', budget_tokens: 24_576 } },
      undefined,
      [],
    ],
    [
      CLAUDE,
      { effort: 'high' },
      4000,
      { thinking: { type: 'enabled', budget_tokens: 3999 } },
      undefined,
      [],
    ],
    [CLAUDE, { effort: 'low' }, 500, undefined, undefined, ['reasoning_effort']],
    [
      CLAUDE,
      { budgetTokens: 100 },
      null,
      { thinking: { type: 'enabled', budget_tokens: 1024 } },
      undefined,
      [],
    ],
    [CLAUDE, { effort: 'none' }, null, undefined, undefined, []],
    [
      'anthropic.claude-3-5-sonnet-20241022-v2:0',
      { effort: 'low' },
      null,
      undefined,
      undefined,
      ['reasoning_effort'],
    ],
    [
      'anthropic.claude-3-7-sonnet-20250219-v1:0',
      { effort: 'low' },
      null,
      { thinking: { type: 'enabled', budget_tokens: 1024 } },
      undefined,
      [],
    ],
    [
      'global.anthropic.claude-opus-4-6-v1',
      { effort: 'minimal', show: true },
      null,
      { thinking: { type: 'adaptive', display: 'summarized' } },
      'low',
      [],
    ],
    [
      'global.anthropic.claude-opus-5',
      { adaptive: true },
      null,
      { thinking: { type: 'adaptive' } },
      undefined,
      [],
    ],
    [
      'global.anthropic.claude-opus-4-7',
      { effort: 'none' },
      null,
      { thinking: { type: 'disabled' } },
      undefined,
      [],
    ],
    [
      'us.amazon.nova-2-lite-v1:0',
      { budgetTokens: 5000 },
      100,
      { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'medium' } },
      undefined,
      [],
    ],
    [
      'us.amazon.nova-2-lite-v1:0',
      { effort: 'max' },
      100,
      { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' } },
      undefined,
      ['max_tokens'],
    ],
    [
      'us.amazon.nova-pro-v1:0',
      { effort: 'low' },
      null,
      undefined,
      undefined,
      ['reasoning_effort'],
    ],
    [
      'openai.gpt-oss-120b-1:0',
      { effort: 'xhigh' },
      null,
      { reasoning_effort: 'high' },
      undefined,
      [],
    ],
    [
      'openai.gpt-oss-120b-1:0',
      { effort: 'none' },
      null,
      { reasoning_effort: 'low' },
      undefined,
      ['reasoning_effort'],
    ],
    ['us.deepseek.r1-v1:0', { effort: 'low' }, null, undefined, undefined, ['reasoning_effort']],
  ])('of %s by %j below %s tokens', (...row) => {
    const [model, of, maxOutputTokens, fields, effort, lost] = row;
    const { body, drops } = encode(
      sampleRequest([HELLO], {
        reasoning: thinking(of),
        sampling: { ...NO_SAMPLING, maxOutputTokens },
      }),
      model,
    );
    expect(body['additionalModelRequestFields']).toEqual(fields);
    expect(body['outputConfig']).toEqual(effort === undefined ? undefined : { effort });
    expect(drops).toEqual(lost);
  });

  it('gives way to a forced tool, and to a loop that began without thoughts', () => {
    const reasoning = thinking({ effort: 'low' });
    const forced = encode(
      sampleRequest([HELLO], {
        reasoning,
        tools: [WEATHER_TOOL],
        toolChoice: { kind: 'required' },
      }),
    );
    expect(forced.drops).toEqual(['reasoning_effort']);
    expect(forced.body['toolConfig']).toMatchObject({ toolChoice: { any: {} } });
    const loop = encode({ ...sample('parallel tool calls and their results'), reasoning });
    expect(loop.drops).toEqual(['reasoning_effort']);
  });

  it('goes back to its origin byte for byte, and to nobody else', () => {
    const own = encode(sample('thinking signed by bedrock-converse')).body;
    expect(membersNamed(own, 'reasoningContent')).toEqual([
      { reasoningText: { text: 'They want the sky.', signature: 'c2lnbmVk' } },
      { redactedContent: 'c2VhbGVk' },
    ]);
    const other = encode(sample('thinking signed by gemini')).body;
    expect(membersNamed(other, 'reasoningContent')).toEqual([]);
  });
});

describe('what a model takes', () => {
  it.each<readonly [string, JsonObject | undefined, JsonObject | undefined, readonly string[]]>([
    [CLAUDE, { temperature: 1, topP: 0.9 }, { top_k: 5 }, ['temperature']],
    [
      'anthropic.claude-haiku-4-5-20251001-v1:0',
      { temperature: 1 },
      { top_k: 5 },
      ['temperature', 'top_p'],
    ],
    ['anthropic.claude-sonnet-5', undefined, undefined, ['temperature', 'top_p', 'top_k']],
    [
      'amazon.nova-lite-v1:0',
      { temperature: 1, topP: 0.9 },
      { inferenceConfig: { topK: 5 } },
      ['temperature'],
    ],
    ['cohere.command-r-plus-v1:0', { temperature: 1, topP: 0.9 }, { k: 5 }, ['temperature']],
    [
      'meta.llama3-1-8b-instruct-v1:0',
      { temperature: 1, topP: 0.9 },
      undefined,
      ['temperature', 'top_k'],
    ],
  ])('of the sampling parameters: %s', (model, config, fields, lost) => {
    const sampling = { ...NO_SAMPLING, temperature: 1.5, topP: 0.9, topK: 5 };
    const { body, drops } = encode(sampleRequest([HELLO], { sampling }), model);
    expect(body['inferenceConfig']).toEqual(config);
    expect(body['additionalModelRequestFields']).toEqual(fields);
    expect(drops.toSorted()).toEqual(lost.toSorted());
  });

  it.each<readonly [string, readonly string[]]>([
    [CLAUDE, []],
    ['arn:aws:bedrock:us-east-1:1:application-inference-profile/abc', []],
    ['mistral.mistral-large-2407-v1:0', ['cache_control', 'is_error', 'tool_choice']],
    ['meta.llama3-1-8b-instruct-v1:0', ['cache_control', 'is_error', 'tool_choice']],
  ])('of forced tools, failed ones and cache points: %s', (model, lost) => {
    const request = sampleRequest(
      [
        turn('user', textPart('Hello', { ttl: null })),
        turn('assistant', toolCall('a', 'get_weather', '{}')),
        turn('user', { ...toolResult('a', textPart('no')), isError: true }),
      ],
      { tools: [WEATHER_TOOL], toolChoice: { kind: 'tool', name: 'get_weather' } },
    );
    expect(encode(request, model).drops.toSorted()).toEqual(lost);
  });
});
