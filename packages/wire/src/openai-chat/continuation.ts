/**
 * Going on with a chat whose stream broke off: what was written so far, the request that asks for the rest, and the rest made to fit onto
 * what the caller has. Only for plain text of one choice; everything else is not continued. Built and parsed as JSON, which only streams
 * that may be continued pay for.
 * Source: `continue_final_message` and `add_generation_prompt` of vLLM's ChatCompletionRequest; `prefix` of an assistant message in the
 * references of Mistral's chat completion and DeepSeek's chat prefix completion.
 */
import type { PrefillStyle } from '@keywell/core/snapshot/snapshot';
import { EventSplitter } from '../sse/event-splitter.ts';

/** More text than this is not carried along. */
const MAX_TEXT = 256 * 1024;
const BYTES_PER_TOKEN = 4;

type Json = Record<string, unknown>;

/** What of a stream the caller has seen. */
export class StreamTranscript {
  text = '';
  /** Of the first chunk: every further one of the caller's stream is given the same. */
  id: unknown = undefined;
  created: unknown = undefined;
  model: unknown = undefined;
  /** Nothing but the text of one choice has come, and it has not ended. */
  sound = true;
  readonly #splitter = new EventSplitter();

  /** Takes whole events that were given to the caller. */
  note(events: Uint8Array): void {
    if (!this.sound) return;
    for (const data of dataIn(this.#splitter, events)) this.#noteChunk(parse(data));
    if (this.text.length > MAX_TEXT) this.sound = false;
  }

  #noteChunk(chunk: Json | null): void {
    const choices = chunk?.['choices'];
    if (chunk === null || !Array.isArray(choices)) {
      this.sound = false;
      return;
    }
    this.id ??= chunk['id'];
    this.created ??= chunk['created'];
    this.model ??= chunk['model'];
    for (const choice of choices) {
      const piece = isObject(choice) ? textOf(choice) : null;
      if (piece === null) this.sound = false;
      else this.text += piece;
    }
  }
}

/** The text of a choice; null where there is anything else in it, or its end. */
function textOf(choice: Json): string | null {
  const { index, delta, finish_reason: finish, logprobs, ...rest } = choice;
  const plain = (index === 0 || index === undefined) && isNothing(finish) && isNothing(logprobs);
  if (!plain || !isObject(delta) || !Object.values(rest).every(isNothing)) return null;
  const { role: _, content, ...others } = delta;
  if (!Object.values(others).every(isNothing)) return null;
  if (isNothing(content)) return '';
  return typeof content === 'string' ? content : null;
}

/** Fields with which an answer is more than text that goes on, or whose state a second request would not have. */
const UNSOUND = [
  'tools',
  'functions',
  'response_format',
  'logprobs',
  'top_logprobs',
  'audio',
  'prediction',
  'store',
  'background',
  'previous_response_id',
  'guided_json',
  'guided_regex',
  'guided_choice',
  'guided_grammar',
  'structured_outputs',
  'continue_final_message',
  'echo',
] as const;

/**
 * The request that goes on where the text ends; null where that is not sound. White space at the text's end is left out, because chat
 * templates trim it: see `ContinuedStream`. What the text has used up is taken off the caller's allowance, as an estimate.
 */
export function continuationBody(
  body: Uint8Array,
  text: string,
  to: {
    readonly style: PrefillStyle;
    readonly model: string;
    readonly askUsage: boolean;
  },
): Uint8Array | null {
  const request = parse(new TextDecoder().decode(body));
  const begun = text.trimEnd();
  if (request === null || begun === '' || !isSound(request)) return null;
  const { messages } = request;
  if (!Array.isArray(messages)) return null;
  const last: unknown = messages.at(-1);
  if (!isObject(last) || last['role'] === 'assistant') return null;
  const used = Math.ceil(new TextEncoder().encode(text).length / BYTES_PER_TOKEN);
  for (const name of ['max_tokens', 'max_completion_tokens']) {
    const most = request[name];
    if (typeof most !== 'number') continue;
    if (most <= used) return null;
    request[name] = most - used;
  }
  const byMark = to.style === 'prefix';
  const message = { role: 'assistant', content: begun, ...(byMark ? { prefix: true } : {}) };
  const asks = byMark ? {} : { continue_final_message: true, add_generation_prompt: false };
  const options = request['stream_options'];
  const usage = { ...(isObject(options) ? options : {}), include_usage: true };
  const continued = {
    ...request,
    model: to.model,
    messages: [...messages, message],
    ...(to.askUsage ? { stream_options: usage } : {}),
    ...asks,
  };
  return new TextEncoder().encode(JSON.stringify(continued));
}

function isSound(request: Json): boolean {
  const { n, response_format: format, modalities } = request;
  if (!isNothing(n) && n !== 1) return false;
  const textFormat = isObject(format) && format['type'] === 'text';
  const textOnly =
    !Array.isArray(modalities) || modalities.every((modality) => modality === 'text');
  return (
    textOnly &&
    UNSOUND.every((name) => isNothing(request[name]) || (name === 'response_format' && textFormat))
  );
}

/** Tokens that were counted for the parts of a stream before this one. */
export interface EarlierTokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Makes the events of a continuation those of the stream that the caller has begun to read. */
export class ContinuedStream {
  readonly #transcript: StreamTranscript;
  readonly #earlier: EarlierTokens;
  readonly #splitter = new EventSplitter();
  /** White space that the caller has and the provider was not told: it will most likely say it again. */
  #pending: string;

  constructor(transcript: StreamTranscript, earlier: EarlierTokens) {
    this.#transcript = transcript;
    this.#earlier = earlier;
    this.#pending = transcript.text.slice(transcript.text.trimEnd().length);
  }

  /** Takes whole events of the provider; gives what goes to the caller, empty where nothing does. */
  rewrite(events: Uint8Array): Uint8Array {
    let text = '';
    for (const data of dataIn(this.#splitter, events)) text += this.#event(data);
    return new TextEncoder().encode(text);
  }

  #event(data: string): string {
    const chunk = parse(data);
    if (chunk === null) return `data: ${data}\n\n`;
    const { id, created, model } = this.#transcript;
    Object.assign(chunk, { id, created, model });
    const usage = chunk['usage'];
    if (isObject(usage)) chunk['usage'] = this.#summed(usage);
    const choices = chunk['choices'];
    const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
    if (isObject(first) && isObject(first['delta']) && !this.#fit(first, first['delta'])) return '';
    return `data: ${JSON.stringify(chunk)}\n\n`;
  }

  /** False where nothing is left that the caller does not have. */
  #fit(choice: Json, delta: Json): boolean {
    delete delta['role'];
    const { content } = delta;
    if (typeof content === 'string') {
      let same = 0;
      while (same < this.#pending.length && content[same] === this.#pending[same]) same += 1;
      this.#pending = same === content.length ? this.#pending.slice(same) : '';
      delta['content'] = content.slice(same);
    }
    const says = Object.values(delta).some((value) => !isNothing(value));
    return says || !isNothing(choice['finish_reason']);
  }

  #summed(usage: Json): Json {
    const { inputTokens, outputTokens } = this.#earlier;
    const plus = (name: string, tokens: number): number => {
      const value = usage[name];
      return (typeof value === 'number' ? value : 0) + tokens;
    };
    return {
      ...usage,
      prompt_tokens: plus('prompt_tokens', inputTokens),
      completion_tokens: plus('completion_tokens', outputTokens),
      total_tokens: plus('total_tokens', inputTokens + outputTokens),
    };
  }
}

/** The data of every event, `[DONE]` included; comments have none. */
function* dataIn(splitter: EventSplitter, events: Uint8Array): Generator<string> {
  const decoder = new TextDecoder();
  splitter.push(events);
  while (splitter.next()) {
    const { bytes, dataStart, dataEnd, dataLines } = splitter;
    if (dataLines === 0) continue;
    yield decoder.decode(dataLines > 1 ? splitter.data() : bytes.subarray(dataStart, dataEnd));
  }
}

function parse(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === '' ||
  (Array.isArray(value) && value.length === 0);
