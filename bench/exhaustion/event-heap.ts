/** A binary heap of events by time; events of one instant come out in the order they went in. */
export class EventHeap {
  readonly #times: number[] = [];
  readonly #orders: number[] = [];
  readonly #kinds: number[] = [];
  readonly #subjects: number[] = [];
  #pushed = 0;
  /** The event that `pop` took last. */
  time = 0;
  kind = 0;
  subject = 0;

  push(time: number, kind: number, subject: number): void {
    let place = this.#times.length;
    const order = (this.#pushed += 1);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#later(parent, time, order)) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, time, order, kind, subject);
  }

  /** Takes the earliest event into `time`, `kind` and `subject`. False when there is none. */
  pop(): boolean {
    const last = this.#times.length - 1;
    if (last < 0) return false;
    this.time = this.#times[0] ?? 0;
    this.kind = this.#kinds[0] ?? 0;
    this.subject = this.#subjects[0] ?? 0;
    const time = this.#times.pop() ?? 0;
    const order = this.#orders.pop() ?? 0;
    const kind = this.#kinds.pop() ?? 0;
    const subject = this.#subjects.pop() ?? 0;
    if (last > 0) this.#put(this.#sink(last, time, order), time, order, kind, subject);
    return true;
  }

  /** Moves earlier events up from the root until the event given can go where this points. */
  #sink(last: number, time: number, order: number): number {
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= last) return place;
      if (
        child + 1 < last &&
        this.#later(child, this.#times[child + 1] ?? 0, this.#orders[child + 1] ?? 0)
      ) {
        child += 1;
      }
      if (this.#later(child, time, order)) return place;
      this.#move(child, place);
      place = child;
    }
  }

  /** Whether the event at a place comes after the one given. */
  #later(place: number, time: number, order: number): boolean {
    const own = this.#times[place] ?? 0;
    return own > time || (own === time && (this.#orders[place] ?? 0) > order);
  }

  #move(from: number, to: number): void {
    this.#put(
      to,
      this.#times[from] ?? 0,
      this.#orders[from] ?? 0,
      this.#kinds[from] ?? 0,
      this.#subjects[from] ?? 0,
    );
  }

  // oxlint-disable-next-line max-params -- the fields of one event
  #put(place: number, time: number, order: number, kind: number, subject: number): void {
    this.#times[place] = time;
    this.#orders[place] = order;
    this.#kinds[place] = kind;
    this.#subjects[place] = subject;
  }
}
