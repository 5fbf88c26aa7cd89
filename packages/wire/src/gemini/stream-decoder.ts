/**
 * A streamed answer: each event is a GenerateContentResponse with the next parts. Texts grow over events, calls and media come whole.
 * Source: https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent.
 */
import type { StreamDecoder } from '../canonical/codec.ts';
import type { Part } from '../canonical/content.ts';
import { lenientString, newNamesIn } from '../canonical/read-member.ts';
import type { OpenedPart, StreamEvent } from '../canonical/stream-event.ts';
import { saysNothing } from '../canonical/usual-values.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { CallLedger } from './call-ledger.ts';
import { decodeAnsweredPart } from './decode-content.ts';
import {
  ANNOTATIONS,
  annotationsIn,
  blockReasonOf,
  KNOWN,
  KNOWN_OF_CANDIDATE,
  KNOWN_USAGE,
  secondsOf,
  withoutEmptyText,
} from './decode-response.ts';
import { decodeStop } from './stop-reasons.ts';
import { decodeUsage } from './usage-shape.ts';

/** More alternatives than any model gives; an index beyond is read as the first. */
const MAX_CHOICES = 128;

const OF_CANDIDATE: ReadonlySet<string> = new Set([...KNOWN_OF_CANDIDATE, ...ANNOTATIONS]);

type Tell = (event: StreamEvent) => void;

/**
 * Stops are told at the end: the first models said `STOP` with every event, and usage comes with the last. Without one the stream was cut.
 */
export class GeminiStreamDecoder implements StreamDecoder {
  readonly #seed: string;
  readonly #choices = new Map<number, ChoiceReader>();
  #started = false;
  #failed = false;
  #blocked: string | null = null;
  #usage: JsonValue | undefined;
  /** What has been named of it that has no place elsewhere. */
  readonly #others = new Set<string>();

  constructor(seed: string) {
    this.#seed = seed;
  }

  push(_name: string, data: string, tell: Tell): boolean {
    const body = parsed(data);
    if (body === null) return false;
    if (isJsonObject(body['error'])) {
      this.#failed = true;
      tell({ kind: 'error', data });
      return true;
    }
    if (!this.#started) this.#start(body, tell);
    if (body['usageMetadata'] !== undefined) this.#usage = body['usageMetadata'];
    this.#blocked ??= body['promptFeedback'] === undefined ? null : blockReasonOf(body);
    const names = newNamesIn(body, KNOWN, this.#others);
    if (names !== null) tell({ kind: 'others', names });
    const candidates = body['candidates'];
    if (!isJsonArray(candidates) || candidates.length === 0) {
      tell({ kind: 'alive' });
      return true;
    }
    for (const candidate of candidates) {
      if (isJsonObject(candidate)) this.#choice(candidate['index']).read(candidate, tell);
    }
    return true;
  }

  end(tell: Tell): boolean {
    if (this.#failed || !this.#started) return false;
    const choices = [...this.#choices.values()];
    const blocked = choices.length === 0 && this.#blocked !== null;
    const whole = blocked || (choices.length > 0 && choices.every((choice) => choice.isFinished));
    const usage = decodeUsage(this.#usage);
    if (whole) {
      for (const choice of choices) choice.finish(tell);
      const reason = 'content_filter';
      if (blocked) tell({ kind: 'stop', choice: 0, reason, detail: this.#blocked });
    }
    if (usage !== null) tell({ kind: 'usage', usage });
    const rest = isJsonObject(this.#usage) ? newNamesIn(this.#usage, KNOWN_USAGE, new Set()) : null;
    if (rest !== null) tell({ kind: 'others', names: ['usageMetadata'] });
    if (whole) tell({ kind: 'end' });
    return whole;
  }

  #start(body: JsonObject, tell: Tell): void {
    this.#started = true;
    tell({
      kind: 'start',
      id: lenientString(body['responseId']),
      model: lenientString(body['modelVersion']),
      createdAt: secondsOf(body['createTime']),
    });
  }

  #choice(index: JsonValue | undefined): ChoiceReader {
    const fits = typeof index === 'number' && Number.isInteger(index) && index >= 0;
    const number = fits && index < MAX_CHOICES ? index : 0;
    let choice = this.#choices.get(number);
    if (choice === undefined) {
      choice = new ChoiceReader(number, `${this.#seed}_${number}`, this.#others);
      this.#choices.set(number, choice);
    }
    return choice;
  }
}

/** An event's object; an error alone in an array, as Google sends it where no SSE was asked for, counts as its object. */
function parsed(data: string): JsonObject | null {
  try {
    const value: JsonValue = JSON.parse(data);
    if (isJsonObject(value)) return value;
    const only = isJsonArray(value) && value.length === 1 ? value[0] : undefined;
    return only !== undefined && isJsonObject(only) ? only : null;
  } catch {
    return null;
  }
}

class ChoiceReader {
  readonly #choice: number;
  readonly #calls: CallLedger;
  readonly #others: Set<string>;
  /** What the last part is while more of it may come. */
  #open: 'text' | 'thinking' | null = null;
  #part = -1;
  #called = false;
  #finishReason: string | null = null;

  constructor(choice: number, seed: string, others: Set<string>) {
    this.#choice = choice;
    this.#others = others;
    this.#calls = new CallLedger(seed);
  }

  get isFinished(): boolean {
    return this.#finishReason !== null;
  }

  read(candidate: JsonObject, tell: Tell): void {
    const content = candidate['content'];
    const parts = isJsonObject(content) ? content['parts'] : undefined;
    if (isJsonArray(parts)) {
      for (const part of parts) if (isJsonObject(part)) this.#readPart(part, tell);
    }
    if (typeof candidate['finishReason'] === 'string') {
      this.#finishReason = candidate['finishReason'];
    }
    const told = this.#open === 'text';
    if (told) this.#readBeside(candidate, tell);
    this.#nameOthers(candidate, told ? OF_CANDIDATE : KNOWN_OF_CANDIDATE, tell);
    if (!told && (candidate['logprobsResult'] ?? null) !== null) this.#name('logprobs', tell);
  }

  /** As in a whole answer, what a candidate has more is one name. */
  #nameOthers(candidate: JsonObject, known: ReadonlySet<string>, tell: Tell): void {
    if (this.#others.has('candidates')) return;
    for (const member in candidate) {
      if (!known.has(member) && !saysNothing(member, candidate[member])) {
        this.#name('candidates', tell);
        return;
      }
    }
  }

  #name(name: string, tell: Tell): void {
    if (this.#others.has(name)) return;
    this.#others.add(name);
    tell({ kind: 'others', names: [name] });
  }

  finish(tell: Tell): void {
    this.#close(tell);
    const { reason, detail } = decodeStop(this.#finishReason ?? 'STOP', this.#called);
    tell({ kind: 'stop', choice: this.#choice, reason, detail });
  }

  #readPart(part: JsonObject, tell: Tell): void {
    const text = part['text'];
    const signature = part['thoughtSignature'];
    if (typeof text !== 'string' || part['functionCall'] !== undefined) {
      this.#readWhole(part, tell);
      return;
    }
    const kind = part['thought'] === true ? 'thinking' : 'text';
    if (text !== '') {
      if (this.#open !== kind) this.#grow(kind, tell);
      tell({ kind: 'text', choice: this.#choice, part: this.#part, text });
    }
    if (typeof signature === 'string') this.#sign(text, kind, signature, tell);
  }

  /** A signature ends its part; one without a text is a thought of its own, unless it belongs to the thought before it. */
  #sign(text: string, kind: 'text' | 'thinking', value: string, tell: Tell): void {
    const alone = text === '' && !(kind === 'thinking' && this.#open === 'thinking');
    if (alone) this.#grow('thinking', tell);
    const signature = { origin: 'gemini', value } as const;
    tell({ kind: 'signature', choice: this.#choice, part: this.#part, signature });
    this.#close(tell);
  }

  #grow(kind: 'text' | 'thinking', tell: Tell): void {
    this.#begin(kind === 'text' ? { kind } : { kind, id: null, sealed: null }, tell);
    this.#open = kind;
  }

  #readWhole(raw: JsonObject, tell: Tell): void {
    const part = withoutEmptyText(decodeAnsweredPart(raw, this.#calls));
    if (part === null) return;
    if (part.kind === 'thinking') {
      this.#sign('', 'text', part.signature?.value ?? '', tell);
      return;
    }
    this.#begin(openedPart(part, raw), tell);
    const place = { choice: this.#choice, part: this.#part };
    if (part.kind === 'tool_call') {
      this.#called = true;
      tell({ kind: 'text', ...place, text: part.arguments });
      if (part.signature !== null) {
        tell({ kind: 'signature', ...place, signature: part.signature });
      }
    }
    tell({ kind: 'close', ...place });
  }

  #readBeside(candidate: JsonObject, tell: Tell): void {
    const place = { choice: this.#choice, part: this.#part };
    const list = annotationsIn(candidate);
    if (list.length > 0) {
      tell({ kind: 'annotations', ...place, annotations: { origin: 'gemini', list } });
    }
    const logprobs = candidate['logprobsResult'];
    if (logprobs !== undefined && logprobs !== null) tell({ kind: 'logprobs', ...place, logprobs });
  }

  #begin(of: OpenedPart, tell: Tell): void {
    this.#close(tell);
    this.#part += 1;
    tell({ kind: 'open', choice: this.#choice, part: this.#part, of });
  }

  #close(tell: Tell): void {
    if (this.#open === null) return;
    this.#open = null;
    tell({ kind: 'close', choice: this.#choice, part: this.#part });
  }
}

/** Documents and video have no beginning of their own in a stream: they are Gemini's matter. */
function openedPart(part: Exclude<Part, { kind: 'thinking' }>, raw: JsonObject): OpenedPart {
  switch (part.kind) {
    case 'tool_call':
      return { kind: 'tool_call', id: part.id, name: part.name, custom: false };
    case 'image':
    case 'audio':
    case 'foreign':
      return part;
    default:
      return { kind: 'foreign', origin: 'gemini', name: part.kind, value: raw };
  }
}
