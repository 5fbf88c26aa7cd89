import type { JsonObject } from '../json/value.ts';

/** Ids of an answer's items: each once, as the SDKs' accumulators want it. */
export class ItemIds {
  readonly #stampId: string;
  #used: Set<string> | null = null;

  constructor(stampId: string) {
    this.#stampId = stampId;
  }

  /** An id that is made up for the item at `index`. */
  next(prefix: string, index: number): string {
    return `${prefix}_${this.#stampId}_${index}`;
  }

  /** The provider's id, or a made-up one where there is none or it was used before. */
  own(id: string | null, prefix: string, index: number): string {
    if (id === null || id === '' || this.#used?.has(id) === true) return this.next(prefix, index);
    (this.#used ??= new Set()).add(id);
    return id;
  }

  /** An item with an id that is certain to be there. */
  named(item: JsonObject, index: number): JsonObject {
    const said = typeof item['id'] === 'string' ? item['id'] : null;
    const id = this.own(said, 'item', index);
    return id === said ? item : { ...item, id };
  }
}
