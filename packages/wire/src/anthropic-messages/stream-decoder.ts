import type { StreamDecoder } from '../canonical/codec.ts';
import type { OpenedPart, StreamEvent } from '../canonical/stream-event.ts';
import { lenientString, newNamesIn } from '../canonical/read-member.ts';
import type { CanonicalUsage } from '../canonical/response.ts';
import { tellingNames } from '../canonical/usual-values.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { callId, citationsIn, ownSignature } from './answer-blocks.ts';
import { KNOWN, restOfUsage } from './decode-response.ts';
import { MESSAGES } from './dialect-name.ts';
import { isShallow } from '../json/shallow-json.ts';
import { readStop } from './stop-reasons.ts';
import { readUsage } from './usage-shape.ts';

type Tell = (event: StreamEvent) => void;

/** A block between its start and its stop. */
interface OpenBlock {
  /** Its number in the answer; -1 as long as it is not told. */
  readonly part: number;
  /** Input that came with the start of a tool call; told at its stop where no other came. */
  readonly input: string | null;
  /** A block without a canonical form: told whole at its stop, with the input that came in pieces. */
  readonly foreign: { readonly name: string; readonly value: JsonObject } | null;
  readonly pieces: string[];
  told: boolean;
}

/**
 * Reads the events of a streamed message. Source: https://platform.claude.com/docs/en/build-with-claude/streaming. Events of types that
 * are not known are signs of life, as the API's versioning allows new ones; a delta for a block that is not open breaks the stream.
 */
export function streamDecoder(seed: string): StreamDecoder {
  return new MessagesStreamDecoder(seed);
}

class MessagesStreamDecoder implements StreamDecoder {
  readonly #seed: string;
  readonly #open = new Map<JsonValue | undefined, OpenBlock>();
  #started = false;
  #parts = 0;
  #stopped = false;
  #ended = false;
  /** Members of `usage` so far: later events overwrite those that they have. */
  #usage: JsonObject = {};
  readonly #others = new Set<string>();

  constructor(seed: string) {
    this.#seed = seed;
  }

  push(name: string, data: string, tell: Tell): boolean {
    let event: unknown;
    try {
      event = JSON.parse(data);
    } catch {
      return false;
    }
    if (!isJsonObject(event)) return false;
    switch (event['type'] ?? name) {
      case 'content_block_delta':
        return this.#delta(event, data, tell);
      case 'content_block_start':
        return isShallow(data) && this.#start(event, tell);
      case 'content_block_stop':
        return this.#stop(event['index'], tell);
      case 'message_start':
        return this.#message(event, tell);
      case 'message_delta':
        return this.#messageDelta(event, tell);
      case 'message_stop':
        return this.#end(tell);
      case 'error':
        tell({ kind: 'error', data });
        return true;
      default:
        tell({ kind: 'alive' });
        return true;
    }
  }

  end(tell: Tell): boolean {
    if (this.#ended) return true;
    return this.#stopped && this.#end(tell);
  }

  #message(event: JsonObject, tell: Tell): boolean {
    const { message } = event;
    if (this.#started || !isJsonObject(message)) return false;
    this.#started = true;
    const id = lenientString(message['id']);
    tell({ kind: 'start', id, model: lenientString(message['model']), createdAt: null });
    this.#tellUsage(message['usage'], tell);
    this.#nameOthers(message, tell);
    return true;
  }

  #nameOthers(message: JsonObject, tell: Tell): void {
    const names = newNamesIn(message, KNOWN, this.#others);
    if (names !== null) tell({ kind: 'others', names });
  }

  #start(event: JsonObject, tell: Tell): boolean {
    const { index, content_block: block } = event;
    if (!this.#started || this.#stopped || !isJsonObject(block) || this.#open.has(index)) {
      return false;
    }
    const of = this.#opened(block);
    if (of === null) {
      const name = lenientString(block['type']) ?? 'block';
      const foreign = { name, value: block };
      this.#open.set(index, { part: -1, input: null, foreign, pieces: [], told: false });
      return true;
    }
    const part = this.#parts++;
    this.#open.set(index, {
      part,
      input: inputAtStart(block),
      foreign: null,
      pieces: [],
      told: false,
    });
    tell({ kind: 'open', choice: 0, part, of });
    tellBeginning(block, part, tell);
    return true;
  }

  #opened(block: JsonObject): OpenedPart | null {
    switch (block['type']) {
      case 'text':
        return { kind: 'text' };
      case 'thinking':
        return { kind: 'thinking', id: null, sealed: null };
      case 'redacted_thinking':
        return { kind: 'thinking', id: null, sealed: ownSignature(block['data']) };
      case 'tool_use': {
        const id = callId(block, this.#parts, this.#seed);
        const name = lenientString(block['name']) ?? '';
        return { kind: 'tool_call', id, name, custom: false };
      }
      default:
        return null;
    }
  }

  #delta(event: JsonObject, data: string, tell: Tell): boolean {
    const block = this.#open.get(event['index']);
    const { delta } = event;
    if (block === undefined || !isJsonObject(delta)) return false;
    const type = delta['type'];
    const text =
      type === 'text_delta'
        ? delta['text']
        : type === 'input_json_delta'
          ? delta['partial_json']
          : type === 'thinking_delta'
            ? delta['thinking']
            : undefined;
    if (typeof text === 'string') {
      if (block.foreign !== null) {
        if (type === 'input_json_delta') block.pieces.push(text);
        tell({ kind: 'alive' });
      } else if (text === '') tell({ kind: 'alive' });
      else {
        block.told = true;
        tell({ kind: 'text', choice: 0, part: block.part, text });
      }
      return true;
    }
    return isShallow(data) && this.#rareDelta(block, delta, tell);
  }

  #rareDelta(block: OpenBlock, delta: JsonObject, tell: Tell): boolean {
    const { part, foreign } = block;
    const signature = delta['type'] === 'signature_delta' ? ownSignature(delta['signature']) : null;
    const citation = delta['type'] === 'citations_delta' ? delta['citation'] : undefined;
    if (foreign === null && signature !== null)
      tell({ kind: 'signature', choice: 0, part, signature });
    else if (foreign === null && citation !== undefined) {
      const annotations = { origin: MESSAGES, list: [citation] } as const;
      tell({ kind: 'annotations', choice: 0, part, annotations });
    } else tell({ kind: 'alive' });
    return true;
  }

  #stop(index: JsonValue | undefined, tell: Tell): boolean {
    const block = this.#open.get(index);
    if (block === undefined) return false;
    this.#open.delete(index);
    this.#close(block, tell);
    return true;
  }

  #close(block: OpenBlock, tell: Tell): void {
    const { foreign, input } = block;
    if (foreign === null) {
      const { part } = block;
      if (input !== null && !block.told) tell({ kind: 'text', choice: 0, part, text: input });
      tell({ kind: 'close', choice: 0, part });
      return;
    }
    const part = this.#parts++;
    const value = withInput(foreign.value, block.pieces);
    const { name } = foreign;
    tell({ kind: 'open', choice: 0, part, of: { kind: 'foreign', origin: MESSAGES, name, value } });
    tell({ kind: 'close', choice: 0, part });
  }

  #messageDelta(event: JsonObject, tell: Tell): boolean {
    if (!this.#started) return false;
    const delta = isJsonObject(event['delta']) ? event['delta'] : {};
    const reason = lenientString(delta['stop_reason']);
    if (reason !== null && !this.#stopped) {
      const { stop, stopDetail } = readStop(reason, lenientString(delta['stop_sequence']));
      this.#tellStop({ kind: 'stop', choice: 0, reason: stop, detail: stopDetail }, tell);
    }
    this.#tellUsage(event['usage'], tell);
    this.#nameOthers(delta, tell);
    return true;
  }

  #tellStop(stop: StreamEvent, tell: Tell): void {
    this.#stopped = true;
    for (const block of this.#open.values()) this.#close(block, tell);
    this.#open.clear();
    tell(stop);
  }

  #tellUsage(value: JsonValue | undefined, tell: Tell): void {
    if (!isJsonObject(value)) return;
    const merged: Record<string, JsonValue | undefined> = { ...this.#usage };
    for (const [name, member] of Object.entries(value)) {
      if (member !== null) merged[name] = member;
    }
    this.#usage = merged;
    const usage: CanonicalUsage | null = readUsage(merged);
    if (usage !== null) tell({ kind: 'usage', usage });
  }

  #end(tell: Tell): boolean {
    if (!this.#started || this.#ended) return false;
    if (!this.#stopped) {
      this.#tellStop({ kind: 'stop', choice: 0, reason: 'other', detail: null }, tell);
    }
    this.#ended = true;
    const names = tellingNames(restOfUsage(this.#usage));
    if (names.length > 0) tell({ kind: 'others', names });
    tell({ kind: 'end' });
    return true;
  }
}

/** Some hosts send the whole input at once, with the start of the block. */
function inputAtStart(block: JsonObject): string | null {
  if (block['type'] !== 'tool_use') return null;
  const { input } = block;
  return isJsonObject(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : '{}';
}

function tellBeginning(block: JsonObject, part: number, tell: Tell): void {
  const text = lenientString(block['text']) ?? lenientString(block['thinking']) ?? '';
  if (text !== '') tell({ kind: 'text', choice: 0, part, text });
  const annotations = citationsIn(block['citations']);
  if (annotations !== null) tell({ kind: 'annotations', choice: 0, part, annotations });
  const signature = ownSignature(block['signature']);
  if (signature !== null) tell({ kind: 'signature', choice: 0, part, signature });
}

function withInput(value: JsonObject, pieces: readonly string[]): JsonObject {
  const text = pieces.join('');
  if (text === '') return value;
  if (!isShallow(text)) return { ...value, input: text };
  try {
    const input: JsonValue = JSON.parse(text);
    return { ...value, input };
  } catch {
    return { ...value, input: text };
  }
}
