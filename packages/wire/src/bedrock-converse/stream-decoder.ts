import type { StreamDecoder } from '../canonical/codec.ts';
import { lenientString, newNamesIn } from '../canonical/read-member.ts';
import { openSignature } from '../canonical/signature.ts';
import type { OpenedPart, StreamEvent } from '../canonical/stream-event.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { KNOWN, stopSequence } from './decode-response.ts';
import { CONVERSE } from './dialect-name.ts';
import { exceptionIn } from './event-stream.ts';
import { mediaTypeOf } from './media-formats.ts';
import { readStop } from './stop-reasons.ts';
import { readUsage } from './usage-shape.ts';

const NO_BLOCK: ReadonlySet<string> = new Set();

type Tell = (event: StreamEvent) => void;

/** `unread` is told at its end, if at all: a sealed thought, an image; never a server's tool and its result. */
type BlockKind = 'text' | 'thinking' | 'tool_call' | 'unread';

interface Block {
  readonly kind: BlockKind;
  readonly part: number;
  /** Whether any text of it came. */
  spoken: boolean;
  signature: string;
  /** Base64 of a sealed thought, or of an image, piece by piece. */
  readonly bytes: string[];
  /** The image's media type. */
  readonly image: string | null;
}

/**
 * Events of `ConverseStream`: `messageStart`; for each block a start (text and thoughts have none), deltas and a stop; `messageStop`;
 * `metadata`. Each names its block by `contentBlockIndex`. Exceptions end it and are told in the shape in which the same would be refused.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
 */
export class ConverseStreamDecoder implements StreamDecoder {
  readonly #seed: string;
  readonly #blocks = new Map<number, Block>();
  #parts = 0;
  #started = false;
  #stopped = false;
  #ended = false;
  readonly #others = new Set<string>();

  constructor(seed: string) {
    this.#seed = seed;
  }

  push(name: string, data: string, tell: Tell): boolean {
    if (this.#ended) return true;
    const exception = exceptionIn(name);
    const value = objectIn(data);
    if (exception !== null) {
      this.#ended = true;
      const said = value ?? { message: data };
      tell({ kind: 'error', data: JSON.stringify({ ...said, code: exception }) });
      return true;
    }
    if (value === null) return false;
    switch (name) {
      case 'contentBlockDelta':
        this.#delta(indexOf(value), value['delta'], tell);
        return true;
      case 'messageStart':
        this.#begin(tell);
        return true;
      case 'contentBlockStart':
        this.#start(indexOf(value), value['start'], tell);
        return true;
      case 'contentBlockStop':
        this.#close(indexOf(value), tell);
        return true;
      case 'messageStop':
        this.#stop(value, tell);
        return true;
      case 'metadata':
        this.#metadata(value, tell);
        return true;
      default:
        tell({ kind: 'alive' });
        return true;
    }
  }

  end(tell: Tell): boolean {
    if (!this.#ended && this.#stopped) this.#finish(tell);
    return this.#ended;
  }

  #begin(tell: Tell): void {
    if (this.#started) return;
    this.#started = true;
    tell({ kind: 'start', id: null, model: null, createdAt: null });
  }

  #start(index: number, start: JsonValue | undefined, tell: Tell): void {
    this.#begin(tell);
    const tool = isJsonObject(start) ? start['toolUse'] : undefined;
    if (this.#stopped || this.#blocks.has(index) || !isJsonObject(tool) || 'type' in tool) {
      if (!this.#stopped && !this.#blocks.has(index)) {
        this.#addUnread(index, start, tell);
      }
      tell({ kind: 'alive' });
      return;
    }
    const { part } = this.#addBlock(index, 'tool_call');
    const id = lenientString(tool['toolUseId']) ?? '';
    const of = {
      kind: 'tool_call',
      id: id === '' ? `${this.#seed}_${part}` : id,
      name: lenientString(tool['name']) ?? '',
      custom: false,
    } as const;
    tell({ kind: 'open', choice: 0, part, of });
  }

  /** A picture comes with its deltas; of anything else, a server's tool or its result, there is only the name. */
  #addUnread(index: number, start: JsonValue | undefined, tell: Tell): void {
    const image = imageTypeIn(start);
    this.#addBlock(index, 'unread', image);
    if (image !== null || !isJsonObject(start)) return;
    const names = newNamesIn(start, NO_BLOCK, this.#others);
    if (names !== null) tell({ kind: 'others', names });
  }

  #addBlock(index: number, kind: BlockKind, image: string | null = null): Block {
    const part = kind === 'unread' ? -1 : this.#parts++;
    const block: Block = { kind, part, spoken: false, signature: '', bytes: [], image };
    this.#blocks.set(index, block);
    return block;
  }

  #delta(index: number, delta: JsonValue | undefined, tell: Tell): void {
    if (!isJsonObject(delta) || this.#stopped) {
      tell({ kind: 'alive' });
      return;
    }
    const { text, toolUse, reasoningContent, citation, image } = delta;
    if (typeof text === 'string') this.#say(this.#blockOf(index, 'text', tell), text, tell);
    else if (isJsonObject(toolUse)) {
      const block = this.#blocks.get(index);
      const input = toolUse['input'];
      if (block?.kind === 'tool_call' && typeof input === 'string') this.#say(block, input, tell);
      else tell({ kind: 'alive' });
    } else if (isJsonObject(reasoningContent)) this.#think(index, reasoningContent, tell);
    else if (isJsonObject(citation)) this.#cite(index, citation, tell);
    else if (isJsonObject(image)) this.#draw(index, image, tell);
    else tell({ kind: 'alive' });
  }

  /** The block at an index, opened where it was not; null where another kind is open there. */
  #blockOf(index: number, kind: 'text' | 'thinking', tell: Tell): Block | null {
    const known = this.#blocks.get(index);
    if (known !== undefined) return known.kind === kind ? known : null;
    this.#begin(tell);
    const block = this.#addBlock(index, kind);
    const of = kind === 'text' ? { kind } : { kind, id: null, sealed: null };
    tell({ kind: 'open', choice: 0, part: block.part, of });
    return block;
  }

  #say(block: Block | null, text: string, tell: Tell): void {
    if (block === null || text === '') {
      tell({ kind: 'alive' });
      return;
    }
    block.spoken = true;
    tell({ kind: 'text', choice: 0, part: block.part, text });
  }

  #think(index: number, said: JsonObject, tell: Tell): void {
    const { text, signature, redactedContent } = said;
    if (typeof redactedContent === 'string') {
      this.#begin(tell);
      const block = this.#blocks.get(index) ?? this.#addBlock(index, 'unread');
      if (block.image === null) block.bytes.push(redactedContent);
    }
    if (typeof text === 'string') this.#say(this.#blockOf(index, 'thinking', tell), text, tell);
    else if (typeof signature === 'string') {
      const block = this.#blockOf(index, 'thinking', tell);
      if (block !== null) block.signature += signature;
    } else tell({ kind: 'alive' });
  }

  #cite(index: number, citation: JsonObject, tell: Tell): void {
    const block = this.#blockOf(index, 'text', tell);
    if (block === null) return;
    const annotations = { origin: CONVERSE, list: [citation] };
    tell({ kind: 'annotations', choice: 0, part: block.part, annotations });
  }

  #draw(index: number, { source }: JsonObject, tell: Tell): void {
    const block = this.#blocks.get(index);
    const bytes = isJsonObject(source) ? source['bytes'] : undefined;
    if (block !== undefined && block.image !== null && typeof bytes === 'string') {
      block.bytes.push(bytes);
    }
    tell({ kind: 'alive' });
  }

  #close(index: number, tell: Tell): void {
    const block = this.#blocks.get(index);
    if (block === undefined) {
      tell({ kind: 'alive' });
      return;
    }
    this.#blocks.delete(index);
    if (block.bytes.length > 0) this.#tellWhole(block, tell);
    const { kind, part, spoken, signature } = block;
    if (kind === 'unread') return;
    const place = { choice: 0, part };
    if (kind === 'tool_call' && !spoken) tell({ kind: 'text', ...place, text: '{}' });
    if (signature !== '') {
      tell({ kind: 'signature', ...place, signature: openSignature(signature, CONVERSE) });
    }
    tell({ kind: 'close', ...place });
  }

  /** A sealed thought or an image, once all of it has come. */
  #tellWhole({ bytes, image }: Block, tell: Tell): void {
    const place = { choice: 0, part: this.#parts++ };
    const data = joinedBase64(bytes);
    const of: OpenedPart =
      image === null
        ? { kind: 'thinking', id: null, sealed: openSignature(data, CONVERSE) }
        : {
            kind: 'image',
            source: { kind: 'base64', mediaType: image, data },
            detail: null,
            cache: null,
          };
    tell({ kind: 'open', ...place, of });
    tell({ kind: 'close', ...place });
  }

  #stop(value: JsonObject, tell: Tell): void {
    if (this.#stopped) return;
    this.#begin(tell);
    for (const index of this.#blocks.keys()) this.#close(index, tell);
    this.#stopped = true;
    const { reason, detail } = readStop(lenientString(value['stopReason']) ?? 'end_turn');
    tell({ kind: 'stop', choice: 0, reason, detail: detail ?? stopSequence(value) });
    this.#nameOthers(value, tell);
  }

  #nameOthers(value: JsonObject, tell: Tell): void {
    const names = newNamesIn(value, KNOWN, this.#others);
    if (names !== null) tell({ kind: 'others', names });
  }

  #metadata(value: JsonObject, tell: Tell): void {
    this.#begin(tell);
    const usage = readUsage(value['usage']);
    if (usage !== null) tell({ kind: 'usage', usage });
    this.#nameOthers(value, tell);
    if (this.#stopped) this.#finish(tell);
  }

  #finish(tell: Tell): void {
    this.#ended = true;
    tell({ kind: 'end' });
  }
}

function indexOf(value: JsonObject): number {
  const index = value['contentBlockIndex'];
  return typeof index === 'number' ? index : 0;
}

function imageTypeIn(start: JsonValue | undefined): string | null {
  const image = isJsonObject(start) ? start['image'] : undefined;
  const format = isJsonObject(image) ? image['format'] : undefined;
  return typeof format === 'string' ? mediaTypeOf('image', format) : null;
}

function objectIn(data: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(data);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Each piece is base64 of its own. */
function joinedBase64(pieces: readonly string[]): string {
  if (pieces.length === 1) return pieces[0] ?? '';
  try {
    return btoa(pieces.map((piece) => atob(piece)).join(''));
  } catch {
    return pieces.join('');
  }
}
