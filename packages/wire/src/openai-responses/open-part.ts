/** One text of a streamed item while it grows: the events that begin it, carry it and end it. */
import type { JsonValue } from '../json/value.ts';
import { deltaTemplate, type DeltaTemplate, type EventWriter } from './event-writer.ts';

/** How a kind of text is told: its events' names, its index' name, and the block it becomes (null for arguments, which are no block). */
interface TextKind {
  readonly prefix: string;
  readonly index: 'content_index' | 'summary_index' | null;
  readonly added: string | null;
  readonly done: string | null;
  /** Name of the text in its `done` event. */
  readonly member: string;
  readonly block: ((text: string, part: OpenPart) => string) | null;
}

const CONTENT = {
  index: 'content_index',
  added: 'response.content_part.added',
  done: 'response.content_part.done',
} as const;
const BARE = { index: null, added: null, done: null, block: null } as const;

export const TEXT_KINDS = {
  text: {
    ...CONTENT,
    prefix: 'response.output_text',
    member: 'text',
    block: (text, { annotations, logprobs }) =>
      `{"type":"output_text","text":${text},"annotations":${JSON.stringify(annotations)},"logprobs":${JSON.stringify(logprobs)}}`,
  },
  refusal: {
    ...CONTENT,
    prefix: 'response.refusal',
    member: 'refusal',
    block: (text) => `{"type":"refusal","refusal":${text}}`,
  },
  verbatim: {
    ...CONTENT,
    prefix: 'response.reasoning_text',
    member: 'text',
    block: (text) => `{"type":"reasoning_text","text":${text}}`,
  },
  summary: {
    prefix: 'response.reasoning_summary_text',
    index: 'summary_index',
    added: 'response.reasoning_summary_part.added',
    done: 'response.reasoning_summary_part.done',
    member: 'text',
    block: (text) => `{"type":"summary_text","text":${text}}`,
  },
  arguments: { ...BARE, prefix: 'response.function_call_arguments', member: 'arguments' },
  input: { ...BARE, prefix: 'response.custom_tool_call_input', member: 'input' },
} as const satisfies Record<string, TextKind>;
export type TextKindName = keyof typeof TEXT_KINDS;

export class OpenPart {
  readonly annotations: JsonValue[] = [];
  readonly logprobs: JsonValue[] = [];
  readonly #kind: TextKind;
  readonly #place: string;
  readonly #template: DeltaTemplate;
  readonly #isText: boolean;
  #text = '';

  /** `place` is JSON text of `item_id` and `output_index`. */
  constructor(kind: TextKindName, place: string, index: number) {
    this.#kind = TEXT_KINDS[kind];
    this.#isText = kind === 'text';
    this.#place = this.#kind.index === null ? place : `${place},"${this.#kind.index}":${index}`;
    const end = this.#isText ? ',"logprobs":[]' : '';
    this.#template = deltaTemplate(`${this.#kind.prefix}.delta`, this.#place, end);
  }

  begin(writer: EventWriter): string {
    const { added, block } = this.#kind;
    if (added === null || block === null) return '';
    return writer.event(added, `${this.#place},"part":${block('""', this)}`);
  }

  delta(writer: EventWriter, text: string): string {
    this.#text += text;
    return writer.delta(this.#template, text);
  }

  /** Logprobs come with an empty delta, as the text they belong to was told before. */
  addLogprobs(writer: EventWriter, list: readonly JsonValue[]): string {
    for (const entry of list) this.logprobs.push(entry);
    const members = `${this.#place},"delta":"","logprobs":${JSON.stringify(list)}`;
    return writer.event(`${this.#kind.prefix}.delta`, members);
  }

  addAnnotations(writer: EventWriter, list: readonly JsonValue[]): string {
    let events = '';
    for (const annotation of list) {
      const index = this.annotations.push(annotation) - 1;
      const members = `${this.#place},"annotation_index":${index},"annotation":${JSON.stringify(annotation)}`;
      events += writer.event('response.output_text.annotation.added', members);
    }
    return events;
  }

  /** The ending events, and the text as JSON: the block it became, or the bare string of arguments. */
  finish(writer: EventWriter): { readonly events: string; readonly json: string } {
    const { prefix, member, done, block } = this.#kind;
    const text = JSON.stringify(this.#text);
    const logprobs = this.#isText ? `,"logprobs":${JSON.stringify(this.logprobs)}` : '';
    const events = writer.event(`${prefix}.done`, `${this.#place},"${member}":${text}${logprobs}`);
    if (done === null || block === null) return { events, json: text };
    const json = block(text, this);
    return { events: events + writer.event(done, `${this.#place},"part":${json}`), json };
  }
}
