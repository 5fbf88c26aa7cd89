/** All dialects side by side, for the tests and the page that translate each into each. */
import { messagesCodec } from '../anthropic-messages/codec.ts';
import { converseCodec } from '../bedrock-converse/codec.ts';
import type { Codec } from '../canonical/codec.ts';
import { DIALECTS, type Dialect } from '../canonical/dialect.ts';
import type { CallerDialect } from '../edit/conversation.ts';
import { geminiCodec } from '../gemini/codec.ts';
import { chatCodec } from '../openai-chat/codec.ts';
import { responsesCodec } from '../openai-responses/codec.ts';

export const CODECS: Readonly<Record<Dialect, Codec>> = {
  'openai-chat': chatCodec,
  'openai-responses': responsesCodec,
  'anthropic-messages': messagesCodec,
  gemini: geminiCodec,
  'bedrock-converse': converseCodec,
};

/** Providers may speak any dialect, callers all but Bedrock's. */
export const CALLERS: readonly CallerDialect[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
];

/** A model of each dialect that takes as much as any: some of what is dropped depends on the model. */
export const MODEL_OF: Readonly<Record<Dialect, string>> = {
  'openai-chat': 'gpt-5.1',
  'openai-responses': 'gpt-5.1',
  'anthropic-messages': 'claude-sonnet-4-5',
  gemini: 'gemini-2.5-pro',
  'bedrock-converse': 'anthropic.claude-sonnet-4-5-20250929-v1:0',
};

/** Who asks and who answers, in different dialects. */
export interface Pair {
  readonly caller: CallerDialect;
  readonly provider: Dialect;
}

export const PAIRS: readonly Pair[] = CALLERS.flatMap((caller) =>
  DIALECTS.filter((provider) => provider !== caller).map((provider) => ({ caller, provider })),
);
