/** The recorded bodies and streams of all dialects. */
import { readFileSync } from 'node:fs';
import type { Dialect } from '../canonical/dialect.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';

const REQUESTS: Readonly<Record<Dialect, readonly string[]>> = {
  'openai-chat': ['chat-request'],
  'openai-responses': ['request'],
  'anthropic-messages': ['request'],
  gemini: ['request', 'request-snake-case'],
  'bedrock-converse': [],
};

const ANSWERS: Readonly<Record<Dialect, readonly string[]>> = {
  'openai-chat': ['chat-completion'],
  'openai-responses': [
    'custom-tool',
    'image-tool',
    'incomplete',
    'reasoning-tools',
    'refusal',
    'verbatim-reasoning',
    'web-search',
  ],
  'anthropic-messages': ['message'],
  gemini: ['response', 'response-blocked', 'response-grounded', 'response-tools'],
  'bedrock-converse': ['tool-use'],
};

const STREAMS: Readonly<Record<Dialect, readonly string[]>> = {
  'openai-chat': ['chat-stream', 'chat-stream-tools', 'chat-stream-two-choices', 'deepseek-stream'],
  'openai-responses': [
    'custom-tool',
    'image-tool',
    'incomplete',
    'reasoning-tools',
    'refusal',
    'verbatim-reasoning',
    'web-search',
  ],
  'anthropic-messages': ['stream-thinking', 'stream-tools', 'stream-web-search'],
  gemini: ['stream', 'stream-tools'],
  'bedrock-converse': ['stream-thinking-tools'],
};

/** Requests as callers of a dialect sent them. */
export const recordedRequests = (dialect: Dialect): ReadonlyMap<string, JsonObject> =>
  new Map(REQUESTS[dialect].map((name) => [`recorded ${name}`, jsonIn(dialect, name)]));

/** Whole answers as providers of a dialect gave them. */
export const recordedAnswers = (dialect: Dialect): ReadonlyMap<string, JsonObject> =>
  new Map(ANSWERS[dialect].map((name) => [`recorded ${name}`, jsonIn(dialect, name)]));

/** Streams as providers of a dialect sent them: server-sent events, for Bedrock one event a line. */
export const recordedStreams = (dialect: Dialect): ReadonlyMap<string, string> =>
  new Map(
    STREAMS[dialect].map((name) => {
      const ending = dialect === 'bedrock-converse' ? 'jsonl' : 'sse';
      return [`recorded ${name}`, textIn(dialect, `${name}.${ending}`)];
    }),
  );

function jsonIn(dialect: Dialect, name: string): JsonObject {
  const value: unknown = JSON.parse(textIn(dialect, `${name}.json`));
  if (!isJsonObject(value)) throw new Error(`${name} is no object`);
  return value;
}

function textIn(dialect: Dialect, file: string): string {
  return readFileSync(new URL(`../${dialect}/fixtures/${file}`, import.meta.url), 'utf8');
}
