import { BudgetTable } from '@keywell/core/budgets/budget-table';
import { periodCode, periodStart } from '@keywell/core/budgets/budget-period';
import type { ConsumerRecord, Snapshot } from '@keywell/core/snapshot/snapshot';
import type { SpendStatus, StoredSpend } from '@keywell/core/budgets/spend';
import { createBudgetCells, growBudgetCells } from './budget-cells.ts';

/** The main thread writes the table too (restoring, recovering); it is worker 0 of epoch 1. */
const MAIN = Object.freeze({ worker: 0, epoch: 1 });

/**
 * The node's budgets as the main thread holds them: makes room for consumers, puts back what was spent before, and says what has
 * changed since it was last asked, so that it can be kept.
 */
export class SpendKeeper {
  readonly cells: SharedArrayBuffer;
  readonly #writers: number;
  readonly #wallNow: () => number;
  /** The last that is known of every consumer, those without a budget now included. */
  readonly #known = new Map<string, StoredSpend>();
  readonly #unkept = new Map<string, StoredSpend>();
  #table: BudgetTable;
  #consumers: readonly ConsumerRecord[] = [];

  constructor(
    snapshot: Snapshot,
    writers: number,
    kept: readonly StoredSpend[],
    wallNow: () => number,
  ) {
    this.#writers = writers;
    this.#wallNow = wallNow;
    for (const spend of kept) this.#known.set(spend.consumer, spend);
    this.cells = createBudgetCells(snapshot, writers);
    this.#table = new BudgetTable(this.cells, MAIN, writers);
    this.publish(snapshot);
  }

  /** Prepares the rows of a snapshot, before any worker has it. */
  publish(snapshot: Snapshot): void {
    this.#noteChanges();
    growBudgetCells(this.cells, snapshot, this.#writers);
    this.#table = new BudgetTable(this.cells, MAIN, this.#writers);
    this.#consumers = snapshot.consumers.filter(({ budget }) => budget !== null);
    for (const consumer of this.#consumers) this.#restore(consumer);
  }

  /** Hands over what has been spent where that changed since it was last kept; what could not be kept is handed over again. */
  keep(save: (changes: readonly StoredSpend[]) => boolean): void {
    this.#table.bookLate();
    this.#noteChanges();
    if (this.#unkept.size === 0) return;
    if (save([...this.#unkept.values()])) this.#unkept.clear();
  }

  /** What calls in flight hold is taken as spent, so that a process that is killed forgets no call that it had sent. */
  #noteChanges(): void {
    for (const { id, slot, generation } of this.#consumers) {
      const state = this.#table.read(slot);
      if (state.generation !== generation) continue;
      const spentMicros = state.spentMicros + state.heldMicros;
      const before = this.#known.get(id);
      if (before?.spentMicros === spentMicros && before.startsAt === state.startsAt) continue;
      const spend = { consumer: id, startsAt: state.startsAt, spentMicros };
      this.#known.set(id, spend);
      this.#unkept.set(id, spend);
    }
  }

  status(): readonly SpendStatus[] {
    const wallNow = this.#wallNow();
    return this.#consumers.map(({ id, slot, generation, budget }) => {
      const state = this.#table.read(slot);
      const startsAt = periodStart(budget?.period ?? 'total', wallNow);
      const present = state.generation === generation && state.startsAt >= startsAt;
      return {
        consumer: id,
        spentMicros: present ? state.spentMicros : 0,
        heldMicros: state.generation === generation ? state.heldMicros : 0,
      };
    });
  }

  /** After a worker's thread has ended and before its successor starts. */
  recover(worker: number): void {
    this.#table.recover(worker);
  }

  /** What was spent in a period that is over does not count; what was spent in a shorter one that began in this one does. */
  #restore({ id, slot, generation, budget }: ConsumerRecord): void {
    const known = this.#known.get(id);
    if (known === undefined || budget === null) return;
    const startsAt = periodStart(budget.period, this.#wallNow());
    if (known.startsAt < startsAt) return;
    const period = { code: periodCode(budget.period), startsAt };
    this.#table.restore({ slot, generation }, period, known.spentMicros);
  }
}
