/** Something that must not wait for ever. It moves its own `deadlineAt`; `Infinity` means that nothing is awaited. */
export interface Deadlined {
  deadlineAt: number;
  onDeadline(now: number): void;
}

/** How late a deadline may be noticed, milliseconds. */
const SWEEP_INTERVAL_MS = 100;

/**
 * One timer for all waits of a worker. Pushing a deadline back, which happens with every chunk of a stream, is one number written;
 * the price is that a deadline is noticed up to 100 ms late.
 */
export class DeadlineSweeper {
  readonly #items = new Set<Deadlined>();
  readonly #now: () => number;
  #timer: NodeJS.Timeout | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#items.size;
  }

  add(item: Deadlined): void {
    this.#items.add(item);
    if (this.#timer === null) {
      this.#timer = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS);
    }
  }

  remove(item: Deadlined): void {
    this.#items.delete(item);
  }

  sweep(): void {
    const now = this.#now();
    for (const item of this.#items) {
      if (item.deadlineAt <= now) item.onDeadline(now);
    }
    if (this.#items.size === 0) this.stop();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
