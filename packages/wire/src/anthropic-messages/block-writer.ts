import type { Annotations, Signature } from '../canonical/content.ts';
import type { OpenedPart } from '../canonical/stream-event.ts';
import type { JsonObject } from '../json/value.ts';
import { DELTA_END, deltaFrame, deltaHead, startFrame, stopFrame } from './block-frames.ts';
import { MESSAGES } from './dialect-name.ts';
import {
  deltaKind,
  isCall,
  isFreeText,
  proofBlock,
  startOf,
  streamPart,
  thoughtSignature,
  wholeBlock,
  type StreamPart,
} from './stream-parts.ts';
import { FREE_TEXT } from '../canonical/tool-input.ts';

const NO_PART = -1;

/**
 * Parts that may be open side by side, written as blocks one after the other. A text or a thought that another part cuts in on goes on
 * in a further block; a tool call cannot be gone on with, so what comes beside one waits until it is closed. Texts and thoughts without
 * a word have no block.
 */
export class BlockWriter {
  readonly #parts = new Map<number, StreamPart>();
  /** What came beside the call whose block is open, in the order it came. */
  readonly #waiting = new Set<StreamPart>();
  /** The part whose block is open, and its number, to find it without a look-up. */
  #live: StreamPart | null = null;
  #liveNumber = NO_PART;
  /** What every delta of the open block begins with. */
  #head = '';
  #isFreeText = false;
  #index = 0;

  open(number: number, of: OpenedPart): string {
    const part = streamPart(number, of);
    this.#parts.set(number, part);
    if (!isCall(part)) return '';
    if (!this.#isBlocked(part)) return this.#enter(part);
    this.#waiting.add(part);
    return '';
  }

  text(number: number, text: string): string {
    if (number === this.#liveNumber) return this.#delta(text);
    const part = this.#parts.get(number);
    if (part === undefined || startOf(part) === null) return '';
    if (!this.#isBlocked(part)) return this.#enter(part) + this.#delta(text);
    part.pieces.push(text);
    this.#waiting.add(part);
    return '';
  }

  /** Proof of a part: written when its block ends. */
  sign(number: number, signature: Signature): void {
    const part = this.#parts.get(number);
    if (part !== undefined) part.signature = signature;
  }

  cite(number: number, annotations: Annotations): string {
    const part = this.#parts.get(number);
    if (part?.of.kind !== 'text' || annotations.origin !== MESSAGES) return '';
    part.annotations.push(annotations);
    return part === this.#live ? this.#citations(part) : '';
  }

  close(number: number): string {
    const part = this.#parts.get(number);
    if (part === undefined) return '';
    this.#parts.delete(number);
    part.closed = true;
    if (!this.#isBlocked(part)) return this.#finish(part) + this.#serve();
    this.#waiting.add(part);
    return '';
  }

  closeAll(): string {
    let written = '';
    for (const number of this.#parts.keys()) written += this.close(number);
    return written + this.#leave();
  }

  #isBlocked(part: StreamPart): boolean {
    const live = this.#live;
    return live !== null && live !== part && isCall(live);
  }

  #delta(text: string): string {
    const json = JSON.stringify(text);
    return this.#head + (this.#isFreeText ? JSON.stringify(json.slice(1, -1)) : json) + DELTA_END;
  }

  /** Opens a block for a part, closing the one that is open. */
  #enter(part: StreamPart): string {
    if (part === this.#live) return '';
    const block = startOf(part);
    if (block === null) return '';
    const left = this.#leave();
    this.#live = part;
    this.#liveNumber = part.number;
    this.#head = deltaHead(this.#index, deltaKind(part));
    this.#isFreeText = isFreeText(part);
    part.begun = true;
    const free = this.#isFreeText ? deltaFrame(this.#index, 'input', `{"${FREE_TEXT}":"`) : '';
    return left + startFrame(this.#index, block) + free;
  }

  #leave(): string {
    const live = this.#live;
    if (live === null) return '';
    const free = this.#isFreeText ? deltaFrame(this.#index, 'input', '"}') : '';
    const signature = thoughtSignature(live);
    const signed = signature === null ? '' : deltaFrame(this.#index, 'signature', signature);
    if (signature !== null) live.signature = null;
    this.#live = null;
    this.#liveNumber = NO_PART;
    return free + signed + stopFrame(this.#index++);
  }

  /** Writes what is still to be said of a closed part. */
  #finish(part: StreamPart): string {
    const whole = wholeBlock(part);
    if (whole !== null) return this.#whole(whole);
    const needsBlock = part.annotations.length > 0 || thoughtSignature(part) !== null;
    const entered = needsBlock ? this.#enter(part) + this.#citations(part) : '';
    const left = part === this.#live ? this.#leave() : '';
    const proof = proofBlock(part);
    return entered + left + (proof === null ? '' : this.#whole(proof));
  }

  #whole(block: JsonObject): string {
    const left = this.#leave();
    const index = this.#index++;
    return left + startFrame(index, block) + stopFrame(index);
  }

  #citations(part: StreamPart): string {
    let written = '';
    for (const { list } of part.annotations) {
      for (const citation of list) written += deltaFrame(this.#index, 'citation', citation);
    }
    part.annotations.length = 0;
    return written;
  }

  /** Lets those that wait speak, until one of them is a call that goes on. */
  #serve(): string {
    let written = '';
    for (const part of this.#waiting) {
      this.#waiting.delete(part);
      if (part.pieces.length > 0 || isCall(part)) written += this.#enter(part);
      if (part.pieces.length > 0) written += this.#delta(part.pieces.join(''));
      part.pieces.length = 0;
      if (part.closed) written += this.#finish(part);
      else if (isCall(part)) break;
    }
    return written;
  }
}
