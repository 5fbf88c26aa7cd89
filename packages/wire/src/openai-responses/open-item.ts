/** One output item of a streamed response, from `response.output_item.added` to `response.output_item.done`. */
import type { EventWriter } from './event-writer.ts';
import { OpenPart, type TextKindName } from './open-part.ts';

/** What an item is, beside its texts. */
export type ItemShape =
  | { readonly kind: 'message' }
  | { readonly kind: 'reasoning'; readonly thoughtId: string | null }
  | {
      readonly kind: 'call';
      readonly callId: string;
      readonly name: string;
      readonly custom: boolean;
    };

export class OpenItem {
  readonly shape: ItemShape;
  readonly id: string;
  /** JSON text that says which item an event is about. */
  readonly place: string;
  /** `encrypted_content` of a reasoning item. */
  proof: string | null = null;
  openParts = 0;
  /** The item as JSON text, once it is done. */
  json: string | null = null;
  readonly #blocks: string[] = [];
  readonly #summaries: string[] = [];
  readonly #index: number;
  #arguments = '""';

  constructor(shape: ItemShape, id: string, index: number) {
    this.shape = shape;
    this.id = id;
    this.#index = index;
    this.place = `"item_id":${JSON.stringify(id)},"output_index":${index}`;
  }

  begin(writer: EventWriter): string {
    return writer.event(
      'response.output_item.added',
      `"output_index":${this.#index},"item":${this.#render('in_progress')}`,
    );
  }

  /** The next text of the item. Its place in the item is kept for it, so that texts may end in any order. */
  addPart(kind: TextKindName): { readonly part: OpenPart; readonly keep: (json: string) => void } {
    if (kind === 'arguments' || kind === 'input') {
      const part = new OpenPart(kind, this.place, 0);
      return { part, keep: (json) => (this.#arguments = json) };
    }
    const list = kind === 'summary' ? this.#summaries : this.#blocks;
    const index = list.push('null') - 1;
    const part = new OpenPart(kind, this.place, index);
    return { part, keep: (json) => (list[index] = json) };
  }

  /** A block of a message that comes whole. */
  addBlock(json: string, writer: EventWriter): string {
    const members = `${this.place},"content_index":${this.#blocks.push(json) - 1},"part":${json}`;
    return (
      writer.event('response.content_part.added', members) +
      writer.event('response.content_part.done', members)
    );
  }

  finish(writer: EventWriter, status: string): string {
    this.json = this.#render(status);
    return writer.event(
      'response.output_item.done',
      `"output_index":${this.#index},"item":${this.json}`,
    );
  }

  #render(status: string): string {
    const id = `"id":${JSON.stringify(this.id)}`;
    const { shape } = this;
    if (shape.kind === 'message') {
      const content = this.#blocks.join(',');
      return `{${id},"type":"message","status":"${status}","role":"assistant","content":[${content}]}`;
    }
    if (shape.kind === 'reasoning') {
      const content = this.#blocks.length === 0 ? '' : `,"content":[${this.#blocks.join(',')}]`;
      const proof = this.proof === null ? '' : `,"encrypted_content":${JSON.stringify(this.proof)}`;
      return `{${id},"type":"reasoning","summary":[${this.#summaries.join(',')}]${content}${proof}}`;
    }
    const type = shape.custom ? 'custom_tool_call' : 'function_call';
    const text = `"${shape.custom ? 'input' : 'arguments'}":${this.#arguments}`;
    const call = `"call_id":${JSON.stringify(shape.callId)},"name":${JSON.stringify(shape.name)}`;
    return `{${id},"type":"${type}","status":"${status}",${call},${text}}`;
  }
}
