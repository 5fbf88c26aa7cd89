import type { TokenUsage } from '@keywell/core/log/request-record';
import { customToolsOf, withCustomCalls } from '@keywell/wire/canonical/custom-calls';
import { Drops } from '@keywell/wire/canonical/drops';
import { readPlainAnswer, readWholeAnswer } from '@keywell/wire/edit/whole-answer';
import { isJsonObject } from '@keywell/wire/json/value';
import { liftStrings, lowerStrings } from '@keywell/wire/lift/lift-strings';
import { readResponse } from '@keywell/wire/openai-chat/response';
import type { Exchange } from '../pipeline/exchange.ts';
import { estimateUsage } from '../relay/estimate-usage.ts';
import type { TargetFace } from '../relay/upstream-target.ts';
import { embedAnswer } from './embeddings.ts';
import { isCounted, readCount, renderCount } from './count-tokens.ts';
import { lostInAnswer } from './dropped-text.ts';
import { codecOf } from './codec-of.ts';
import { tokenUsageOf } from './token-usage.ts';
import { translationOf } from './translation-of.ts';
import { usageIn } from './usage-in.ts';
import { jsonIn } from './json-in.ts';

/** A provider's whole answer: what the caller gets of it, or why it is none. */
export type Answer =
  | { readonly kind: 'whole'; readonly body: Uint8Array | string }
  | { readonly kind: 'error_inside' }
  | { readonly kind: 'not_json' };

export const NOT_JSON: Answer = Object.freeze({ kind: 'not_json' });
const ERROR_INSIDE: Answer = Object.freeze({ kind: 'error_inside' });

/** Judges a whole body, notes its usage, and gives what goes to the caller: the very bytes where both speak the same dialect. */
export function readAnswer(exchange: Exchange, face: TargetFace | null, body: Uint8Array): Answer {
  const { conversation, operation, asks } = exchange;
  if (operation === 'count_tokens') return counted(exchange, face, body);
  if (asks?.kind === 'passed') return passedOn(exchange, body);
  // What is kept may say of itself that it has failed; that is no failure of telling it.
  if (asks !== null) return readPlainAnswer(body).ok ? { kind: 'whole', body } : NOT_JSON;
  if (conversation !== null && face !== null) {
    if (face.dialect !== conversation) return translated(exchange, face, body);
    if (conversation !== 'openai-chat') return own(exchange, face, body);
  }
  if (conversation === null && operation !== 'completions' && operation !== 'embeddings') {
    return plain(exchange, body);
  }
  const kind = operation === 'completions' || operation === 'embeddings' ? operation : CHAT;
  const answer = readResponse(body, kind);
  if (!answer.ok) return NOT_JSON;
  if (answer.error) return ERROR_INSIDE;
  const given = inCallersWords(exchange, body);
  return given === null
    ? ERROR_INSIDE
    : whole(exchange, given, { read: body, usage: answer.usage });
}

/** Vectors for a caller of Gemini; everything else as it came. */
function inCallersWords(exchange: Exchange, body: Uint8Array): Uint8Array | null {
  const { embed } = exchange;
  if (embed === null) return body;
  exchange.dropped = embed.dropped;
  return embedAnswer(body, embed.method);
}

const CHAT = 'chat.completions';

/** Pictures, transcripts, judgements and ranks: whatever it is, it is no error, and what it counted is noted. */
function plain(exchange: Exchange, body: Uint8Array): Answer {
  const answer = readPlainAnswer(body);
  if (!answer.ok) return NOT_JSON;
  if (answer.error) return ERROR_INSIDE;
  const usage = answer.usage === null ? null : usageIn(answer.usage, 'openai-responses');
  exchange.usage = usage === null ? null : tokenUsageOf(usage);
  return { kind: 'whole', body };
}

/** Whatever a provider answers to what is passed through is the answer; tokens that it tells of are noted. */
function passedOn(exchange: Exchange, body: Uint8Array): Answer {
  const answer = readPlainAnswer(body);
  const usage =
    answer.ok && answer.usage !== null ? usageIn(answer.usage, 'openai-responses') : null;
  exchange.usage = usage === null ? null : tokenUsageOf(usage);
  return { kind: 'whole', body };
}

/** A count in the caller's words; counting costs nothing. */
function counted({ conversation }: Exchange, face: TargetFace | null, body: Uint8Array): Answer {
  const parsed = jsonIn(body);
  if (conversation === null || face === null || !isCounted(face.dialect)) return NOT_JSON;
  if (!isJsonObject(parsed)) return NOT_JSON;
  const tokens = readCount(parsed, face.dialect);
  if (tokens === null) return ERROR_INSIDE;
  return { kind: 'whole', body: renderCount(tokens, conversation) };
}

function own(exchange: Exchange, face: TargetFace, body: Uint8Array): Answer {
  const answer = readWholeAnswer(body, face.dialect);
  if (!answer.ok) return NOT_JSON;
  if (answer.error) return ERROR_INSIDE;
  const usage = answer.usage === null ? null : usageIn(answer.usage, face.dialect);
  return whole(exchange, body, {
    read: body,
    usage: usage === null ? null : tokenUsageOf(usage),
  });
}

function translated(exchange: Exchange, face: TargetFace, body: Uint8Array): Answer {
  const { conversation } = exchange;
  if (conversation === null) return NOT_JSON;
  const { small, strings } = liftStrings(body);
  const parsed = jsonIn(small);
  if (!isJsonObject(parsed)) return NOT_JSON;
  const decoded = codecOf(face.dialect).decodeResponse(parsed, exchange.id);
  if (!decoded.ok) return ERROR_INSIDE;
  const drops = new Drops();
  const stamp = translationOf(exchange).stamp(exchange.upstreamModel ?? '');
  const custom = customToolsOf(stamp.request);
  const response = custom === null ? decoded.value : withCustomCalls(decoded.value, custom);
  const written = codecOf(conversation).encodeResponse(response, stamp, drops);
  const lost = lostInAnswer(drops.names);
  if (lost.length > 0) exchange.dropped = [...exchange.dropped, ...lost];
  const { usage } = decoded.value;
  const text = JSON.stringify(written);
  const given =
    strings.length === 0
      ? text
      : lowerStrings(text, strings, (length) => Buffer.allocUnsafe(length));
  return whole(exchange, given, {
    read: body,
    usage: usage === null ? null : tokenUsageOf(usage),
  });
}

function whole(
  exchange: Exchange,
  body: Uint8Array | string,
  { read, usage }: { readonly read: Uint8Array; readonly usage: TokenUsage | null },
): Answer {
  exchange.usage = usage ?? estimateUsage(exchange, read.byteLength);
  return { kind: 'whole', body };
}
