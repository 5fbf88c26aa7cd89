import type { Codec } from '@keywell/wire/canonical/codec';
import type { Dialect } from '@keywell/wire/canonical/dialect';
import { messagesCodec } from '@keywell/wire/anthropic-messages/codec';
import { geminiCodec } from '@keywell/wire/gemini/codec';
import { chatCodec } from '@keywell/wire/openai-chat/codec';
import { responsesCodec } from '@keywell/wire/openai-responses/codec';

const CODECS: Readonly<Record<Dialect, Codec>> = Object.freeze({
  'openai-chat': chatCodec,
  'openai-responses': responsesCodec,
  'anthropic-messages': messagesCodec,
  gemini: geminiCodec,
  'bedrock-converse': messagesCodec,
});

export const codecOf = (dialect: Dialect): Codec => CODECS[dialect];
