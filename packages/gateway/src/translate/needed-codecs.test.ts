import { describe, expect, it } from 'vitest';
import { UNKNOWN_CAPABILITIES } from '@keywell/core/snapshot/snapshot';
import { aSnapshot, type ProviderSketch } from '@keywell/testkit/a-snapshot';
import { codecOf, loadCodecs } from './codec-of.ts';
import { neededBySnapshot } from './needed-codecs.ts';

const needed = (...providers: readonly ProviderSketch[]): readonly string[] =>
  [...neededBySnapshot(aSnapshot({ providers }))].toSorted();

describe('the codecs that a snapshot needs', () => {
  it('are none where every provider speaks the chat of OpenAI', () => {
    expect(needed({ kind: 'openai' }, { kind: 'openai-compatible' })).toEqual([]);
  });

  it.each([
    ['anthropic', 'http://127.0.0.1:1/v1', ['anthropic-messages', 'openai-chat']],
    ['gemini', 'http://127.0.0.1:1/v1beta', ['gemini', 'openai-chat']],
    ['bedrock', 'http://127.0.0.1:1', ['bedrock-converse', 'openai-chat']],
    ['bedrock', 'http://127.0.0.1:1/openai/v1', []],
  ])(
    'are those of what a provider of kind %s at %s is told, and of its callers',
    (kind, baseUrl, dialects) => {
      expect(needed({ kind: 'openai' }, { id: 'other', kind, baseUrl })).toEqual(dialects);
    },
  );

  it('are those of the dialects that a provider is declared to speak', () => {
    const dialects = ['openai-responses', 'anthropic-messages'] as const;
    expect(needed({ kind: 'openai-compatible', dialects })).toEqual([
      'anthropic-messages',
      'openai-chat',
      'openai-responses',
    ]);
  });

  it('hold that of the chat where a model is known to lack something: its calls are looked at', () => {
    const capabilities = { ...UNKNOWN_CAPABILITIES, vision: false };
    const snapshot = aSnapshot({ pools: [{ tiers: [{ targets: [{ capabilities }] }] }] });
    expect([...neededBySnapshot(snapshot)]).toEqual(['openai-chat']);
  });
});

describe('a codec', () => {
  it('is there once it was loaded, and then nobody waits for it', async () => {
    expect(() => codecOf('bedrock-converse')).toThrow('is not loaded');
    await loadCodecs(['bedrock-converse', 'gemini']);
    expect(codecOf('bedrock-converse').dialect).toBe('bedrock-converse');
    expect(loadCodecs(['gemini', 'bedrock-converse'])).toBeNull();
    expect(loadCodecs([])).toBeNull();
  });
});
