import type { ObjectChange, ObjectKind, OwnedObject } from '@keywell/core/ownership/owned-object';
import type { FromOwners, ObjectRef, ToOwners } from './messages.ts';

/** The main thread answers within a millisecond; one that does not for so long is in trouble, and the caller is told. */
const DEADLINE_MS = 2000;

type Question = Extract<ToOwners, { kind: 'find' | 'list' | 'foreign' | 'count' }>;

interface Open {
  readonly resolve: (found: FromOwners['found'] | 'late') => void;
  readonly late: NodeJS.Timeout;
}

/** A worker's side of the ledger of owned objects: asks, waits no longer than it may, and says what it learned. */
export class OwnerDesk {
  readonly #tell: (message: ToOwners) => void;
  readonly #deadlineMs: number;
  readonly #open = new Map<number, Open>();
  #last = 0;

  constructor(tell: (message: ToOwners) => void, deadlineMs = DEADLINE_MS) {
    this.#tell = tell;
    this.#deadlineMs = deadlineMs;
  }

  /** One for each that is named, null where the consumer owns none of that name. */
  find(
    consumer: string,
    refs: readonly ObjectRef[],
  ): Promise<readonly (OwnedObject | null)[] | 'late'> {
    return this.#ask((question) => ({ kind: 'find', question, consumer, refs }));
  }

  /** What a consumer owns of a kind, the newest first. */
  async list(consumer: string, of: ObjectKind): Promise<readonly OwnedObject[] | 'late'> {
    const found = await this.#ask((question) => ({ kind: 'list', question, consumer, of }));
    return found === 'late' ? found : found.filter((object) => object !== null);
  }

  /** What other consumers have at a provider by any of these ids, and the asking one has not. */
  async foreign(
    consumer: string,
    provider: string,
    ids: readonly string[],
  ): Promise<readonly OwnedObject[] | 'late'> {
    const found = await this.#ask((question) => ({
      kind: 'foreign',
      question,
      consumer,
      provider,
      ids,
    }));
    return found === 'late' ? found : found.filter((object) => object !== null);
  }

  /** The batch, where nobody has counted what it cost: whoever is told it has to. */
  async count(consumer: string, id: string): Promise<OwnedObject | null | 'late'> {
    const found = await this.#ask((question) => ({ kind: 'count', question, consumer, id }));
    return found === 'late' ? found : (found[0] ?? null);
  }

  learned(change: ObjectChange): void {
    this.#tell({ kind: 'learned', change });
  }

  learnedMany(like: Omit<OwnedObject, 'id'>, ids: readonly string[]): void {
    this.#tell({ kind: 'learned_many', like, ids });
  }

  onReply({ question, found }: FromOwners): void {
    this.#close(question, found);
  }

  #ask(questionOf: (question: number) => Question): Promise<FromOwners['found'] | 'late'> {
    this.#last += 1;
    const question = this.#last;
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#close(question, 'late'), this.#deadlineMs);
      this.#open.set(question, { resolve, late });
      this.#tell(questionOf(question));
    });
  }

  #close(question: number, found: FromOwners['found'] | 'late'): void {
    const open = this.#open.get(question);
    if (open === undefined) return;
    this.#open.delete(question);
    clearTimeout(open.late);
    open.resolve(found);
  }
}
