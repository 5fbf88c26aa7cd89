// Codecs are a third of a worker's code and memory: each is loaded when there is a provider or a caller that speaks its dialect, and
// always before the first call that needs it.
import type * as messagesCounting from '@keywell/wire/anthropic-messages/count-tokens';
import type { Codec } from '@keywell/wire/canonical/codec';
import type { Dialect } from '@keywell/wire/canonical/dialect';
import type * as geminiCounting from '@keywell/wire/gemini/count-tokens';
import type { chatCodec } from '@keywell/wire/openai-chat/codec';

/** What is loaded so far. */
interface Loaded {
  chat: typeof chatCodec | null;
  /** How tokens are counted in the dialects that have a word for it. */
  messagesCounting: typeof messagesCounting | null;
  geminiCounting: typeof geminiCounting | null;
  readonly codecs: Partial<Record<Dialect, Codec>>;
}

const loaded: Loaded = { chat: null, messagesCounting: null, geminiCounting: null, codecs: {} };

const LOADERS: Readonly<Record<Dialect, () => Promise<Codec>>> = {
  'openai-chat': async () => {
    loaded.chat = (await import('@keywell/wire/openai-chat/codec')).chatCodec;
    return loaded.chat;
  },
  'openai-responses': async () =>
    (await import('@keywell/wire/openai-responses/codec')).responsesCodec,
  'anthropic-messages': async () => {
    loaded.messagesCounting = await import('@keywell/wire/anthropic-messages/count-tokens');
    return (await import('@keywell/wire/anthropic-messages/codec')).messagesCodec;
  },
  gemini: async () => {
    loaded.geminiCounting = await import('@keywell/wire/gemini/count-tokens');
    return (await import('@keywell/wire/gemini/codec')).geminiCodec;
  },
  'bedrock-converse': async () =>
    (await import('@keywell/wire/bedrock-converse/codec')).converseCodec,
};

/** What was not asked for with `loadCodecs` before is not there: that is a defect. */
function there<T>(part: T | null | undefined, dialect: Dialect): T {
  if (part === null || part === undefined) {
    throw new Error(`the codec of ${dialect} is not loaded`);
  }
  return part;
}

export const codecOf = (dialect: Dialect): Codec => there(loaded.codecs[dialect], dialect);

/** The codec of OpenAI's chat, which can be told what a host wants otherwise. */
export const chatCodecLoaded = () => there(loaded.chat, 'openai-chat');

export const messagesCountingLoaded = () => there(loaded.messagesCounting, 'anthropic-messages');

export const geminiCountingLoaded = () => there(loaded.geminiCounting, 'gemini');

/** Loads what is missing of the dialects' codecs; null where nothing is, so that only first calls wait. */
export function loadCodecs(dialects: Iterable<Dialect>): Promise<void> | null {
  let missing: Dialect[] | null = null;
  for (const dialect of dialects) {
    if (loaded.codecs[dialect] === undefined) (missing ??= []).push(dialect);
  }
  return missing === null ? null : loadAll(missing);
}

async function loadAll(dialects: readonly Dialect[]): Promise<void> {
  await Promise.all(
    dialects.map(async (dialect) => {
      loaded.codecs[dialect] = await LOADERS[dialect]();
    }),
  );
}
