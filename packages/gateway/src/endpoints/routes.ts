import type { CallerDialect } from '@keywell/wire/edit/conversation';
import { reserveBudget } from '../budgets/reserve-budget.ts';
import { claimCall } from '../idempotency/claim-call.ts';
import { pinCall } from '../ownership/pin-call.ts';
import { authenticate } from '../phases/authenticate.ts';
import { authorize } from '../phases/authorize.ts';
import { countHere } from '../phases/count-here.ts';
import {
  decodeBody,
  decodeConversation,
  decodeEmbed,
  decodeForm,
  decodePlain,
} from '../phases/decode.ts';
import { dispatch } from '../phases/dispatch.ts';
import { gate } from '../phases/gate.ts';
import { getModel, listModels } from '../phases/list-models.ts';
import { readPatience } from '../phases/read-patience.ts';
import { readStrictness } from '../phases/read-strictness.ts';
import { resolve } from '../phases/resolve.ts';
import type { Phase, Route } from '../pipeline/route.ts';
import { openRealtime, readRealtime } from '../realtime/open-realtime.ts';
import { matchObjectRoute } from './object-routes.ts';
import { matchPassthroughRoute } from './passthrough-routes.ts';
import type { Operation } from '../telemetry/metric-table.ts';

const inference = (operation: Operation, decode: Phase): Route => ({
  operation,
  method: 'POST',
  phases: [
    authenticate,
    gate,
    decode,
    authorize,
    resolve,
    readPatience,
    readStrictness,
    pinCall,
    claimCall,
    reserveBudget,
    dispatch,
  ],
});

const conversation = (
  operation: Operation,
  dialect: CallerDialect,
  stream: boolean | null = null,
): Route => inference(operation, decodeConversation(dialect, stream));

/** Counting the tokens of a conversation: nothing of it is spent. */
const counting = (dialect: CallerDialect): Route => ({
  operation: 'count_tokens',
  method: 'POST',
  phases: [
    authenticate,
    gate,
    decodeConversation(dialect, null),
    authorize,
    resolve,
    readPatience,
    readStrictness,
    pinCall,
    countHere,
    dispatch,
  ],
});

const reading = (operation: Operation, phase: Phase): Route => ({
  operation,
  method: 'GET',
  phases: [authenticate, gate, phase],
});

/** A WebSocket, which stays open for as long as its caller wants. */
const REALTIME: Route = {
  operation: 'realtime',
  method: 'GET',
  phases: [authenticate, gate, readRealtime, authorize, resolve, reserveBudget, openRealtime],
};

/** Paths without a variable part. */
const EXACT = new Map<string, Route>([
  ['/v1/chat/completions', conversation('chat.completions', 'openai-chat')],
  ['/v1/completions', inference('completions', decodeBody('completions'))],
  ['/v1/embeddings', inference('embeddings', decodeBody('embeddings'))],
  ['/v1/images/generations', inference('images.generations', decodePlain('dall-e-2'))],
  ['/v1/images/edits', inference('images.edits', decodeForm)],
  ['/v1/images/variations', inference('images.variations', decodeForm)],
  ['/v1/audio/speech', inference('audio.speech', decodePlain(null))],
  ['/v1/audio/transcriptions', inference('audio.transcriptions', decodeForm)],
  ['/v1/audio/translations', inference('audio.translations', decodeForm)],
  ['/v1/moderations', inference('moderations', decodePlain('omni-moderation-latest'))],
  ['/v1/rerank', inference('rerank', decodePlain(null))],
  ['/v2/rerank', inference('rerank', decodePlain(null))],
  ['/v1/responses', conversation('responses', 'openai-responses')],
  ['/v1/messages', conversation('messages', 'anthropic-messages')],
  ['/v1/messages/count_tokens', counting('anthropic-messages')],
  ['/v1/realtime', REALTIME],
  ['/v1/models', reading('models.list', listModels)],
  ['/v1beta/models', reading('models.list', listModels)],
]);

const MODEL = reading('models.get', getModel);
const MODEL_PREFIXES = ['/v1/models/', '/v1beta/models/'];

/** What follows a model's name and a colon in Gemini's paths, which stand under `/v1beta` and `/v1`. */
const MODEL_METHODS = new Map<string, Route>([
  ['generateContent', conversation('generate_content', 'gemini', false)],
  ['countTokens', counting('gemini')],
  ['embedContent', inference('embeddings', decodeEmbed('embedContent'))],
  ['batchEmbedContents', inference('embeddings', decodeEmbed('batchEmbedContents'))],
  ['streamGenerateContent', conversation('generate_content', 'gemini', true)],
]);

/** What a path leads to. */
export interface Match {
  readonly route: Route;
  readonly parameter: string;
}

/**
 * Routes by the raw path, byte for byte: what was matched is what was authorized and what is dispatched, so no spelling of a path
 * can mean one thing here and another behind.
 */
export function matchRoute(path: string, verb: string): Match | null {
  const exact = EXACT.get(path);
  if (exact !== undefined) return { route: exact, parameter: '' };
  const kept = matchObjectRoute(path, verb);
  if (kept !== null) return kept;
  const passed = matchPassthroughRoute(path, verb);
  if (passed !== null) return passed;
  const prefix = MODEL_PREFIXES.find((start) => path.startsWith(start));
  if (prefix === undefined) return null;
  const parameter = path.slice(prefix.length);
  if (parameter === '' || parameter.includes('//') || hasDotSegment(parameter)) return null;
  // A model's name may hold colons itself (`llama3:8b`): only a method that is known ends it.
  const colon = parameter.lastIndexOf(':');
  const method = colon > 0 ? MODEL_METHODS.get(parameter.slice(colon + 1)) : undefined;
  if (method === undefined) return { route: MODEL, parameter };
  return { route: method, parameter: parameter.slice(0, colon) };
}

function hasDotSegment(path: string): boolean {
  return path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment));
}
