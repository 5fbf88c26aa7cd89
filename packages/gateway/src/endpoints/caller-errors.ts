import { ERRORS, type ErrorCode } from '@keywell/core/errors/catalogue';
import * as anthropic from '@keywell/wire/anthropic-messages/render-error';
import * as gemini from '@keywell/wire/gemini/render-error';
import * as openai from '@keywell/wire/openai-chat/errors';
import type { Exchange } from '../pipeline/exchange.ts';

/** In whose manner an error is written. OpenAI's two dialects of conversation share one. */
export type ErrorDialect = 'openai' | 'anthropic' | 'gemini';

/** An error as a caller is told it; the request's id travels in the header. */
export interface ToldError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly param: string | null;
}

const ANTHROPIC_HEADER = 'anthropic-version';
const GEMINI_HEADER = 'x-goog-api-key';

/**
 * The dialect of a path; one that several share is told by what only one dialect's SDK sends: `anthropic-version`, or Google's places for
 * a key.
 */
export function errorDialectOf({ path, query, inbound }: SpokenTo): ErrorDialect {
  if (path.startsWith('/v1/messages')) return 'anthropic';
  if (path.startsWith('/v1beta/') || /^\/v1\/models\/[^/]*:/.test(path)) return 'gemini';
  for (let at = 0; at < inbound.rawHeaders.length; at += 2) {
    const name = inbound.rawHeaders[at] ?? '';
    if (name.length === ANTHROPIC_HEADER.length && name.toLowerCase() === ANTHROPIC_HEADER) {
      return 'anthropic';
    }
    if (name.length === GEMINI_HEADER.length && name.toLowerCase() === GEMINI_HEADER) {
      return 'gemini';
    }
  }
  return /(?:^|&)key=/.test(query) ? 'gemini' : 'openai';
}

export type SpokenTo = Pick<Exchange, 'path' | 'query' | 'inbound'>;
