interface Seat {
  readonly slot: number;
  readonly generation: number;
}

/**
 * Gives every consumer a row of the shared counter table and keeps it there for the life of the node. A row that became free goes to
 * the next newcomer under a new generation, so that nobody inherits somebody else's count.
 */
export class SlotAllocator {
  readonly #seats = new Map<string, Seat>();
  readonly #free: number[] = [];
  readonly #generations: number[] = [];

  /** The row of a consumer; the same at every call until it is released. */
  slotOf(consumer: string): Seat {
    const seated = this.#seats.get(consumer);
    if (seated !== undefined) return seated;
    const slot = this.#free.shift() ?? this.#generations.length;
    const generation = (this.#generations[slot] ?? 0) + 1;
    this.#generations[slot] = generation;
    const seat = { slot, generation };
    this.#seats.set(consumer, seat);
    return seat;
  }

  /** Frees the rows of everybody who is not named; call it when a snapshot is in force. */
  keepOnly(consumers: readonly string[]): void {
    const staying = new Set(consumers);
    for (const [consumer, seat] of this.#seats) {
      if (staying.has(consumer)) continue;
      this.#seats.delete(consumer);
      this.#free.push(seat.slot);
    }
  }
}
