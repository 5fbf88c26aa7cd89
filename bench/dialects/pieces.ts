// What translating costs by itself, for npm run bench:micro: requests, answers, and streams event by event.
import type { Dialect } from '../../packages/wire/src/canonical/dialect.ts';
import { loadCodecs } from '../../packages/gateway/src/translate/codec-of.ts';
import { CallTranslation } from '../../packages/gateway/src/translate/call-translation.ts';
import { CodecStream } from '../../packages/gateway/src/translate/codec-stream.ts';
import { AwsFrames } from '../../packages/gateway/src/translate/aws-frames.ts';
import { SseFrames } from '../../packages/gateway/src/translate/frames.ts';
import { Drops } from '../../packages/wire/src/canonical/drops.ts';
import { readConversation, type CallerDialect } from '../../packages/wire/src/edit/conversation.ts';
import { isJsonObject } from '../../packages/wire/src/json/value.ts';
import { CHAT_ENCODE_DEFAULTS } from '../../packages/wire/src/openai-chat/encode-options.ts';
import { MODEL } from '../payloads.ts';
import {
  answerIn,
  canonicalQuestion,
  codecOf,
  DIALECTS,
  questionIn,
  stampOf,
  streamIn,
} from './answers.ts';

// Translations take their codecs from where the gateway has them.
await loadCodecs(DIALECTS);

/** Who calls, and what the provider speaks. */
export interface Pair {
  readonly caller: CallerDialect;
  readonly provider: Dialect;
}

/** The pairs that are measured. */
export const PAIRS: readonly Pair[] = [
  { caller: 'openai-chat', provider: 'anthropic-messages' },
  { caller: 'openai-chat', provider: 'gemini' },
  { caller: 'openai-chat', provider: 'openai-responses' },
  { caller: 'openai-chat', provider: 'bedrock-converse' },
  { caller: 'openai-responses', provider: 'openai-chat' },
  { caller: 'anthropic-messages', provider: 'openai-chat' },
  { caller: 'gemini', provider: 'openai-chat' },
];

export const pairName = ({ caller, provider }: Pair): string => `${caller} → ${provider}`;

export const WORDS_A_STREAM = 60;

/** A call's body in the provider's dialect. */
export function requestPiece({ caller, provider }: Pair): () => void {
  const body = new TextEncoder().encode(questionIn(caller, 'smart', false));
  const place = { model: caller === 'gemini' ? 'smart' : null, stream: false };
  const read = readConversation(body, caller, place);
  if (!read.ok) throw new Error(read.message);
  const { facts } = read;
  const endpoint = { path: '', headers: [] };
  const face = {
    dialect: provider,
    whole: endpoint,
    streamed: endpoint,
    count: null,
    edit: null,
    chat: CHAT_ENCODE_DEFAULTS,
  };
  return () => {
    const call = { id: 'bench', dialect: caller, body, facts, counts: false, wallStartedAt: 0 };
    const translation = new CallTranslation(call);
    if (!translation.canonical().ok) throw new Error('not understood');
    translation.requestFor(face, { provider: 'bench', model: MODEL, includeUsage: true });
  };
}

/** A whole answer in the caller's dialect. */
export function answerPiece({ caller, provider }: Pair): () => void {
  const body = answerIn(provider);
  const stamp = stampOf(canonicalQuestion(MODEL, false));
  return () => {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    const read = isJsonObject(parsed) ? codecOf(provider).decodeResponse(parsed, 'bench') : null;
    if (read === null || !read.ok) throw new Error('not understood');
    const written = codecOf(caller).encodeResponse(read.value, stamp, new Drops());
    Buffer.from(JSON.stringify(written));
  };
}

/** A stream of words, each in a chunk of its own. */
export function streamPiece({ caller, provider }: Pair): () => void {
  const { first, word, last } = streamIn(provider);
  const begin = first('Hello');
  const stamp = stampOf(canonicalQuestion(MODEL, true));
  return () => {
    const stream = new CodecStream({
      frames: provider === 'bedrock-converse' ? new AwsFrames() : new SseFrames(),
      decoder: codecOf(provider).streamDecoder('bench'),
      encoder: caller === provider ? null : codecOf(caller).streamEncoder(stamp),
      asArray: false,
      comments: false,
    });
    stream.push(begin);
    for (let index = 0; index < WORDS_A_STREAM; index += 1) stream.push(word);
    stream.push(last);
    if (!stream.end().clean) throw new Error('the stream was not clean');
  };
}
