import type { Signature } from '../canonical/content.ts';
import { lenientString, newNamesIn } from '../canonical/read-member.ts';
import type { OpenedPart, StreamEvent } from '../canonical/stream-event.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import {
  annotationsOf,
  audioAnswer,
  CHOICE,
  imageOf,
  listOf,
  MESSAGE,
  readBlock,
} from './decode-response.ts';
import { readDetail, type ReasoningDetail } from './reasoning-details.ts';
import { decodeStop } from './stop-reasons.ts';
import { StreamCalls } from './stream-calls.ts';
import { thoughtSignature } from './tool-call-shape.ts';

const CHUNKED: ReadonlySet<string> = new Set([...CHOICE, 'delta']);

export type Tell = (event: StreamEvent) => void;

/** Texts, thoughts and refusals come one after the other; which of them is being told. */
type Speech = 'text' | 'thinking' | 'refusal';

/**
 * One choice of a streamed answer. Speech closes when something else begins; calls stay open until the end, as a host may go on with any
 * of them.
 */
export class StreamChoice {
  readonly #index: number;
  readonly #calls: StreamCalls;
  #parts = 0;
  #speech: Speech | null = null;
  #speechPart = 0;
  /** `index` of the entry of `reasoning_details` that is being told. */
  #detail: number | null = null;
  #refused = false;
  #stopped = false;
  readonly #others = new Set<string>();

  constructor(index: number, seed: string) {
    this.#index = index;
    this.#calls = new StreamCalls(`${seed}_${index}`);
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** One element of a chunk's `choices`. What comes after the stop says nothing any more. */
  read(choice: JsonObject, tell: Tell): void {
    if (this.#stopped) return;
    const delta = choice['delta'];
    if (isJsonObject(delta)) {
      this.#readDelta(delta, tell);
      this.#nameOthers(newNamesIn(delta, MESSAGE, this.#others, 'message.'), tell);
    }
    this.#nameOthers(newNamesIn(choice, CHUNKED, this.#others, 'choice.'), tell);
    const logprobs = choice['logprobs'];
    if (isJsonObject(logprobs)) this.#readLogprobs(logprobs, tell);
    const said = choice['finish_reason'];
    if (typeof said === 'string' && said !== '') this.stop(said, tell);
  }

  #nameOthers(names: readonly string[] | null, tell: Tell): void {
    if (names !== null) tell({ kind: 'others', names });
  }

  /** Closes what is open; `said` is null where the host never gave a reason. */
  stop(said: string | null, tell: Tell): void {
    this.#hush(tell);
    for (const part of this.#calls.openParts()) {
      tell({ kind: 'close', choice: this.#index, part });
    }
    const holds = { calls: this.#calls.any, refusal: this.#refused };
    tell({ kind: 'stop', choice: this.#index, ...decodeStop(said, holds) });
    this.#stopped = true;
  }

  #readDelta(delta: JsonObject, tell: Tell): void {
    const details = delta['reasoning_details'];
    if (details !== undefined || 'reasoning_content' in delta || 'reasoning' in delta) {
      this.#readThoughts(delta, tell);
    }
    const content = delta['content'];
    if (typeof content === 'string') this.#say('text', content, tell);
    else if (content !== null && content !== undefined) this.#readBlocks(content, tell);
    if (typeof delta['refusal'] === 'string') {
      this.#say('refusal', delta['refusal'], tell);
    }
    const calls = delta['tool_calls'];
    if (calls !== undefined && calls !== null) this.#readCalls(listOf(calls), tell);
    this.#readRest(delta, tell);
  }

  /** What few hosts send. */
  #readRest(delta: JsonObject, tell: Tell): void {
    const legacy = delta['function_call'];
    if (isJsonObject(legacy)) {
      const { extra_content } = legacy;
      this.#readCalls([{ index: -1, function: legacy, extra_content }], tell);
    }
    if (delta['extra_content'] !== undefined) {
      const signature = thoughtSignature(delta);
      if (signature !== null) this.#sign('text', signature, tell);
    }
    if (delta['annotations'] !== undefined) {
      const annotations = annotationsOf(delta['annotations']);
      if (annotations !== null) {
        const part = this.#speaking('text', tell);
        tell({ kind: 'annotations', choice: this.#index, part, annotations });
      }
    }
    for (const image of listOf(delta['images'])) {
      const part = imageOf(image);
      if (part !== null) this.#whole(part, tell);
    }
    if (isJsonObject(delta['audio'])) this.#whole(audioAnswer(delta['audio']), tell);
  }

  /** The text stands in both members where there are details. */
  #readThoughts(delta: JsonObject, tell: Tell): void {
    let told = false;
    for (const entry of listOf(delta['reasoning_details'])) {
      const detail = readDetail(entry);
      if (detail === null) continue;
      told ||= detail.text !== '';
      this.#readThought(detail, tell);
    }
    if (told) return;
    const text = lenientString(delta['reasoning_content']) ?? lenientString(delta['reasoning']);
    if (text !== null) this.#say('thinking', text, tell);
  }

  #readThought({ text, signature, sealed, id, index }: ReasoningDetail, tell: Tell): void {
    if (sealed !== null) {
      this.#whole({ kind: 'thinking', id, sealed }, tell);
      return;
    }
    if (text === '' && signature === null) return;
    if (this.#speech === 'thinking' && this.#detail !== null && this.#detail !== index) {
      this.#hush(tell);
    }
    if (this.#speech !== 'thinking')
      this.#open('thinking', { kind: 'thinking', id, sealed: null }, tell);
    this.#detail = index;
    this.#say('thinking', text, tell);
    if (signature !== null) this.#sign('thinking', signature, tell);
  }

  /** Mistral's content lists. */
  #readBlocks(content: JsonValue, tell: Tell): void {
    for (const block of listOf(content)) {
      const part = readBlock(block);
      if (part?.kind === 'text' || part?.kind === 'thinking') this.#say(part.kind, part.text, tell);
      else if (part?.kind === 'image' || part?.kind === 'foreign') this.#whole(part, tell);
    }
  }

  #readCalls(calls: readonly JsonValue[], tell: Tell): void {
    for (const call of calls) {
      if (!isJsonObject(call)) continue;
      const step = this.#calls.step(call, this.#parts);
      if (step === null) continue;
      if (step.closes !== null) {
        tell({ kind: 'close', choice: this.#index, part: step.closes });
      }
      if (step.opens !== null) {
        this.#hush(tell);
        this.#parts++;
        tell({ kind: 'open', choice: this.#index, part: step.part, of: step.opens });
      }
      if (step.text !== '') {
        tell({ kind: 'text', choice: this.#index, part: step.part, text: step.text });
      }
      if (step.signature !== null) {
        const { part, signature } = step;
        tell({ kind: 'signature', choice: this.#index, part, signature });
      }
    }
  }

  #readLogprobs(logprobs: JsonObject, tell: Tell): void {
    if (this.#speech === null || this.#speech === 'thinking') return;
    const list = listOf(logprobs[this.#speech === 'text' ? 'content' : 'refusal']);
    if (list.length === 0) return;
    tell({ kind: 'logprobs', choice: this.#index, part: this.#speechPart, logprobs: list });
  }

  #say(speech: Speech, text: string, tell: Tell): void {
    if (text === '') return;
    const part = this.#speaking(speech, tell);
    tell({ kind: 'text', choice: this.#index, part, text });
  }

  #sign(speech: Speech, signature: Signature, tell: Tell): void {
    const part = this.#speaking(speech, tell);
    tell({ kind: 'signature', choice: this.#index, part, signature });
  }

  /** The part in which this is told; opened where it is not. */
  #speaking(speech: Speech, tell: Tell): number {
    if (this.#speech !== speech) {
      const of: OpenedPart =
        speech === 'thinking' ? { kind: speech, id: null, sealed: null } : { kind: speech };
      this.#open(speech, of, tell);
    }
    return this.#speechPart;
  }

  #open(speech: Speech, of: OpenedPart, tell: Tell): void {
    this.#hush(tell);
    this.#speech = speech;
    this.#speechPart = this.#parts++;
    this.#refused ||= speech === 'refusal';
    tell({ kind: 'open', choice: this.#index, part: this.#speechPart, of });
  }

  #hush(tell: Tell): void {
    if (this.#speech === null) return;
    tell({ kind: 'close', choice: this.#index, part: this.#speechPart });
    this.#speech = null;
    this.#detail = null;
  }

  /** A part that comes at once. */
  #whole(of: OpenedPart, tell: Tell): void {
    this.#hush(tell);
    const part = this.#parts++;
    tell({ kind: 'open', choice: this.#index, part, of });
    tell({ kind: 'close', choice: this.#index, part });
  }
}
