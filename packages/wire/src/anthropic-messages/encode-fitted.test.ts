import { describe, expect, it } from 'vitest';
import { textPart } from '../canonical/content.ts';
import { Drops } from '../canonical/drops.ts';
import { NO_SAMPLING, type CanonicalRequest } from '../canonical/request.ts';
import { turn, WEATHER_TOOL } from '../canonical/sample-parts.contract.ts';
import { sampleRequest } from '../canonical/samples.contract.ts';
import type { JsonObject } from '../json/value.ts';
import { encodeRequest } from './encode-request.ts';
import { requestFault } from './request-shape.contract.ts';

interface Fitted {
  readonly body: JsonObject;
  readonly drops: readonly string[];
}

const asking = (of: Partial<CanonicalRequest>): CanonicalRequest =>
  sampleRequest([turn('user', textPart('Hello'))], of);
const reasoning = (of: Partial<NonNullable<CanonicalRequest['reasoning']>>) => ({
  reasoning: {
    effort: null,
    budgetTokens: null,
    adaptive: false,
    show: null,
    summary: null,
    ...of,
  },
});
const sampling = (of: Partial<CanonicalRequest['sampling']>) => ({
  sampling: { ...NO_SAMPLING, ...of },
});

function encoded(request: CanonicalRequest, model: string) {
  const drops = new Drops();
  const body = encodeRequest({ ...request, model }, drops);
  return { body, drops: drops.names };
}

describe('a request of another dialect', () => {
  it.each<[string, Partial<CanonicalRequest>, string, Fitted]>([
    ['no limit', {}, 'claude-opus-5', { body: { max_tokens: 4096 }, drops: [] }],
    [
      'the caller’s limit',
      sampling({ maxOutputTokens: 7 }),
      'claude-opus-5',
      { body: { max_tokens: 7 }, drops: [] },
    ],
    [
      'a budget',
      reasoning({ budgetTokens: 2048 }),
      'claude-sonnet-4-5',
      { body: { thinking: { type: 'enabled', budget_tokens: 2048 }, max_tokens: 6144 }, drops: [] },
    ],
    [
      'a budget above the limit',
      { ...reasoning({ effort: 'medium' }), ...sampling({ maxOutputTokens: 300 }) },
      'claude-sonnet-4-5',
      { body: { thinking: { type: 'enabled', budget_tokens: 8192 }, max_tokens: 9216 }, drops: [] },
    ],
    [
      'a small budget',
      reasoning({ effort: 'minimal' }),
      'glm-5',
      { body: { thinking: { type: 'enabled', budget_tokens: 1024 } }, drops: [] },
    ],
    [
      'a free budget',
      reasoning({ budgetTokens: -1 }),
      'claude-sonnet-4-5',
      { body: { thinking: { type: 'enabled', budget_tokens: 8192 } }, drops: [] },
    ],
    [
      'an effort, adaptive',
      reasoning({ effort: 'high', show: true }),
      'claude-opus-5',
      {
        body: {
          thinking: { type: 'adaptive', display: 'summarized' },
          output_config: { effort: 'high' },
          max_tokens: 4096,
        },
        drops: [],
      },
    ],
    [
      'a budget, adaptive',
      reasoning({ budgetTokens: 4000 }),
      'claude-opus-4-6',
      { body: { thinking: { type: 'adaptive' }, output_config: { effort: 'medium' } }, drops: [] },
    ],
    [
      'an effort that 4.6 lacks',
      reasoning({ effort: 'xhigh' }),
      'claude-opus-4-6',
      { body: { output_config: { effort: 'max' } }, drops: [] },
    ],
    [
      'an effort that is too small',
      reasoning({ effort: 'minimal' }),
      'claude-opus-5',
      { body: { output_config: { effort: 'low' } }, drops: [] },
    ],
    [
      'the greatest that 4.5 has',
      reasoning({ effort: 'max' }),
      'claude-opus-4-5',
      { body: { output_config: { effort: 'high' } }, drops: [] },
    ],
    [
      'no thinking',
      reasoning({ effort: 'none' }),
      'claude-sonnet-5',
      { body: { thinking: { type: 'disabled' } }, drops: [] },
    ],
    [
      'no thinking where it never stops',
      reasoning({ effort: 'none' }),
      'claude-opus-5-5',
      { body: { output_config: { effort: 'low' } }, drops: ['reasoning_effort'] },
    ],
    [
      'a summary in detail',
      reasoning({ effort: 'low', summary: 'detailed' }),
      'claude-opus-5',
      { body: {}, drops: ['reasoning_summary'] },
    ],
    [
      'a high temperature',
      sampling({ temperature: 1.5 }),
      'claude-sonnet-4-5',
      { body: { temperature: 1 }, drops: ['temperature'] },
    ],
    [
      'temperature and top_p',
      sampling({ temperature: 0.2, topP: 0.5 }),
      'claude-sonnet-4-5',
      { body: { temperature: 0.2 }, drops: ['top_p'] },
    ],
    [
      'both on an older model',
      sampling({ temperature: 0.2, topP: 0.5 }),
      'claude-sonnet-4-20250514',
      { body: { temperature: 0.2, top_p: 0.5 }, drops: [] },
    ],
    [
      'sampling that 4.7 lacks',
      sampling({ temperature: 0.2, topP: 0.5, topK: 3 }),
      'claude-opus-4-7',
      { body: {}, drops: ['temperature', 'top_k', 'top_p'] },
    ],
    [
      'the default temperature',
      sampling({ temperature: 1, topP: 1 }),
      'claude-opus-5',
      { body: {}, drops: [] },
    ],
    [
      'sampling beside thinking',
      { ...sampling({ temperature: 0.2, topP: 0.97, topK: 3 }), ...reasoning({ effort: 'low' }) },
      'claude-sonnet-4-5',
      { body: { top_p: 0.97 }, drops: ['temperature', 'top_k'] },
    ],
    [
      'a forced tool beside thinking',
      { tools: [WEATHER_TOOL], toolChoice: { kind: 'required' }, ...reasoning({ effort: 'low' }) },
      'claude-sonnet-4-5',
      { body: { tool_choice: { type: 'any' } }, drops: ['reasoning_effort'] },
    ],
    [
      'a forced tool where none can be',
      { tools: [WEATHER_TOOL], toolChoice: { kind: 'tool', name: 'get_weather' } },
      'claude-opus-5-5',
      { body: { tool_choice: { type: 'auto' } }, drops: ['tool_choice'] },
    ],
    [
      'one call at a time',
      { tools: [WEATHER_TOOL], parallelToolCalls: false },
      'claude-opus-5',
      { body: { tool_choice: { type: 'auto', disable_parallel_tool_use: true } }, drops: [] },
    ],
    [
      'a choice without tools',
      { toolChoice: { kind: 'required' } },
      'claude-opus-5',
      { body: {}, drops: ['tool_choice'] },
    ],
    [
      'a strict tool that is too old',
      { tools: [{ ...WEATHER_TOOL, strict: true }] },
      'claude-sonnet-4-20250514',
      { body: {}, drops: ['strict'] },
    ],
    [
      'a tier',
      { serviceTier: 'default' },
      'claude-opus-5',
      { body: { service_tier: 'standard_only' }, drops: [] },
    ],
    [
      'stops of white space',
      sampling({ stop: ['\n', 'END'] }),
      'claude-opus-5',
      { body: { stop_sequences: ['END'] }, drops: ['stop'] },
    ],
    ['a user', { user: 'u' }, 'claude-opus-5', { body: { metadata: { user_id: 'u' } }, drops: [] }],
    ['nothing stored', { store: false }, 'claude-opus-5', { body: {}, drops: [] }],
  ])('is fitted to the model: %s', (_, of, model, expected) => {
    const { body, drops } = encoded(asking(of), model);
    expect(requestFault(body)).toBeNull();
    expect({ body, drops }).toMatchObject(expected);
    const kept = drops.filter(
      (name) => Reflect.get(body, name) !== undefined && !(name in expected.body),
    );
    expect(kept).toEqual([]);
  });
});
