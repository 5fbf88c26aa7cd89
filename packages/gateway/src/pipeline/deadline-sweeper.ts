/** Something that must not wait for ever. It moves its own `deadlineAt`; `Infinity` means that nothing is awaited. */
export interface Deadlined {
  deadlineAt: number;
  /** The sweeper's own: where the item stands with it, -1 for nowhere. */
  sweepSlot: number;
  onDeadline(now: number): void;
}

/** How late a deadline may be noticed, milliseconds. */
const SWEEP_INTERVAL_MS = 100;

/**
 * One timer for all waits of a worker. Pushing a deadline back, which happens with every chunk of a stream, is one number written;
 * the price is that a deadline is noticed up to 100 ms late. A plain array, and not a Set: a Set that is added to and taken from all
 * the time leaves a chain of its former tables behind, through which every finished request outlives the young generation's
 * collections (measured: 8 MB survived each of them, and collecting took half of all processor time).
 */
export class DeadlineSweeper {
  readonly #items: Deadlined[] = [];
  readonly #now: () => number;
  #timer: NodeJS.Timeout | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#items.length;
  }

  add(item: Deadlined): void {
    if (item.sweepSlot === -1) {
      item.sweepSlot = this.#items.length;
      this.#items.push(item);
    }
    if (this.#timer === null) {
      this.#timer = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS);
    }
  }

  remove(item: Deadlined): void {
    const slot = item.sweepSlot;
    if (slot === -1) return;
    item.sweepSlot = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#items[slot] = last;
    last.sweepSlot = slot;
  }

  sweep(): void {
    const now = this.#now();
    const due = this.#items.filter((item) => item.deadlineAt <= now);
    // What one deadline removes, another must not meet.
    for (const item of due) if (item.sweepSlot !== -1) item.onDeadline(now);
    if (this.#items.length === 0) this.stop();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
