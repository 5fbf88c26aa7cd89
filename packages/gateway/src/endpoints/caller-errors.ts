import type { ErrorCode } from '@keywell/core/errors/catalogue';
import * as anthropic from '@keywell/wire/anthropic-messages/render-error';
import * as gemini from '@keywell/wire/gemini/render-error';
import * as openai from '@keywell/wire/openai-chat/errors';
import * as responses from '@keywell/wire/openai-responses/render-error';
import type { Exchange } from '../pipeline/exchange.ts';
import { headerIn } from '../pipeline/header-in.ts';

/** An error as a caller is told it. */
interface ToldError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly param: string | null;
  readonly requestId: string;
}

/** How an error reads in a dialect. */
interface ErrorWriter {
  /** The whole body of an error. */
  readonly renderError: (error: ToldError) => string;
  /** The event that tells in the middle of a stream that it failed; the connection is destroyed after it, never ended. */
  readonly renderStreamError: (error: ToldError) => string;
  /** A provider's own words, with its status, which no code of ours stands for. */
  readonly renderForeignError: (message: string, status: number) => string;
}

/** A growing array has begun with what came before the error. */
const geminiArray: ErrorWriter = {
  ...gemini,
  renderStreamError: (error) => `,${gemini.renderError(error)}\n]`,
};

const WRITERS = Object.freeze({
  openai,
  responses,
  anthropic,
  gemini,
  geminiArray,
}) satisfies Record<string, ErrorWriter>;
type Manner = keyof typeof WRITERS;

/** What tells in which dialect a caller is to be answered. */
type SpokenTo = Pick<Exchange, 'asArray' | 'conversation' | 'path' | 'query' | 'inbound'>;

/** How the caller of a request is told errors. */
export function errorWriterFor(exchange: SpokenTo): ErrorWriter {
  return WRITERS[mannerOf(exchange)];
}

/** As the log names it; OpenAI's two dialects of conversation are told apart by the operation. */
export function dialectNameOf(exchange: SpokenTo): string {
  const manner = mannerOf(exchange);
  if (manner === 'geminiArray') return 'gemini';
  return manner === 'responses' ? 'openai' : manner;
}

const ANTHROPIC_HEADER = 'anthropic-version';
const GEMINI_HEADER = 'x-goog-api-key';
const GEMINI_PATH = /^\/v1beta\/|^\/v1\/models\/[^/]*:/;
const GEMINI_QUERY = /(?:^|&)key=/;

/**
 * The dialect of a path; one that several share is told by what only one dialect's SDK sends: `anthropic-version`, or Google's places for
 * a key.
 */
function mannerOf({ asArray, conversation, path, query, inbound }: SpokenTo): Manner {
  if (asArray) return 'geminiArray';
  if (conversation !== null) return MANNERS[conversation];
  if (path.startsWith('/v1/messages')) return 'anthropic';
  if (path.startsWith('/v1/responses')) return 'responses';
  if (GEMINI_PATH.test(path)) return 'gemini';
  if (headerIn(inbound.rawHeaders, ANTHROPIC_HEADER) !== null) return 'anthropic';
  if (headerIn(inbound.rawHeaders, GEMINI_HEADER) !== null) return 'gemini';
  return GEMINI_QUERY.test(query) ? 'gemini' : 'openai';
}

const MANNERS = {
  'openai-chat': 'openai',
  'openai-responses': 'responses',
  'anthropic-messages': 'anthropic',
  gemini: 'gemini',
} as const;
