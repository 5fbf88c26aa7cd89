/** Streams of a provider, cut as a network cuts them, in the words of a caller. */
import { readMessageStream } from '../anthropic-messages/event-grammar.contract.ts';
import { encodeFrame, FrameSplitter } from '../bedrock-converse/event-stream.ts';
import type { Dialect } from '../canonical/dialect.ts';
import { foldStream, unfoldResponse } from '../canonical/fold-stream.contract.ts';
import type { CanonicalResponse } from '../canonical/response.ts';
import type { StreamEvent } from '../canonical/stream-event.ts';
import type { CallerDialect } from '../edit/conversation.ts';
import { geminiEvents } from '../gemini/event-grammar.contract.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';
import { checkChatEvents } from '../openai-chat/event-grammar.contract.ts';
import { checkResponsesStream } from '../openai-responses/event-grammar.contract.ts';
import { EventSplitter } from '../sse/event-splitter.ts';
import { CODECS, type Pair } from './codecs.contract.ts';
import { stampFor } from './translate-pair.contract.ts';

export interface WireEvent {
  readonly name: string;
  readonly data: string;
}

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** Throws where a stream is none of the caller's dialect. */
export const CHECKS: Readonly<Record<CallerDialect, (stream: string) => unknown>> = {
  'openai-chat': checkChatEvents,
  'openai-responses': checkResponsesStream,
  'anthropic-messages': readMessageStream,
  gemini: geminiEvents,
};

/** A provider's stream of an answer, as bytes; texts come in pieces of three UTF-16 units. */
export function streamBytes(provider: Dialect, response: CanonicalResponse): Uint8Array {
  const encoder = CODECS[provider].streamEncoder(stampFor(provider));
  const events = unfoldResponse(response, 3).map((event) => encoder.encode(event));
  const bytes = utf8.encode(events.join(''));
  return provider === 'bedrock-converse' ? framed(wireEvents('gemini', [bytes])) : bytes;
}

/** A recorded stream, as bytes. */
export function recordedBytes(provider: Dialect, recording: string): Uint8Array {
  if (provider !== 'bedrock-converse') return utf8.encode(recording);
  return framed(recording.trim().split('\n').map(recordedEvent));
}

function recordedEvent(line: string): WireEvent {
  const { name, data } = objectIn(line);
  if (typeof name !== 'string') throw new Error('an event has a name');
  return { name, data: JSON.stringify(data) };
}

function objectIn(line: string): JsonObject {
  const value: unknown = JSON.parse(line);
  if (!isJsonObject(value)) throw new Error('an event is an object');
  return value;
}

/** Events in Amazon's binary frames. */
function framed(events: readonly WireEvent[]): Uint8Array {
  const frames = events.map(({ name, data }) => encodeFrame(name, data));
  const bytes = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}

/** The events that chunks of a provider's stream hold. */
export function wireEvents(provider: Dialect, chunks: Iterable<Uint8Array>): readonly WireEvent[] {
  return provider === 'bedrock-converse' ? binaryEvents(chunks) : textEvents(chunks);
}

function binaryEvents(chunks: Iterable<Uint8Array>): readonly WireEvent[] {
  const splitter = new FrameSplitter();
  const events: WireEvent[] = [];
  for (const chunk of chunks) {
    splitter.push(chunk);
    while (splitter.next()) events.push({ name: splitter.name, data: splitter.text() });
  }
  if (!splitter.finish()) throw new Error('the stream was cut');
  return events;
}

function textEvents(chunks: Iterable<Uint8Array>): readonly WireEvent[] {
  const splitter = new EventSplitter();
  const events: WireEvent[] = [];
  const take = (): void => {
    const { bytes, nameStart, nameEnd } = splitter;
    const name = text.decode(bytes.subarray(nameStart, nameEnd));
    const data = text.decode(splitter.data());
    if (name !== '' || data !== '') events.push({ name, data });
  };
  for (const chunk of chunks) {
    splitter.push(chunk);
    while (splitter.next()) take();
  }
  if (splitter.finish()) take();
  return events;
}

/** What a stream says. Throws where its dialect does not know it, or where it was cut. */
function told(dialect: Dialect, chunks: Iterable<Uint8Array>): readonly StreamEvent[] {
  const decoder = CODECS[dialect].streamDecoder('r1');
  const events: StreamEvent[] = [];
  const tell = (event: StreamEvent): void => void events.push(event);
  for (const { name, data } of wireEvents(dialect, chunks)) {
    if (!decoder.push(name, data, tell)) throw new Error(`unknown: ${data.slice(0, 100)}`);
  }
  if (!decoder.end(tell)) throw new Error('the stream was cut');
  return events;
}

/** The stream that the caller gets. */
export function translateStream({ caller, provider }: Pair, chunks: Iterable<Uint8Array>): string {
  const encoder = CODECS[caller].streamEncoder(stampFor(caller));
  return told(provider, chunks)
    .map((event) => encoder.encode(event))
    .join('');
}

/** What of a provider's stream the caller's has no place for. */
export function droppedOf(
  { caller, provider }: Pair,
  chunks: Iterable<Uint8Array>,
): readonly string[] {
  const encoder = CODECS[caller].streamEncoder(stampFor(caller));
  for (const event of told(provider, chunks)) encoder.encode(event);
  return encoder.dropped;
}

/** The whole answer that a stream tells. */
export function foldedStream(dialect: Dialect, bytes: Uint8Array): CanonicalResponse {
  const events = told(dialect, [bytes]);
  const others = events.flatMap((event) => (event.kind === 'others' ? event.names : []));
  const extensions = Object.fromEntries(others.map((name) => [name, true]));
  return { ...foldStream(dialect, events), extensions };
}

export const foldedText = (dialect: Dialect, stream: string): CanonicalResponse =>
  foldedStream(dialect, utf8.encode(stream));

/** One byte a chunk. */
export const bytewise = (bytes: Uint8Array): readonly Uint8Array[] =>
  Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1));
