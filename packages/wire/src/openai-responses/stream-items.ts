/** The output items of a stream that is being read, and the canonical parts they open. */
import type { ForeignPart } from '../canonical/content.ts';
import { lenientString } from '../canonical/read-member.ts';
import type { OpenedPart, StreamEvent } from '../canonical/stream-event.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { callOf, proofOf } from './decode-response.ts';
import { RESPONSES } from './dialect.ts';
import { imageOfItem } from './image-item.ts';
import { textsOf } from './reasoning-item.ts';

type Tell = (event: StreamEvent) => void;

/** A canonical part that an item has opened. */
interface Slot {
  readonly part: number;
  open: boolean;
  /** Whether any of its text was told. */
  told: boolean;
  annotations: number;
  logprobs: boolean;
}

interface Item {
  readonly type: string;
  readonly id: string | null;
  /** By `content_index`; the one of a call is 0. */
  readonly content: Map<number, Slot>;
  /** By `summary_index`. */
  readonly summary: Map<number, Slot>;
  done: boolean;
}

/** A kind of text: which of an item's lists it stands in, and what it opens. */
export interface TextPlace {
  readonly list: 'content' | 'summary';
  readonly of: OpenedPart;
}

const MESSAGE_BLOCKS: Readonly<Record<string, 'text' | 'refusal'>> = {
  output_text: 'text',
  text: 'text',
  refusal: 'refusal',
};

/**
 * Reads items leniently: a part opens with whatever names it first, and what only a `done` event tells is told then. Every text is told
 * once, however often the events repeat it.
 */
export class StreamItems {
  readonly held = { text: false, refusal: false, calls: false };
  readonly #items = new Map<number | string, Item>();
  readonly #seed: string;
  #latest: Item | null = null;
  #count = 0;
  #nextPart = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** `response.output_item.added`: calls open at once, all else with its first part. */
  added(event: JsonObject, tell: Tell): void {
    const value = event['item'];
    if (isJsonObject(value)) this.#add(value, event['output_index'], tell);
  }

  /** The next characters of a part. */
  text(event: JsonObject, place: TextPlace, tell: Tell): void {
    const text = event['delta'];
    if (typeof text !== 'string' || text === '') return;
    this.#tellText(this.#slotOf(event, place, tell), text, tell);
  }

  /** The whole text of a part, which counts where none of it was told before. */
  wholeText(event: JsonObject, place: TextPlace, tell: Tell): void {
    const slot = this.#slotOf(event, place, tell);
    const text = event[place.of.kind === 'refusal' ? 'refusal' : 'text'];
    if (!slot.told && typeof text === 'string' && text !== '') this.#tellText(slot, text, tell);
  }

  /** Arguments of a call. Of one that never opened no name is known yet: its item tells them when it is done. */
  argument(event: JsonObject, text: JsonValue | undefined, isWhole: boolean, tell: Tell): void {
    const item = this.#find(event);
    const slot = item !== null && isCall(item.type) ? item.content.get(0) : undefined;
    if (slot === undefined || typeof text !== 'string' || text === '') return;
    if (!isWhole || !slot.told) this.#tellText(slot, text, tell);
  }

  logprobs(event: JsonObject, place: TextPlace, tell: Tell): void {
    const logprobs = event['logprobs'];
    if (!isJsonArray(logprobs) || logprobs.length === 0) return;
    this.#tellLogprobs(this.#slotOf(event, place, tell), logprobs, tell);
  }

  annotation(event: JsonObject, place: TextPlace, tell: Tell): void {
    const annotation = event['annotation'] ?? null;
    if (annotation === null) return;
    this.#tellAnnotations(this.#slotOf(event, place, tell), [annotation], tell);
  }

  /** A part begins. Blocks without a canonical form are told when they are done. */
  partAdded(event: JsonObject, tell: Tell): void {
    const block = event['part'];
    const item = this.#itemOf(event, 'message');
    const of = isJsonObject(block) ? openedBlock(block, item) : null;
    if (of !== null) this.#open(item.content, indexOf(event['content_index']), of, tell);
  }

  partDone(event: JsonObject, tell: Tell): void {
    const block = event['part'];
    if (!isJsonObject(block)) return;
    this.#block(this.#itemOf(event, 'message'), indexOf(event['content_index']), block, tell);
  }

  summaryAdded(event: JsonObject, tell: Tell): void {
    const item = this.#itemOf(event, 'reasoning');
    this.#open(item.summary, indexOf(event['summary_index']), thought(item, false), tell);
  }

  summaryDone(event: JsonObject, tell: Tell): void {
    const item = this.#itemOf(event, 'reasoning');
    const block = event['part'];
    const text = isJsonObject(block) ? (lenientString(block['text']) ?? '') : '';
    const slot = this.#open(
      item.summary,
      indexOf(event['summary_index']),
      thought(item, false),
      tell,
    );
    this.#finish(slot, text, tell);
  }

  /** `response.output_item.done`: tells what no event told before. */
  itemDone(event: JsonObject, tell: Tell): void {
    const value = event['item'];
    if (!isJsonObject(value)) return;
    const type = lenientString(value['type']) ?? '';
    const known = this.#items.get(indexOf(event['output_index']));
    const item = known?.type === type ? known : this.#add(value, event['output_index'], tell);
    this.#whole(item, value, tell);
  }

  /** The output of the final response, for hosts that told none of it before. */
  wholeOutput(output: JsonValue | undefined, tell: Tell): void {
    for (const [index, value] of (isJsonArray(output) ? output : []).entries()) {
      if (isJsonObject(value)) this.#whole(this.#add(value, index, tell), value, tell);
    }
  }

  /** Closes what is still open. */
  closeAll(tell: Tell): void {
    for (const item of this.#items.values()) this.#closeItem(item, tell);
  }

  #add(value: JsonObject, index: JsonValue | undefined, tell: Tell): Item {
    const type = lenientString(value['type']) ?? '';
    const item = this.#register(type, lenientString(value['id']), index);
    if (isCall(type)) {
      const call = callOf(value, `${this.#seed}_${this.#count - 1}`);
      this.#open(item.content, 0, { kind: 'tool_call', ...call }, tell);
    }
    return item;
  }

  #register(type: string, id: string | null, index: JsonValue | undefined): Item {
    const item: Item = { type, id, content: new Map(), summary: new Map(), done: false };
    this.#items.set(typeof index === 'number' ? index : this.#count, item);
    if (id !== null) this.#items.set(id, item);
    this.#count++;
    this.#latest = item;
    return item;
  }

  /** The item an event is about: by its index, its id, or, where a host leaves out both, the latest. */
  #find(event: JsonObject): Item | null {
    const index = event['output_index'];
    const id = event['item_id'];
    if (typeof index !== 'number' && typeof id !== 'string') return this.#latest;
    const byIndex = typeof index === 'number' ? this.#items.get(index) : undefined;
    return byIndex ?? (typeof id === 'string' ? (this.#items.get(id) ?? null) : null);
  }

  #itemOf(event: JsonObject, type: string): Item {
    const id = lenientString(event['item_id']);
    return this.#find(event) ?? this.#register(type, id, event['output_index']);
  }

  #slotOf(event: JsonObject, { list, of }: TextPlace, tell: Tell): Slot {
    const item = this.#itemOf(event, of.kind === 'thinking' ? 'reasoning' : 'message');
    const index = event[list === 'summary' ? 'summary_index' : 'content_index'];
    const place = indexOf(index);
    const slot = item[list].get(place);
    if (slot !== undefined) return slot;
    const opened = of.kind === 'thinking' ? { ...of, id: item.id } : of;
    return this.#open(item[list], place, opened, tell);
  }

  #open(slots: Map<number, Slot>, index: number, of: OpenedPart, tell: Tell): Slot {
    const known = slots.get(index);
    if (known !== undefined) return known;
    const part = this.#nextPart++;
    const slot = { part, open: true, told: false, annotations: 0, logprobs: false };
    slots.set(index, slot);
    if (of.kind === 'tool_call') this.held.calls = true;
    else if (of.kind === 'text' || of.kind === 'refusal') this.held[of.kind] = true;
    tell({ kind: 'open', choice: 0, part, of });
    return slot;
  }

  #tellText(slot: Slot, text: string, tell: Tell): void {
    if (!slot.open) return;
    slot.told = true;
    tell({ kind: 'text', choice: 0, part: slot.part, text });
  }

  #tellLogprobs(slot: Slot, logprobs: JsonValue, tell: Tell): void {
    if (!slot.open) return;
    slot.logprobs = true;
    tell({ kind: 'logprobs', choice: 0, part: slot.part, logprobs });
  }

  #tellAnnotations(slot: Slot, list: readonly JsonValue[], tell: Tell): void {
    if (!slot.open || list.length === 0) return;
    slot.annotations += list.length;
    tell({
      kind: 'annotations',
      choice: 0,
      part: slot.part,
      annotations: { origin: RESPONSES, list },
    });
  }

  #finish(slot: Slot, text: string, tell: Tell): void {
    if (!slot.told && text !== '') this.#tellText(slot, text, tell);
    this.#close(slot, tell);
  }

  #close(slot: Slot, tell: Tell): void {
    if (!slot.open) return;
    slot.open = false;
    tell({ kind: 'close', choice: 0, part: slot.part });
  }

  #closeItem(item: Item, tell: Tell): void {
    for (const slot of item.summary.values()) this.#close(slot, tell);
    for (const slot of item.content.values()) this.#close(slot, tell);
    item.done = true;
  }

  /** A whole block of a message, or a whole verbatim thought. */
  #block(item: Item, index: number, block: JsonObject, tell: Tell): void {
    const of = openedBlock(block, item);
    if (of === null) {
      this.#foreign(item, index, block, tell);
      return;
    }
    const slot = this.#open(item.content, index, of, tell);
    const text = lenientString(block[of.kind === 'refusal' ? 'refusal' : 'text']) ?? '';
    if (of.kind === 'text') {
      if (!slot.told && text !== '') this.#tellText(slot, text, tell);
      const { annotations, logprobs } = block;
      if (isJsonArray(annotations)) {
        this.#tellAnnotations(slot, annotations.slice(slot.annotations), tell);
      }
      if (!slot.logprobs && isJsonArray(logprobs) && logprobs.length > 0) {
        this.#tellLogprobs(slot, logprobs, tell);
      }
    }
    this.#finish(slot, text, tell);
  }

  #foreign(item: Item, index: number, block: JsonObject, tell: Tell): void {
    const name = lenientString(block['type']);
    if (name === null || item.content.has(index)) return;
    const of: ForeignPart = { kind: 'foreign', origin: RESPONSES, name, value: [block] };
    this.#close(this.#open(item.content, index, of, tell), tell);
  }

  #whole(item: Item, value: JsonObject, tell: Tell): void {
    if (item.done) return;
    if (item.type === 'message') {
      for (const [index, block] of listOf(value['content']).entries()) {
        if (isJsonObject(block)) this.#block(item, index, block, tell);
      }
    } else if (item.type === 'reasoning') this.#reasoning(item, value, tell);
    else if (isCall(item.type)) {
      const text = value[item.type === 'custom_tool_call' ? 'input' : 'arguments'];
      for (const slot of item.content.values()) this.#finish(slot, lenientString(text) ?? '', tell);
    } else if (item.type !== '') {
      const foreign: ForeignPart = { kind: 'foreign', origin: RESPONSES, name: item.type, value };
      const of = imageOfItem(value) ?? foreign;
      this.#close(this.#open(new Map(), 0, of, tell), tell);
    }
    this.#closeItem(item, tell);
  }

  /** Its proof is known only now: a part of its own without text, as in a whole answer. */
  #reasoning(item: Item, value: JsonObject, tell: Tell): void {
    for (const [index, text] of textsOf(value['summary']).entries()) {
      this.#finish(this.#open(item.summary, index, thought(item, false), tell), text, tell);
    }
    for (const [index, text] of textsOf(value['content']).entries()) {
      this.#finish(this.#open(item.content, index, thought(item, true), tell), text, tell);
    }
    const sealed = proofOf(value)?.signature ?? null;
    if (sealed === null && item.summary.size + item.content.size > 0) return;
    const of: OpenedPart = { kind: 'thinking', id: item.id, sealed };
    this.#close(this.#open(new Map(), 0, of, tell), tell);
  }
}

function isCall(type: string): boolean {
  return type === 'function_call' || type === 'custom_tool_call';
}

function indexOf(index: JsonValue | undefined): number {
  return typeof index === 'number' ? index : 0;
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isJsonArray(value) ? value : [];
}

function thought({ id }: Item, isVerbatim: boolean): OpenedPart {
  const of = { kind: 'thinking', id, sealed: null } as const;
  return isVerbatim ? { ...of, verbatim: true } : of;
}

/** What a block opens; null for one without a canonical form. */
function openedBlock(block: JsonObject, item: Item): OpenedPart | null {
  const type = lenientString(block['type']) ?? '';
  if (type === 'reasoning_text') return thought(item, true);
  const kind = Object.hasOwn(MESSAGE_BLOCKS, type) ? MESSAGE_BLOCKS[type] : undefined;
  return kind === undefined ? null : { kind };
}
