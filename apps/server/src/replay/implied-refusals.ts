/** Places whose refusals are kept in mind; beyond them the oldest are forgotten. */
const MAX_PLACES = 100_000;

/**
 * Which refused attempts were a waste: those sent while a refusal, received before they were sent, said that nothing would fit there
 * yet. The same measure for what was logged and for what is replayed.
 */
export class ImpliedRefusals {
  readonly #until = new Map<string, { readonly at: number; readonly until: number }>();

  /** A refusal by a limit arrived, and said until when. */
  noteRefusal(place: string, at: number, endsInMs: number): void {
    this.#until.delete(place);
    this.#until.set(place, { at, until: at + endsInMs });
    if (this.#until.size <= MAX_PLACES) return;
    const [oldest] = this.#until.keys();
    if (oldest !== undefined) this.#until.delete(oldest);
  }

  /** Whether what had arrived by then implied that an attempt sent at this instant would be refused. */
  implied(place: string, sentAt: number): boolean {
    const known = this.#until.get(place);
    return known !== undefined && known.at < sentAt && sentAt < known.until;
  }
}
