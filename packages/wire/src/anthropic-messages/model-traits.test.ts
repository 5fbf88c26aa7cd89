import { describe, expect, it } from 'vitest';
import { traitsOf } from './model-traits.ts';

describe('what a model takes', () => {
  // thinking, can stop, greatest effort, sampling, forced tools
  it.each([
    ['claude-3-5-sonnet-20241022', ['budget', true, undefined, true, true]],
    ['claude-sonnet-4-20250514', ['budget', true, undefined, true, true]],
    ['claude-sonnet-4-5@20250929', ['budget', true, undefined, true, true]],
    ['claude-haiku-4-5-20251001', ['budget', true, undefined, true, true]],
    ['us.anthropic.claude-opus-4-5-20251101-v1:0', ['budget', true, 'high', true, true]],
    ['claude-opus-4-6', ['adaptive', true, 'max', true, true]],
    ['anthropic/claude-sonnet-4.6', ['adaptive', true, 'max', true, true]],
    ['claude-opus-4-7', ['adaptive', true, 'max', false, true]],
    ['claude-opus-5', ['adaptive', true, 'max', false, true]],
    ['claude-sonnet-5-5', ['adaptive', false, 'max', false, false]],
    ['claude-haiku-5-5', ['adaptive', true, 'max', false, true]],
    ['claude-fable-5', ['adaptive', false, 'max', false, true]],
    ['claude-fable-5-2', ['adaptive', false, 'max', false, false]],
    ['claude-mythos-preview', ['adaptive', false, 'max', false, true]],
    ['kimi-k2-thinking', ['budget', true, undefined, true, true]],
  ])('is known by its name: %s', (name, expected) => {
    const traits = traitsOf(name);
    expect([
      traits.thinking,
      traits.canStopThinking,
      traits.efforts.at(-1),
      traits.sampling,
      traits.forcedTools,
    ]).toEqual(expected);
  });

  it('is looked up in no time, however long the name', () => {
    expect(traitsOf('claude-'.repeat(20_000)).thinking).toBe('budget');
  });
});
