import type { AnswerStamp, StreamEncoder } from '../canonical/codec.ts';
import type { ForeignPart, ImagePart, Signature } from '../canonical/content.ts';
import { Drops } from '../canonical/drops.ts';
import { extrasFor } from '../canonical/part-extras.ts';
import type { CanonicalUsage } from '../canonical/response.ts';
import type { OpenedPart, StreamEvent } from '../canonical/stream-event.ts';
import { isJsonArray, isJsonObject, type JsonObject } from '../json/value.ts';
import { RESPONSES } from './dialect.ts';
import { ownAnnotations } from './encode-content.ts';
import { imageItem } from './image-item.ts';
import { thoughtProof } from './output-items.ts';
import { EventWriter } from './event-writer.ts';
import { ItemIds } from './item-ids.ts';
import { OpenItem, type ItemShape } from './open-item.ts';
import type { OpenPart, TextKindName } from './open-part.ts';
import { continuesThought, sealProof, type Proof } from './reasoning-item.ts';
import { echoOf, leadOf, type Identity } from './response-object.ts';
import { encodeStop, nameStop, type FinalState } from './stop-reasons.ts';

type Of<K extends StreamEvent['kind']> = Extract<StreamEvent, { kind: K }>;
type OfChoice = Exclude<Extract<StreamEvent, { choice: number }>, { kind: 'text' }>;

const COMPLETED: FinalState = { status: 'completed', incomplete: null };
const IN_PROGRESS: FinalState = { status: 'in_progress', incomplete: null };

/** A canonical part on its way into an item. */
interface Slot {
  readonly item: OpenItem;
  readonly of: OpenedPart;
  /** Null as long as a thought has no text: a proof alone makes no summary. */
  text: { readonly part: OpenPart; readonly keep: (json: string) => void } | null;
  signature: Signature | null;
  isOpen: boolean;
}

/**
 * Writes the events of a streamed response, items in the order their first part opens. The latest item stays undone until another one
 * begins or the model stops: a neighbouring text goes into the same message, and only the end tells whether it is incomplete. Of an
 * `error` nothing is written: `renderStreamError` says it.
 */
export function streamEncoder(stamp: AnswerStamp): StreamEncoder {
  return new ResponsesStreamEncoder(stamp);
}

const NOBODY: Identity = { id: null, model: null, createdAt: null };

class ResponsesStreamEncoder implements StreamEncoder {
  readonly #stamp: AnswerStamp;
  readonly #writer = new EventWriter();
  readonly #drops = new Drops();
  readonly #ids: ItemIds;
  readonly #echo: string;
  readonly #items: (OpenItem | string)[] = [];
  readonly #slots: (Slot | null)[] = [];
  #identity: Identity | null = null;
  #latest: OpenItem | null = null;
  #state: FinalState = COMPLETED;
  #refused = false;
  #usage: CanonicalUsage | null = null;
  #isOver = false;

  constructor(stamp: AnswerStamp) {
    this.#stamp = stamp;
    this.#ids = new ItemIds(stamp.id);
    this.#echo = JSON.stringify(echoOf(stamp)).slice(1, -1);
  }

  get dropped(): readonly string[] {
    return this.#drops.names;
  }

  encode(event: StreamEvent): string {
    if (this.#isOver) return '';
    if (event.kind === 'text') return this.#text(event);
    if ('choice' in event) return event.choice === 0 ? this.#ofChoice(event) : this.#drop('n');
    switch (event.kind) {
      case 'start':
        return this.#begin(event);
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'others':
        this.#drops.addAll(event.names);
        return '';
      case 'end':
        return this.#begin(null) + this.#end();
      case 'error':
        this.#isOver = true;
        return '';
      default:
        return '';
    }
  }

  /** The dialect has one choice only; others are passed over. */
  #ofChoice(event: OfChoice): string {
    switch (event.kind) {
      case 'open':
        return this.#begin(null) + this.#open(event.part, event.of);
      case 'close':
        return this.#close(this.#slots[event.part] ?? null);
      case 'stop':
        return this.#begin(null) + this.#stop(event);
      default:
        return this.#attach(event);
    }
  }

  #begin(start: Of<'start'> | null): string {
    if (this.#identity !== null) return '';
    const { id, model, createdAt } = start ?? { id: null, model: null, createdAt: null };
    // An id of this dialect begins so; that of another provider is none that a caller could ask for.
    const ownId = id?.startsWith('resp_') === true ? id : null;
    this.#identity = { id: ownId, model, createdAt };
    const response = `"response":${this.#response(IN_PROGRESS)}`;
    return (
      this.#writer.event('response.created', response) +
      this.#writer.event('response.in_progress', response)
    );
  }

  #response(state: FinalState): string {
    const identity = this.#identity ?? NOBODY;
    const lead = JSON.stringify(
      leadOf(identity, state, { stamp: this.#stamp, usage: this.#usage }),
    );
    const output = this.#items.map((item) => (typeof item === 'string' ? item : item.json));
    return `${lead.slice(0, -1)},"output":[${output.join(',')}],${this.#echo}}`;
  }

  #open(part: number, of: OpenedPart): string {
    switch (of.kind) {
      case 'text':
      case 'refusal': {
        if (of.kind === 'refusal') this.#refused = true;
        const { item, events } = this.#itemFor({ kind: 'message' });
        return events + this.#openText(part, item, of, of.kind);
      }
      case 'thinking': {
        const { item, events } = this.#itemFor({ kind: 'reasoning', thoughtId: of.id });
        this.#slots[part] = { item, of, text: null, signature: null, isOpen: true };
        item.openParts++;
        return events;
      }
      case 'tool_call': {
        const { id: callId, name, custom } = of;
        const { item, events } = this.#itemFor({ kind: 'call', callId, name, custom });
        return events + this.#openText(part, item, of, custom ? 'input' : 'arguments');
      }
      case 'foreign':
        return this.#foreign(of);
      case 'image':
        return this.#image(of);
      default:
        return this.#drop(of.kind);
    }
  }

  #drop(name: string): string {
    this.#drops.add(name);
    return '';
  }

  #openText(index: number, item: OpenItem, of: OpenedPart, kind: TextKindName): string {
    const text = item.addPart(kind);
    this.#slots[index] = { item, of, text, signature: null, isOpen: true };
    item.openParts++;
    return text.part.begin(this.#writer);
  }

  /** The item a new part goes into: the latest one, where the part continues it, else one of its own. */
  #itemFor(shape: ItemShape): { readonly item: OpenItem; readonly events: string } {
    const latest = this.#latest;
    if (latest !== null && latest.json === null && continuesItem(latest, shape)) {
      return { item: latest, events: '' };
    }
    const events = this.#leave();
    const item = new OpenItem(shape, this.#idFor(shape), this.#items.length);
    this.#items.push(item);
    this.#latest = item;
    return { item, events: events + item.begin(this.#writer) };
  }

  #idFor(shape: ItemShape): string {
    const index = this.#items.length;
    if (shape.kind === 'message') return this.#ids.next('msg', index);
    if (shape.kind === 'reasoning') return this.#ids.own(shape.thoughtId, 'rs', index);
    return this.#ids.next(shape.custom ? 'ctc' : 'fc', index);
  }

  /** The latest item is so no longer; it is done where none of its parts is open. */
  #leave(): string {
    const latest = this.#latest;
    this.#latest = null;
    return latest === null || latest.openParts > 0 ? '' : this.#finish(latest, 'completed');
  }

  #finish(item: OpenItem, status: string): string {
    return item.json === null ? item.finish(this.#writer, status) : '';
  }

  #text({ choice, part, text }: Of<'text'>): string {
    const slot = this.#slots[part];
    if (choice !== 0 || slot?.isOpen !== true || text === '') return '';
    if (slot.text !== null) return slot.text.part.delta(this.#writer, text);
    const isVerbatim = slot.of.kind === 'thinking' && slot.of.verbatim === true;
    slot.text = slot.item.addPart(isVerbatim ? 'verbatim' : 'summary');
    return slot.text.part.begin(this.#writer) + slot.text.part.delta(this.#writer, text);
  }

  #attach(event: Of<'signature' | 'annotations' | 'logprobs'>): string {
    const slot = this.#slots[event.part];
    if (event.kind === 'signature') {
      if (slot?.isOpen === true) slot.signature = event.signature;
      return '';
    }
    const part = slot?.isOpen === true && slot.of.kind === 'text' ? slot.text?.part : undefined;
    if (event.kind === 'annotations') {
      const list = ownAnnotations(event.annotations);
      if (part === undefined || list === null) return this.#drop('citations');
      return part.addAnnotations(this.#writer, list);
    }
    if (part === undefined || !isJsonArray(event.logprobs)) return this.#drop('logprobs');
    return part.addLogprobs(this.#writer, event.logprobs);
  }

  #close(slot: Slot | null): string {
    if (slot?.isOpen !== true) return '';
    slot.isOpen = false;
    const { item, of, signature } = slot;
    item.openParts--;
    let events = '';
    if (slot.text !== null) {
      const ending = slot.text.part.finish(this.#writer);
      slot.text.keep(ending.json);
      events = ending.events;
    }
    if (of.kind === 'thinking') item.proof ??= thoughtProof({ sealed: of.sealed, signature });
    if (item !== this.#latest && item.openParts === 0) events += this.#finish(item, 'completed');
    if (signature === null || of.kind === 'thinking') return events;
    return events + this.#prove(proofFor(of, signature));
  }

  /** A reasoning item without words behind the part that it proves. */
  #prove(proof: Proof): string {
    if (proof.signature.origin === RESPONSES) return '';
    const events = this.#leave();
    const index = this.#items.length;
    const shape: ItemShape = { kind: 'reasoning', thoughtId: null };
    const item = new OpenItem(shape, this.#ids.next('rs', index), index);
    this.#items.push(item);
    const begun = item.begin(this.#writer);
    item.proof = sealProof(proof);
    return events + begun + this.#finish(item, 'completed');
  }

  #foreign({ origin, name, value }: ForeignPart): string {
    if (origin !== RESPONSES) return this.#drop(name);
    if (isJsonArray(value)) {
      const { item, events } = this.#itemFor({ kind: 'message' });
      return events + item.addBlock(JSON.stringify(value[0] ?? null), this.#writer);
    }
    return isJsonObject(value) ? this.#whole((index) => this.#ids.named(value, index)) : '';
  }

  #image(part: ImagePart): string {
    extrasFor(part.extras, RESPONSES, this.#drops);
    return part.source.kind === 'base64'
      ? this.#whole((index) => imageItem(part, this.#ids.next('ig', index)) ?? {})
      : this.#drop('image');
  }

  /** An item that comes whole. */
  #whole(itemAt: (index: number) => JsonObject): string {
    const events = this.#leave();
    const index = this.#items.length;
    const json = JSON.stringify(itemAt(index));
    this.#items.push(json);
    const members = `"output_index":${index},"item":${json}`;
    return (
      events +
      this.#writer.event('response.output_item.added', members) +
      this.#writer.event('response.output_item.done', members)
    );
  }

  #stop({ reason, detail }: Of<'stop'>): string {
    const state = encodeStop({ stop: reason, stopDetail: detail }, this.#refused);
    nameStop({ stop: reason, stopDetail: detail }, state.status !== 'completed', this.#drops);
    this.#state = state.incomplete === null ? COMPLETED : state;
    return this.#finishAll();
  }

  /** Ends what is open; of an incomplete answer the last item is incomplete. */
  #finishAll(): string {
    let events = '';
    for (const slot of this.#slots) events += this.#close(slot ?? null);
    const last = this.#items.at(-1);
    for (const item of this.#items) {
      if (typeof item === 'string') continue;
      events += this.#finish(item, item === last ? this.#state.status : 'completed');
    }
    this.#latest = null;
    return events;
  }

  #end(): string {
    const events = this.#finishAll();
    this.#isOver = true;
    const response = `"response":${this.#response(this.#state)}`;
    return events + this.#writer.event(`response.${this.#state.status}`, response);
  }
}

function continuesItem(item: OpenItem, shape: ItemShape): boolean {
  if (item.shape.kind === 'message') return shape.kind === 'message';
  return (
    item.shape.kind === 'reasoning' &&
    shape.kind === 'reasoning' &&
    continuesThought({ id: item.shape.thoughtId, proof: item.proof }, { id: shape.thoughtId })
  );
}

function proofFor(of: OpenedPart, signature: Signature): Proof {
  return of.kind === 'tool_call'
    ? { of: 'call', callId: of.id, signature }
    : { of: 'text', signature };
}
