import type { CallerDialect } from '@keywell/wire/edit/conversation';

/**
 * Whether clients of a dialect skip a comment of an event stream (WHATWG HTML section 9.2.6). Google's do not all: its SDK for Python takes
 * every line without `data: ` for JSON (`_iter_response_stream` in googleapis/python-genai, google/genai/_api_client.py).
 */
export const skipsComments = (dialect: CallerDialect): boolean => dialect !== 'gemini';
