/** Streamed answers. Source: type `ChatCompletionChunk` of the official SDK; `x_groq.usage` is Groq's. */
import type { StreamDecoder } from '../canonical/codec.ts';
import type { CanonicalUsage } from '../canonical/response.ts';
import { newNamesIn } from '../canonical/read-member.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { BODY, listOf, named } from './decode-response.ts';
import { StreamChoice, type Tell } from './stream-choice.ts';
import { decodeUsage } from './usage-shape.ts';

/** `obfuscation` only pads a chunk. */
const CHUNK: ReadonlySet<string> = new Set([...BODY, 'obfuscation']);
/** OpenAI's limit of `n`. */
const MOST_CHOICES = 128;

export function streamDecoder(seed: string): StreamDecoder {
  return new ChatStreamDecoder(seed);
}

class ChatStreamDecoder implements StreamDecoder {
  readonly #seed: string;
  readonly #choices = new Map<number, StreamChoice>();
  #started = false;
  #ended = false;

  constructor(seed: string) {
    this.#seed = seed;
  }

  push(name: string, data: string, tell: Tell): boolean {
    if (this.#ended) return true;
    if (data === '[DONE]') return this.#finish(true, tell);
    const chunk = parsed(data);
    if (chunk === undefined) return false;
    if (!isJsonObject(chunk)) {
      tell({ kind: 'alive' });
      return true;
    }
    if (name === 'error' || saysError(chunk['error'])) {
      this.#ended = true;
      tell({ kind: 'error', data });
      return true;
    }
    return this.#read(chunk, tell);
  }

  end(tell: Tell): boolean {
    return this.#ended || this.#finish(false, tell);
  }

  #read(chunk: JsonObject, tell: Tell): boolean {
    const choices = listOf(chunk['choices']);
    const usage = usageOf(chunk);
    // Azure begins with a chunk that has neither id nor choices.
    if (!this.#started && choices.length === 0 && named(chunk['id']) === null) {
      tell({ kind: 'alive' });
      return true;
    }
    if (!this.#started) this.#start(chunk, tell);
    let said = choices.length > 0;
    for (const choice of choices) {
      if (!isJsonObject(choice)) continue;
      const at = this.#choiceOf(choice['index']);
      if (at === null) return false;
      at.read(choice, tell);
    }
    if (usage !== null) {
      tell({ kind: 'usage', usage });
      said = true;
    }
    if (!said) tell({ kind: 'alive' });
    return true;
  }

  #start(chunk: JsonObject, tell: Tell): void {
    this.#started = true;
    const created = chunk['created'];
    tell({
      kind: 'start',
      id: named(chunk['id']),
      model: named(chunk['model']),
      createdAt: typeof created === 'number' && created > 0 ? Math.trunc(created) : null,
    });
    // What stands around the choices is the same in every chunk.
    const names = newNamesIn(chunk, CHUNK, new Set());
    if (names !== null) tell({ kind: 'others', names });
  }

  #choiceOf(said: JsonValue | undefined): StreamChoice | null {
    const index = said ?? 0;
    if (typeof index !== 'number' || !Number.isInteger(index)) return null;
    if (index < 0 || index >= MOST_CHOICES) return null;
    let choice = this.#choices.get(index);
    if (choice === undefined) {
      choice = new StreamChoice(index, this.#seed);
      this.#choices.set(index, choice);
    }
    return choice;
  }

  /** `[DONE]` ends also what has no `finish_reason`; a closed connection only what has one. */
  #finish(done: boolean, tell: Tell): boolean {
    let whole = this.#choices.size > 0;
    for (const choice of this.#choices.values()) whole &&= choice.stopped;
    if (!whole && !(done && this.#started)) return false;
    for (const choice of this.#choices.values()) if (!choice.stopped) choice.stop(null, tell);
    this.#ended = true;
    tell({ kind: 'end' });
    return true;
  }
}

/** Undefined where it is no JSON. */
function parsed(data: string): unknown {
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return undefined;
  }
}

/** Hosts send null, false or an empty string where there is no error. */
function saysError(error: JsonValue | undefined): boolean {
  return error !== undefined && error !== null && error !== false && error !== '';
}

function usageOf(chunk: JsonObject): CanonicalUsage | null {
  const groq = chunk['x_groq'];
  return decodeUsage(chunk['usage']) ?? (isJsonObject(groq) ? decodeUsage(groq['usage']) : null);
}
