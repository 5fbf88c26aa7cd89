import { compileMemberEdit, type MemberEdit } from '@keywell/wire/edit/members';
import { readConversation } from '@keywell/wire/edit/conversation';
import { CHAT_ENCODE_DEFAULTS } from '@keywell/wire/openai-chat/encode-options';
import { describe, expect, it } from 'vitest';
import type { TargetFace } from '../relay/upstream-target.ts';
import { CallTranslation } from './call-translation.ts';
import { loadCodecs } from './codec-of.ts';

await loadCodecs(['openai-chat', 'anthropic-messages']);

const NOWHERE = { path: '/', headers: [] };

function face(edit: MemberEdit | null): TargetFace {
  return {
    dialect: 'anthropic-messages',
    whole: NOWHERE,
    streamed: NOWHERE,
    count: null,
    edit,
    chat: CHAT_ENCODE_DEFAULTS,
  };
}

/** As Vertex AI takes Anthropic's dialect: the model stands in the path, the version in the body. */
const VERTEX = face(
  compileMemberEdit({
    unsupported: ['metadata'],
    without: ['model'],
    plus: { anthropic_version: 'vertex-2023-10-16' },
  }),
);

function translation(): CallTranslation {
  const body = Buffer.from('{"model":"smart","messages":[{"role":"user","content":"hello"}]}');
  const read = readConversation(body, 'openai-chat', { model: null, stream: false });
  if (!read.ok) throw new Error(read.message);
  return new CallTranslation({
    id: 'req-1',
    dialect: 'openai-chat',
    body,
    facts: read.facts,
    counts: false,
    wallStartedAt: 0,
  });
}

const to = (provider: string) => ({ provider, model: 'claude-opus-5', includeUsage: true });
const said = (body: unknown): unknown => JSON.parse(String(body));

describe('a call told in another dialect', () => {
  it('is written anew for a second provider of that dialect, which may want other members', () => {
    const call = translation();
    const first = call.requestFor(face(null), to('anthropic'));
    const second = call.requestFor(VERTEX, to('vertex'));
    expect(said(first.body)).toMatchObject({ model: 'claude-opus-5', max_tokens: 4096 });
    expect(said(second.body)).toMatchObject({ anthropic_version: 'vertex-2023-10-16' });
    expect(said(second.body)).not.toHaveProperty('model');
  });

  it('names nothing as lost that it never said', () => {
    expect(translation().requestFor(VERTEX, to('vertex')).dropped).toEqual([]);
  });

  it('is written once for all keys of a provider', () => {
    const call = translation();
    const written = call.requestFor(VERTEX, to('vertex'));
    expect(call.isWritten(VERTEX, to('vertex'))).toBe(true);
    expect(call.requestFor(VERTEX, to('vertex'))).toBe(written);
    expect(call.isWritten(VERTEX, { ...to('vertex'), model: 'claude-haiku-5' })).toBe(false);
  });
});
