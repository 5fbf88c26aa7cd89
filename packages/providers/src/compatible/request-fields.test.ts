import type { MessageCreateParams } from '@anthropic-ai/sdk/resources/messages/messages';
import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions/completions';
import { describe, expect, it } from 'vitest';
import { vendorKinds, vendorOf } from '../registry.ts';
import { CHAT_FIELDS, MESSAGES_FIELDS } from './request-fields.ts';

// the compiler refuses a name here that the official clients do not declare
CHAT_FIELDS satisfies readonly (keyof ChatCompletionCreateParams)[];
MESSAGES_FIELDS satisfies readonly (keyof MessageCreateParams)[];

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'openai-chat': CHAT_FIELDS,
  'anthropic-messages': MESSAGES_FIELDS,
};

describe('parameters that tables of vendors name', () => {
  const faces = vendorKinds().flatMap((kind) =>
    (vendorOf(kind)?.faces ?? []).map((face) => [kind, face] as const),
  );

  it('are parameters of the dialect, each named once', () => {
    for (const [kind, { dialect, unsupported = [], body }] of faces) {
      const named = [...unsupported, ...(body?.without ?? [])];
      expect([kind, new Set(named).size]).toEqual([kind, named.length]);
      for (const name of named)
        expect([kind, KNOWN[dialect]]).toEqual([kind, expect.arrayContaining([name])]);
    }
    expect(faces.filter(([, { unsupported }]) => unsupported !== undefined).length).toBeGreaterThan(
      1,
    );
  });

  it('are never those without which there is no request', () => {
    for (const [, { unsupported = [] }] of faces)
      for (const needed of ['model', 'messages', 'stream', 'max_tokens', 'tools'])
        expect(unsupported).not.toContain(needed);
  });
});
