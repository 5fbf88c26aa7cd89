import type { Decoded } from '@keywell/wire/canonical/codec';
import type { Dialect } from '@keywell/wire/canonical/dialect';
import type { Drops } from '@keywell/wire/canonical/drops';
import type { CanonicalRequest } from '@keywell/wire/canonical/request';
import type { CallerDialect } from '@keywell/wire/edit/conversation';
import type { JsonObject } from '@keywell/wire/json/value';
import { geminiCountingLoaded, messagesCountingLoaded } from './codec-of.ts';

/** The dialects that have a word for counting tokens. */
export type CountedDialect = 'anthropic-messages' | 'gemini';

export const isCounted = (dialect: Dialect): dialect is CountedDialect =>
  dialect === 'anthropic-messages' || dialect === 'gemini';

export function decodeCount(
  body: JsonObject,
  dialect: CallerDialect,
  model: string,
): Decoded<CanonicalRequest> {
  if (dialect !== 'gemini') return messagesCountingLoaded().decodeCountTokens(body);
  return geminiCountingLoaded().decodeCountTokens(body, { model, stream: false });
}

export function encodeCount(
  request: CanonicalRequest,
  dialect: CountedDialect,
  drops: Drops,
): JsonObject {
  if (dialect === 'anthropic-messages')
    return messagesCountingLoaded().encodeCountTokens(request, drops);
  return geminiCountingLoaded().encodeCountTokens(request, 'ai-studio', drops);
}

/** Null where the answer tells no count. */
export function readCount(body: JsonObject, dialect: CountedDialect): number | null {
  if (dialect === 'anthropic-messages') return messagesCountingLoaded().readTokenCount(body);
  return geminiCountingLoaded().decodeTokenCount(body);
}

export function renderCount(tokens: number, dialect: CallerDialect): string {
  return dialect === 'gemini'
    ? geminiCountingLoaded().renderTokenCount(tokens)
    : messagesCountingLoaded().renderTokenCount(tokens);
}
