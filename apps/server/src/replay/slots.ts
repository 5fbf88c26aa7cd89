/** Things under way, by number: a number is used again once its thing is taken out. */
export class Slots<T> {
  readonly #things: (T | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#things.length - this.#free.length;
  }

  add(thing: T): number {
    const slot = this.#free.pop() ?? this.#things.length;
    this.#things[slot] = thing;
    return slot;
  }

  at(slot: number): T | undefined {
    return this.#things[slot];
  }

  take(slot: number): T | undefined {
    const thing = this.#things[slot];
    if (thing === undefined) return undefined;
    this.#things[slot] = undefined;
    this.#free.push(slot);
    return thing;
  }
}
