const MASKED = 31;
/** Far more choices than any request may ask for; what is beyond is not told apart. */
const MAX_TRACKED = 4096;

/** Which choices of a stream have been seen, and which of them have said why they finished. */
export class ChoiceTracker {
  #seen = 0;
  #finished = 0;
  #others: Map<number, boolean> | null = null;

  note(index: number, finished: boolean): void {
    if (index < MASKED) {
      const bit = 1 << index;
      this.#seen |= bit;
      if (finished) this.#finished |= bit;
      return;
    }
    this.#others ??= new Map();
    if (finished || (!this.#others.has(index) && this.#others.size < MAX_TRACKED)) {
      this.#others.set(index, finished);
    }
  }

  /** Whether there is a choice, and all that were seen are finished. */
  get complete(): boolean {
    if (this.#others !== null) {
      for (const finished of this.#others.values()) if (!finished) return false;
    }
    return this.#seen === this.#finished && (this.#seen !== 0 || this.#others !== null);
  }
}
