import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { sealProof } from './reasoning-item.ts';
import { ask, asItem, decodeRequest as decode } from './requests.contract.ts';

describe('a foreign proof that a caller hands back', () => {
  const signature = { origin: 'gemini', value: 'c2ln' } as const;
  const item = (encrypted_content: string, summary: JsonValue = []): JsonObject => ({
    type: 'reasoning',
    id: 'rs_1',
    summary,
    encrypted_content,
  });
  const call = { type: 'function_call', call_id: 'a;b', name: 'f', arguments: '{}' };

  it('goes to the thought beside it', () => {
    const summary = [
      { type: 'summary_text', text: 'One.' },
      { type: 'summary_text', text: 'Two.' },
    ];
    const [first] = decode(
      ask({ input: [item(sealProof({ of: 'thought', signature }), summary)] }),
    ).turns;
    expect(first?.parts).toMatchObject([
      { text: 'One.', signature: null },
      { text: 'Two.', signature },
    ]);
  });

  it('stays a whole sealed thought', () => {
    const [first] = decode(ask({ input: [item(sealProof({ of: 'sealed', signature }))] })).turns;
    expect(first?.parts).toMatchObject([{ text: '', signature: null, sealed: signature }]);
  });

  it('goes to the call and the text that it signed', () => {
    const input = [
      asItem('assistant', 'Well.'),
      item(sealProof({ of: 'text', signature })),
      call,
      { ...call, call_id: 'other' },
      item(sealProof({ of: 'call', callId: 'a;b', signature })),
    ];
    expect(decode(ask({ input })).turns).toMatchObject([
      {
        parts: [{ kind: 'text', signature }, { kind: 'tool_call', signature }, { signature: null }],
      },
    ]);
  });

  it('is passed over where what it signed is gone', () => {
    const input = [asItem('user', 'Hi'), item(sealProof({ of: 'call', callId: 'x', signature }))];
    expect(decode(ask({ input })).turns).toMatchObject([{ role: 'user' }]);
  });

  it.each([
    'Keywell/gemi',
    'Keywell/gemic',
    'Keywell/gemic9;a',
    'Keywell/gemicx;a',
    'Keywell/gemiz',
    'Keywell/',
  ])('is no more than a sealed thought where it is malformed: %s', (encrypted) => {
    const [first] = decode(ask({ input: [item(encrypted)] })).turns;
    expect(first?.parts).toMatchObject([{ kind: 'thinking', text: '' }]);
  });
});
