import type { AuthScheme } from '@keywell/core/snapshot/auth-scheme';
import type { Dialect } from '@keywell/wire/canonical/dialect';
import type { ChatEncodeOptions } from '@keywell/wire/openai-chat/encode-options';
import { OPENAI_OPERATIONS } from './operations.ts';
import type { RequestField } from './request-fields.ts';

/** What the path of a conversation depends on. */
export interface FaceCall {
  readonly model: string;
  readonly stream: boolean;
}

/** A face in one dialect: what is special about it is typed against that dialect's own parameters. */
export interface FaceOf<D extends Dialect> {
  readonly dialect: D;
  /** Path of a call, appended to the provider's base URL; what it takes of the model's name is percent-encoded here. */
  readonly path: (call: FaceCall) => string;
  /** Path of counting the tokens of a request instead; absent where the vendor does not count. */
  readonly countPath?: (model: string) => string;
  /** The paths are appended to what stands before the vendor's API prefix in the base URL. */
  readonly from?: 'root';
  /** How this face wants the key, where otherwise than the rest of the vendor. */
  readonly auth?: AuthScheme;
  /** Headers of every call to it, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Models it answers for, as globs; absent: all. */
  readonly models?: readonly string[];
  /** The only name of the output limit that the host takes; absent: it takes both. A translated chat says `max_tokens` there. */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens';
  /** What the host takes of a translated chat beyond what all hosts of OpenAI's chat take. */
  readonly chat?: Partial<ChatEncodeOptions>;
  /** Parameters that the host refuses: taken out of a request, and named to the caller as dropped. */
  readonly unsupported?: readonly RequestField<D>[];
  /** How the body differs from the dialect's own. */
  readonly body?: {
    /** Members that stand elsewhere and must not be in the body. */
    readonly without: readonly RequestField<D>[];
    /** Members that are always there. */
    readonly plus: Readonly<Record<string, string>>;
  };
}

/** Where and how a vendor speaks a dialect of conversations. */
export type DialectFace = { readonly [D in Dialect]: FaceOf<D> }[Dialect];

/** One part of a path. A name of dots alone would climb in the path, an empty one is no part: it becomes one that no host knows. */
export function modelSegment(model: string): string {
  return /^\.{0,2}$/.test(model) ? '-' : encodeURIComponent(model);
}

/** Google writes versions with an `@`, which may stand in a path as it is. */
export const googleSegment = (model: string): string => modelSegment(model).replaceAll('%40', '@');

/** The verb behind a model's name at Google, for whole answers and for streams. */
export const googleVerb = (stream: boolean): string =>
  stream ? ':streamGenerateContent?alt=sse' : ':generateContent';

/** Version of Anthropic's API that the tables here were written for. */
export const ANTHROPIC_VERSION = '2023-06-01';

/** OpenAI's chat, which most of them speak. */
export const CHAT_FACE: FaceOf<'openai-chat'> = {
  dialect: 'openai-chat',
  path: () => OPENAI_OPERATIONS['chat.completions'],
};

/** The same at hosts that take the thoughts of earlier turns back as text. */
export const THOUGHTFUL_CHAT: FaceOf<'openai-chat'> = {
  ...CHAT_FACE,
  chat: { thinking: 'reasoning_content' },
};

export const RESPONSES_FACE: FaceOf<'openai-responses'> = {
  dialect: 'openai-responses',
  path: () => OPENAI_OPERATIONS.responses,
};

export const MESSAGES_FACE: FaceOf<'anthropic-messages'> = {
  dialect: 'anthropic-messages',
  path: () => '/messages',
  headers: { 'anthropic-version': ANTHROPIC_VERSION },
};

/** Tuned models have a collection of their own: `tunedModels/x` stands in the path as it is. */
function geminiModel(model: string): string {
  const [collection = '', name = '', ...more] = model.split('/');
  const named = /^(?:models|tunedModels)$/.test(collection) && name !== '' && more.length === 0;
  return named ? `/${collection}/${googleSegment(name)}` : `/models/${googleSegment(model)}`;
}

export const GEMINI_FACE: FaceOf<'gemini'> = {
  dialect: 'gemini',
  path: ({ model, stream }) => `${geminiModel(model)}${googleVerb(stream)}`,
  countPath: (model) => `${geminiModel(model)}:countTokens`,
};

export const CONVERSE_FACE: FaceOf<'bedrock-converse'> = {
  dialect: 'bedrock-converse',
  path: ({ model, stream }) =>
    `/model/${modelSegment(model)}/${stream ? 'converse-stream' : 'converse'}`,
};

/** A dialect at the place where whoever made it has it: for hosts that are declared to speak it. */
export const STANDARD_FACES: Readonly<Record<Dialect, DialectFace>> = Object.freeze({
  'openai-chat': CHAT_FACE,
  'openai-responses': RESPONSES_FACE,
  'anthropic-messages': MESSAGES_FACE,
  gemini: GEMINI_FACE,
  'bedrock-converse': CONVERSE_FACE,
});

/** Anthropic's dialect beside another API, as many hosts offer it: from the root of the host. */
export function messagesAt(
  path: string,
  more: Pick<DialectFace, 'auth'> = {},
): FaceOf<'anthropic-messages'> {
  return { ...MESSAGES_FACE, ...more, from: 'root', path: () => path };
}
