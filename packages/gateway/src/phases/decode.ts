import { isUtf8 } from 'node:buffer';
import {
  readConversation,
  type CallerDialect,
  type ConversationRead,
} from '@keywell/wire/edit/conversation';
import { readRequest } from '@keywell/wire/openai-chat/request';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';

type BodyOperation = 'completions' | 'embeddings';

/** Reads the body and the few facts in it that matter; the rest is never parsed. May answer 400, 408, 413, 415. */
export function decodeBody(operation: BodyOperation) {
  return decodeBy((body) => readRequest(body, operation));
}

/** The same for a conversation; Gemini says in its path which model is meant, and whether the answer is to be streamed. */
export function decodeConversation(dialect: CallerDialect, stream: boolean | null) {
  return decodeBy((body, exchange) => {
    exchange.conversation = dialect;
    const model = dialect === 'gemini' ? modelInPath(exchange) : null;
    return readConversation(body, dialect, { model, stream });
  });
}

function modelInPath({ pathParameter }: Exchange): string | null {
  try {
    return decodeURIComponent(pathParameter);
  } catch {
    return null;
  }
}

function decodeBy(read: (body: Uint8Array, exchange: Exchange) => ConversationRead) {
  return async (exchange: Exchange, _plane: Plane): Promise<PhaseResult> => {
    const { inbound, live } = exchange;
    if (!isJson(inbound.rawHeaders)) {
      return refuse('unsupported_media_type', 'The content-type must be application/json.');
    }
    const body = await inbound.readBody({
      maxBytes: live.head.traffic.maxBodyBytes,
      idleTimeoutMs: live.head.traffic.bodyIdleTimeoutMs,
    });
    if (typeof body === 'string') {
      return refuse(body, tooLarge(body, live.head.traffic.maxBodyBytes));
    }
    exchange.body = body;
    if (!isUtf8(body)) return refuse('malformed_json', 'The body is not UTF-8.');
    const found = read(body, exchange);
    if (!found.ok) return refuse(found.code, found.message, { param: found.param });
    exchange.facts = found.facts;
    exchange.modelName = found.facts.model;
    exchange.streamed = found.facts.stream;
    return null;
  };
}

function tooLarge(failure: string, maxBytes: number): string | null {
  return failure === 'payload_too_large' ? `The body is larger than ${maxBytes} bytes.` : null;
}

/** A missing content type is taken for JSON, as the provider itself takes it. */
function isJson(rawHeaders: readonly string[]): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 12 && name.toLowerCase() === 'content-type') {
      const value = rawHeaders[index + 1] ?? '';
      return value.slice(0, 16).toLowerCase() === 'application/json';
    }
  }
  return true;
}
