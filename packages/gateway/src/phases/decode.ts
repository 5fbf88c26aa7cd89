import { isUtf8 } from 'node:buffer';
import {
  readConversation,
  type CallerDialect,
  type ConversationRead,
} from '@keywell/wire/edit/conversation';
import type { Dialect } from '@keywell/wire/canonical/dialect';
import { readPlain, readPlainForm } from '@keywell/wire/edit/plain-request';
import { boundaryIn, formType } from '@keywell/wire/multipart/read-form';
import { readRequest } from '@keywell/wire/openai-chat/request';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { embedRequest, type EmbedMethod } from '../translate/embeddings.ts';
import { loadCodecs } from '../translate/codec-of.ts';
import { NEEDED_BY_CALLER } from '../translate/needed-codecs.ts';
import { headerIn } from '../pipeline/header-in.ts';
import { refuse, type Refusal } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';

type BodyOperation = 'completions' | 'embeddings';

/** Reads the body and the few facts in it that matter; the rest is never parsed. May answer 400, 408, 413, 415. */
export function decodeBody(operation: BodyOperation) {
  return decodeBy((body) => readRequest(body, operation));
}

/** The same for a conversation; Gemini says in its path which model is meant, and whether the answer is to be streamed. */
export function decodeConversation(dialect: CallerDialect, stream: boolean | null) {
  const read = (body: Uint8Array, exchange: Exchange): ConversationRead => {
    exchange.conversation = dialect;
    exchange.asArray = dialect === 'gemini' && stream === true && !SSE.test(exchange.query);
    const model = dialect === 'gemini' ? modelInPath(exchange) : null;
    return readConversation(body, dialect, { model, stream });
  };
  return decodeBy(read, NEEDED_BY_CALLER[dialect]);
}

/** The same for a JSON request of which only the model matters. */
export function decodePlain(fallback: string | null) {
  return decodeBy((body) => readPlain(body, fallback));
}

/** The same for a form. May answer 415 for what is none. */
export async function decodeForm(exchange: Exchange): Promise<PhaseResult> {
  const boundary = readFormType(exchange);
  if (typeof boundary !== 'string') return boundary;
  const body = await readBody(exchange);
  if (!(body instanceof Uint8Array)) return body;
  return take(exchange, readPlainForm(body, boundary));
}

/** A form's boundary. What goes to the provider is written anew: it must not find another boundary in the header than was found here. */
export function readFormType(exchange: Exchange): string | Refusal {
  const boundary = boundaryIn(headerIn(exchange.inbound.rawHeaders, 'content-type') ?? '');
  if (boundary === null) {
    return refuse(
      'unsupported_media_type',
      'The content-type must be multipart/form-data with a boundary.',
    );
  }
  exchange.contentType = formType(boundary);
  return boundary;
}

/** Gemini's call for vectors, in OpenAI's words from here on. */
export function decodeEmbed(method: EmbedMethod) {
  return async (exchange: Exchange): Promise<PhaseResult> => {
    const body = await readBody(exchange);
    if (!(body instanceof Uint8Array)) return body;
    if (!isUtf8(body)) return refuse('malformed_json', 'The body is not UTF-8.');
    const model = modelInPath(exchange) ?? '';
    const scanned = readPlain(body, model);
    if (!scanned.ok) return refuse(scanned.code, scanned.message, { param: scanned.param });
    const made = embedRequest(body, model);
    if ('kind' in made) return made;
    exchange.embed = { method, dropped: made.dropped };
    exchange.body = made.body;
    return take(exchange, readRequest(made.body, 'embeddings'));
  };
}

function modelInPath({ pathParameter }: Exchange): string | null {
  if (!pathParameter.includes('%')) return pathParameter;
  try {
    return decodeURIComponent(pathParameter);
  } catch {
    return null;
  }
}

const SSE = /(?:^|&)alt=sse(?:&|$)/;

const NONE: readonly Dialect[] = [];

/** `needed`: dialects whose codecs such a call may need. */
function decodeBy(
  read: (body: Uint8Array, exchange: Exchange) => ConversationRead,
  needed: readonly Dialect[] = NONE,
) {
  return async (exchange: Exchange, _plane: Plane): Promise<PhaseResult> => {
    const body = await readJsonBody(exchange);
    if (!(body instanceof Uint8Array)) return body;
    const loading = loadCodecs(needed);
    if (loading !== null) await loading;
    return take(exchange, read(body, exchange));
  };
}

/** A body that says it is JSON, in UTF-8; whether it is JSON is for the scan to say. */
export async function readJsonBody(exchange: Exchange): Promise<Uint8Array | Refusal> {
  if (!isJson(exchange.inbound.rawHeaders)) {
    return refuse('unsupported_media_type', 'The content-type must be application/json.');
  }
  const body = await readBody(exchange);
  if (!(body instanceof Uint8Array)) return body;
  return isUtf8(body) ? body : refuse('malformed_json', 'The body is not UTF-8.');
}

/** The whole body, which is noted; or why there is none. */
export async function readBody(exchange: Exchange): Promise<Uint8Array | Refusal> {
  const { inbound, live } = exchange;
  const { maxBodyBytes, bodyIdleTimeoutMs } = live.head.traffic;
  const body = await inbound.readBody({ maxBytes: maxBodyBytes, idleTimeoutMs: bodyIdleTimeoutMs });
  if (typeof body === 'string') return refuse(body, tooLarge(body, maxBodyBytes));
  exchange.body = body;
  return body;
}

function take(exchange: Exchange, found: ConversationRead): PhaseResult {
  if (!found.ok) return refuse(found.code, found.message, { param: found.param });
  exchange.facts = found.facts;
  exchange.modelName = found.facts.model;
  exchange.streamed = found.facts.stream;
  return null;
}

function tooLarge(failure: string, maxBytes: number): string | null {
  return failure === 'payload_too_large' ? `The body is larger than ${maxBytes} bytes.` : null;
}

/** A missing content type is taken for JSON, as the provider itself takes it. */
function isJson(rawHeaders: readonly string[]): boolean {
  const type = headerIn(rawHeaders, 'content-type');
  return type === null || type.slice(0, 16).toLowerCase() === 'application/json';
}
