import type { AnswerStamp } from '../canonical/codec.ts';
import type {
  ImagePart,
  Part,
  TextPart,
  ThinkingPart,
  ToolCallPart,
} from '../canonical/content.ts';
import type { Dialect } from '../canonical/dialect.ts';
import type { Drops } from '../canonical/drops.ts';
import { extrasFor } from '../canonical/part-extras.ts';
import type { CanonicalResponse, Choice } from '../canonical/response.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { RESPONSES } from './dialect.ts';
import { ownAnnotations } from './encode-content.ts';
import { ItemIds } from './item-ids.ts';
import {
  addThought,
  continuesThought,
  draftThought,
  reasoningItem,
  sealProof,
  type Proof,
  type ThoughtDraft,
} from './reasoning-item.ts';
import { imageItem } from './image-item.ts';
import { callItem, messageItem, textBlock, thoughtProof } from './output-items.ts';
import { leadOf, responseObject } from './response-object.ts';
import { encodeStop, nameStop, type FinalState } from './stop-reasons.ts';

const NO_CHOICE: Choice = { parts: [], stop: 'stop', stopDetail: null, logprobs: null };

/** A whole answer. The dialect has one answer only: others of several choices are named as `n`. */
export function encodeResponse(
  response: CanonicalResponse,
  stamp: AnswerStamp,
  drops: Drops,
): JsonObject {
  const { origin, choices, usage, extensions } = response;
  const choice = choices[0] ?? NO_CHOICE;
  if (choices.length > 1) drops.add('n');
  if (origin !== RESPONSES) drops.addMembers(extensions);
  const state = encodeStop(
    choice,
    choice.parts.some(({ kind }) => kind === 'refusal'),
  );
  nameStop(choice, origin === RESPONSES, drops);
  const own = origin === RESPONSES;
  const { id, model, createdAt } = response;
  const output = encodeOutput(choice, origin, { stampId: stamp.id, state, drops });
  const lead = leadOf({ id: own ? id : null, model, createdAt }, state, { stamp, usage, output });
  const answer = responseObject(lead, stamp);
  return own ? { ...answer, ...extensions } : answer;
}

interface OutputPlace {
  readonly stampId: string;
  readonly state: FinalState;
  readonly drops: Drops;
}

function encodeOutput(choice: Choice, origin: Dialect, place: OutputPlace): readonly JsonValue[] {
  const logprobs = ownLogprobs(choice, origin, place.drops);
  const writer = new OutputWriter(origin, place, logprobs);
  for (const part of choice.parts) writer.part(part);
  return writer.finished();
}

/** OpenAI's two dialects write logprobs alike. */
function ownLogprobs(
  { logprobs }: Choice,
  origin: Dialect,
  drops: Drops,
): readonly JsonValue[] | null {
  if (logprobs === null) return null;
  const isOurs = origin === RESPONSES || origin === 'openai-chat';
  if (isOurs && isJsonArray(logprobs)) return logprobs;
  drops.add('logprobs');
  return null;
}

/** Puts items together in the order of the parts: neighbouring texts are one message, neighbouring thoughts of one id one item. */
class OutputWriter {
  readonly #items: JsonObject[] = [];
  readonly #ids: ItemIds;
  readonly #origin: Dialect;
  readonly #place: OutputPlace;
  /** Of all texts together; they go with the first one. */
  #logprobs: readonly JsonValue[] | null;
  #message: JsonValue[] = [];
  #thought: ThoughtDraft | null = null;

  constructor(origin: Dialect, place: OutputPlace, logprobs: readonly JsonValue[] | null) {
    this.#origin = origin;
    this.#place = place;
    this.#logprobs = logprobs;
    this.#ids = new ItemIds(place.stampId);
  }

  part(part: Part): void {
    switch (part.kind) {
      case 'text':
        this.#text(part);
        break;
      case 'refusal':
        this.#block({ type: 'refusal', refusal: part.text });
        break;
      case 'thinking':
        this.#think(part);
        break;
      case 'tool_call':
        this.#call(part);
        break;
      case 'foreign':
        this.#foreign(part);
        break;
      case 'image':
        this.#image(part);
        break;
      default:
        this.#place.drops.add(part.kind);
    }
  }

  /** All items; of an incomplete answer the last one is incomplete. */
  finished(): readonly JsonObject[] {
    this.#flush();
    // Without a text there is nothing that they could be told with.
    this.#place.drops.addIf(this.#logprobs, 'logprobs');
    const last = this.#items.at(-1);
    if (this.#place.state.incomplete !== null && last?.['status'] === 'completed') {
      this.#items[this.#items.length - 1] = { ...last, status: 'incomplete' };
    }
    return this.#items;
  }

  #text(part: TextPart): void {
    const annotations = part.annotations === null ? [] : ownAnnotations(part.annotations);
    if (annotations === null) this.#place.drops.add('citations');
    this.#block(textBlock(part.text, annotations ?? [], this.#logprobs ?? []));
    this.#logprobs = null;
    if (part.signature !== null) this.#prove({ of: 'text', signature: part.signature });
  }

  #block(block: JsonValue): void {
    this.#flushThought();
    this.#message.push(block);
  }

  #think(part: ThinkingPart): void {
    this.#flushMessage();
    if (this.#thought === null || !continuesThought(this.#thought, part)) {
      this.#flushThought();
      this.#thought = draftThought(part.id);
    }
    addThought(this.#thought, part, thoughtProof(part));
  }

  #call(part: ToolCallPart): void {
    this.#flush();
    const id = this.#ids.next(part.custom ? 'ctc' : 'fc', this.#items.length);
    this.#items.push(callItem(part, id, part.arguments, 'completed'));
    const { signature } = part;
    if (signature !== null) this.#prove({ of: 'call', callId: part.id, signature });
  }

  /** An item of its own behind the part it proves: the dialect has no other place. */
  #prove(proof: Proof): void {
    if (proof.signature.origin === RESPONSES) return;
    this.#flush();
    const draft = { ...draftThought(null), proof: sealProof(proof) };
    this.#items.push(reasoningItem(draft, this.#ids.next('rs', this.#items.length)));
  }

  #foreign(part: Extract<Part, { kind: 'foreign' }>): void {
    const { origin, value } = part;
    if (origin !== RESPONSES || this.#origin !== RESPONSES) this.#place.drops.addForeign(part);
    else if (isJsonArray(value)) this.#block(value[0] ?? null);
    else if (isJsonObject(value)) {
      this.#flush();
      this.#items.push(this.#ids.named(value, this.#items.length));
    }
  }

  #image(part: ImagePart): void {
    this.#flush();
    const item = imageItem(part, this.#ids.next('ig', this.#items.length));
    if (item === null) this.#place.drops.add('image');
    else this.#items.push(item);
    extrasFor(part.extras, RESPONSES, this.#place.drops);
  }

  #flush(): void {
    this.#flushMessage();
    this.#flushThought();
  }

  #flushThought(): void {
    const draft = this.#thought;
    if (draft === null) return;
    this.#thought = null;
    this.#items.push(reasoningItem(draft, this.#ids.own(draft.id, 'rs', this.#items.length)));
  }

  #flushMessage(): void {
    if (this.#message.length === 0) return;
    const id = this.#ids.next('msg', this.#items.length);
    this.#items.push(messageItem(id, 'completed', this.#message));
    this.#message = [];
  }
}
