/** Streams and whole answers turned into each other, for the tests of every codec; the order of events is checked on the way. */
import { isJsonArray, type JsonValue } from '../json/value.ts';
import type { Annotations, Part, Signature } from './content.ts';
import type { Dialect } from './dialect.ts';
import type { CanonicalResponse, CanonicalUsage, Choice, StopReason } from './response.ts';
import type { OpenedPart, StreamEvent } from './stream-event.ts';

interface GrowingPart {
  readonly of: OpenedPart;
  text: string;
  signature: Signature | null;
  annotations: Annotations | null;
  open: boolean;
}

interface GrowingChoice {
  readonly parts: GrowingPart[];
  stop: { readonly reason: StopReason; readonly detail: string | null } | null;
  logprobs: JsonValue | null;
}

type Of<K extends StreamEvent['kind']> = Extract<StreamEvent, { kind: K }>;

/**
 * The whole answer that a stream told. Throws where the events are in no valid order, where one ends in an `error`, or where the end is
 * missing. Logprobs that are arrays are put in a row, of others the last one counts; extensions are empty, as events only name them.
 */
export function foldStream(origin: Dialect, events: Iterable<StreamEvent>): CanonicalResponse {
  const fold = new Fold(origin);
  for (const event of events) fold.take(event);
  return fold.response();
}

class Fold {
  readonly #origin: Dialect;
  readonly #choices: GrowingChoice[] = [];
  #start: Of<'start'> | null = null;
  #usage: CanonicalUsage | null = null;
  #ended = false;

  constructor(origin: Dialect) {
    this.#origin = origin;
  }

  take(event: StreamEvent): void {
    if (this.#ended) throw new Error(`"${event.kind}" comes after the end`);
    if (event.kind === 'alive' || event.kind === 'others') return;
    if (event.kind === 'start') {
      if (this.#start !== null) throw new Error('the stream starts twice');
      this.#start = event;
    } else if (event.kind === 'error') {
      throw new Error(`the stream ends in an error: ${event.data}`);
    } else {
      if (this.#start === null) throw new Error(`"${event.kind}" comes before the start`);
      if (event.kind === 'usage') this.#usage = event.usage;
      else if (event.kind === 'end') this.#end();
      else if (event.kind === 'stop') this.#stop(event);
      else if (event.kind === 'open') this.#open(event);
      else this.#add(event);
    }
  }

  response(): CanonicalResponse {
    if (!this.#ended || this.#start === null) throw new Error('the stream has no end');
    const { id, model, createdAt } = this.#start;
    const choices = this.#choices.map((choice) => finishedChoice(choice));
    const origin = this.#origin;
    return { origin, id, model, createdAt, choices, usage: this.#usage, extensions: {} };
  }

  #end(): void {
    for (const [index, { stop }] of this.#choices.entries()) {
      if (stop === null) throw new Error(`choice ${index} ends without a stop`);
    }
    this.#ended = true;
  }

  #stop({ choice: index, reason, detail }: Of<'stop'>): void {
    const choice = this.#choice(index);
    const open = choice.parts.findIndex((part) => part.open);
    if (open !== -1) throw new Error(`choice ${index} stops while part ${open} is open`);
    choice.stop = { reason, detail };
  }

  #open({ choice: index, part, of }: Of<'open'>): void {
    const { parts } = this.#choice(index);
    if (part !== parts.length) {
      throw new Error(`part ${part} opens, but ${parts.length} is next`);
    }
    parts.push({ of, text: '', signature: null, annotations: null, open: true });
  }

  #add(event: Of<'text' | 'signature' | 'annotations' | 'logprobs' | 'close'>): void {
    const choice = this.#choice(event.choice);
    const part = choice.parts[event.part];
    if (part?.open !== true) throw new Error(`"${event.kind}" for part ${event.part}: not open`);
    if (event.kind === 'text') part.text += event.text;
    else if (event.kind === 'signature') part.signature = event.signature;
    else if (event.kind === 'annotations') part.annotations = joined(part, event.annotations);
    else if (event.kind === 'logprobs') choice.logprobs = inARow(choice.logprobs, event.logprobs);
    else part.open = false;
  }

  #choice(index: number): GrowingChoice {
    for (let next = this.#choices.length; next <= index; next++) {
      this.#choices.push({ parts: [], stop: null, logprobs: null });
    }
    const choice = this.#choices[index];
    if (choice === undefined) throw new Error(`there is no choice ${index}`);
    if (choice.stop !== null) throw new Error(`choice ${index} has stopped already`);
    return choice;
  }
}

function joined(part: GrowingPart, { origin, list }: Annotations): Annotations {
  return { origin, list: [...(part.annotations?.list ?? []), ...list] };
}

function inARow(before: JsonValue | null, next: JsonValue): JsonValue {
  return before !== null && isJsonArray(before) && isJsonArray(next) ? [...before, ...next] : next;
}

function finishedChoice({ parts, stop, logprobs }: GrowingChoice): Choice {
  return {
    parts: parts.map((part) => finishedPart(part)),
    stop: stop?.reason ?? 'other',
    stopDetail: stop?.detail ?? null,
    logprobs,
  };
}

function finishedPart({ of, text, signature, annotations }: GrowingPart): Part {
  switch (of.kind) {
    case 'text':
      return { kind: 'text', text, annotations, signature, cache: null };
    case 'refusal':
      return { kind: 'refusal', text };
    case 'thinking':
      return { kind: 'thinking', text, signature, sealed: of.sealed, id: of.id };
    case 'tool_call':
      return { ...of, arguments: text, signature, cache: null };
    default:
      return of;
  }
}

/**
 * The events that tell a whole answer, its texts cut into pieces of `pieceLength` UTF-16 units (emoji are cut through). Parts that no
 * stream can open are left out.
 */
export function unfoldResponse(response: CanonicalResponse, pieceLength: number): StreamEvent[] {
  const { id, model, createdAt, choices, usage } = response;
  const events: StreamEvent[] = [{ kind: 'start', id, model, createdAt }];
  for (const [index, choice] of choices.entries()) {
    events.push(...choiceEvents(choice, index, pieceLength));
  }
  if (usage !== null) events.push({ kind: 'usage', usage });
  events.push({ kind: 'end' });
  return events;
}

function choiceEvents(choice: Choice, index: number, pieceLength: number): StreamEvent[] {
  const events: StreamEvent[] = [];
  let next = 0;
  let { logprobs } = choice;
  for (const part of choice.parts) {
    const of = openedPart(part);
    if (of === null) continue;
    const place = { choice: index, part: next++ };
    events.push({ kind: 'open', ...place, of });
    const text = textOf(part);
    for (let from = 0; from < text.length; from += pieceLength) {
      events.push({ kind: 'text', ...place, text: text.slice(from, from + pieceLength) });
    }
    if (logprobs !== null && (part.kind === 'text' || part.kind === 'refusal')) {
      events.push({ kind: 'logprobs', ...place, logprobs });
      logprobs = null;
    }
    if (part.kind === 'text' && part.annotations !== null) {
      events.push({ kind: 'annotations', ...place, annotations: part.annotations });
    }
    if ('signature' in part && part.signature !== null) {
      events.push({ kind: 'signature', ...place, signature: part.signature });
    }
    events.push({ kind: 'close', ...place });
  }
  events.push({ kind: 'stop', choice: index, reason: choice.stop, detail: choice.stopDetail });
  return events;
}

function openedPart(part: Part): OpenedPart | null {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return { kind: part.kind };
    case 'thinking':
      return { kind: 'thinking', id: part.id, sealed: part.sealed };
    case 'tool_call':
      return { kind: 'tool_call', id: part.id, name: part.name, custom: part.custom };
    case 'image':
    case 'audio':
    case 'foreign':
      return part;
    default:
      return null;
  }
}

function textOf(part: Part): string {
  if (part.kind === 'tool_call') return part.arguments;
  if (part.kind === 'text' || part.kind === 'refusal' || part.kind === 'thinking') return part.text;
  return '';
}
