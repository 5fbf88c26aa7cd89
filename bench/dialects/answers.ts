// The same question, answer and stream in every dialect, written by the codecs themselves.
import type { Codec } from '../../packages/wire/src/canonical/codec.ts';
import type { Dialect } from '../../packages/wire/src/canonical/dialect.ts';
import { Drops } from '../../packages/wire/src/canonical/drops.ts';
import type { CanonicalRequest } from '../../packages/wire/src/canonical/request.ts';
import {
  NO_USAGE,
  type CanonicalResponse,
  type CanonicalUsage,
} from '../../packages/wire/src/canonical/response.ts';
import type { StreamEvent } from '../../packages/wire/src/canonical/stream-event.ts';
import { messagesCodec } from '../../packages/wire/src/anthropic-messages/codec.ts';
import { converseCodec } from '../../packages/wire/src/bedrock-converse/codec.ts';
import { encodeFrame } from '../../packages/wire/src/bedrock-converse/event-stream.ts';
import { geminiCodec } from '../../packages/wire/src/gemini/codec.ts';
import { isJsonObject } from '../../packages/wire/src/json/value.ts';
import { chatCodec } from '../../packages/wire/src/openai-chat/codec.ts';
import { responsesCodec } from '../../packages/wire/src/openai-responses/codec.ts';
import { chatRequest, MODEL } from '../payloads.ts';

const CODECS: Readonly<Record<Dialect, Codec>> = {
  'openai-chat': chatCodec,
  'openai-responses': responsesCodec,
  'anthropic-messages': messagesCodec,
  gemini: geminiCodec,
  'bedrock-converse': converseCodec,
};

export const codecOf = (dialect: Dialect): Codec => CODECS[dialect];

export const DIALECTS: readonly Dialect[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
];

const USAGE: CanonicalUsage = { ...NO_USAGE, inputTokens: 480, outputTokens: 120 };

/** What is asked in the bench's 2 KB call, in no dialect. */
export function canonicalQuestion(model: string, stream: boolean): CanonicalRequest {
  return understood('openai-chat', chatRequest(model, stream));
}

function understood(dialect: Dialect, body: string): CanonicalRequest {
  const parsed: unknown = JSON.parse(body);
  const read = isJsonObject(parsed)
    ? codecOf(dialect).decodeRequest(parsed, { model: MODEL, stream: null })
    : null;
  if (read === null || !read.ok) throw new Error(`the question in ${dialect} is not understood`);
  return read.value;
}

/** The question in a dialect, as its clients write it. */
export function questionIn(dialect: Dialect, model: string, stream: boolean): string {
  if (dialect === 'openai-chat') return chatRequest(model, stream);
  const written = codecOf(dialect).encodeRequest(canonicalQuestion(model, stream), new Drops());
  return JSON.stringify(written);
}

const PATHS: Readonly<Record<Dialect, (model: string, stream: boolean) => string>> = {
  'openai-chat': () => '/v1/chat/completions',
  'openai-responses': () => '/v1/responses',
  'anthropic-messages': () => '/v1/messages',
  gemini: (model, stream) =>
    `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  'bedrock-converse': (model, stream) =>
    `/model/${model}/${stream ? 'converse-stream' : 'converse'}`,
};

/** Where a caller who speaks the dialect sends it. */
export const pathFor = (dialect: Dialect, model: string, stream: boolean): string =>
  PATHS[dialect](model, stream);

/** What stands in the last event of a dialect's stream. */
export const END_MARKS: Readonly<Record<Dialect, string>> = {
  'openai-chat': '[DONE]',
  'openai-responses': '"response.completed"',
  'anthropic-messages': '"message_stop"',
  gemini: '"finishReason"',
  'bedrock-converse': 'messageStop',
};

const TEXT = 'x'.repeat(600);

const ANSWER: CanonicalResponse = {
  origin: 'openai-chat',
  id: 'answer_bench0000000000000000000000',
  model: MODEL,
  createdAt: 1_790_000_000,
  choices: [
    {
      parts: [{ kind: 'text', text: TEXT, annotations: null, signature: null, cache: null }],
      stop: 'stop',
      stopDetail: null,
      logprobs: null,
    },
  ],
  usage: USAGE,
  extensions: {},
};

const STAMP = {
  id: 'bench0000000000000000000000',
  model: MODEL,
  createdAt: 1_790_000_000,
  includeUsage: true,
};

export const stampOf = (request: CanonicalRequest) => ({ ...STAMP, request });

/** A whole answer in a dialect. */
export function answerIn(dialect: Dialect): Buffer {
  const stamp = stampOf(canonicalQuestion(MODEL, false));
  return Buffer.from(JSON.stringify(codecOf(dialect).encodeResponse(ANSWER, stamp, new Drops())));
}

/** A stream in pieces as a provider sends them: what comes before the first word and with it, each further word, and the end. */
export interface StreamPieces {
  readonly first: (word: string) => Buffer;
  readonly word: Buffer;
  readonly last: Buffer;
}

const word = (text: string): StreamEvent => ({ kind: 'text', choice: 0, part: 0, text });
const BEGINNING: readonly StreamEvent[] = [
  { kind: 'start', id: ANSWER.id, model: MODEL, createdAt: 1_790_000_000 },
  { kind: 'open', choice: 0, part: 0, of: { kind: 'text' } },
];
const ENDING: readonly StreamEvent[] = [
  { kind: 'close', choice: 0, part: 0 },
  { kind: 'stop', choice: 0, reason: 'stop', detail: null },
  { kind: 'usage', usage: USAGE },
  { kind: 'end' },
];

export function streamIn(dialect: Dialect): StreamPieces {
  const stamp = stampOf(canonicalQuestion(MODEL, true));
  const write = (events: readonly StreamEvent[]): Buffer => {
    const encoder = codecOf(dialect).streamEncoder(stamp);
    const begun = events[0]?.kind === 'start';
    // What is not the beginning goes on after one, and after a first word.
    const before = begun ? [] : [...BEGINNING, word(' word')];
    for (const event of before) encoder.encode(event);
    const text = events.map((event) => encoder.encode(event)).join('');
    return dialect === 'bedrock-converse' ? framed(text) : Buffer.from(text);
  };
  return {
    first: (text) => write([...BEGINNING, word(text)]),
    word: write([word(' word')]),
    last: write(ENDING),
  };
}

/** Amazon's frames of what the encoder writes as server-sent events. */
function framed(text: string): Buffer {
  const frames = text.split('\n\n').flatMap((event) => {
    const found = /^event: (\S+)\ndata: (.*)$/s.exec(event);
    return found === null ? [] : [encodeFrame(found[1] ?? '', found[2] ?? '')];
  });
  return Buffer.concat(frames);
}
