import { BudgetTable, type Reserved } from '@keywell/core/budgets/budget-table';
import { periodCode, periodStart } from '@keywell/core/budgets/budget-period';
import { QuantileSketch } from '@keywell/core/quantile/quantile-sketch';
import type { TableWriter } from '@keywell/core/limits/record-lock';
import type { BudgetRecord, ConsumerRecord } from '@keywell/core/snapshot/snapshot';
import type { TokenUsage } from '@keywell/core/log/request-record';

/** Whose budget, and which. */
export type BudgetedConsumer = Pick<ConsumerRecord, 'slot' | 'generation'> & {
  readonly budget: BudgetRecord;
};

/** What a call held and what it cost in the end. */
export interface Booking {
  readonly consumer: BudgetedConsumer;
  readonly heldMicros: number;
  readonly costMicros: number;
}

/** Output tokens that a call is expected to take where it names no limit and nothing has been learned yet. */
const FIRST_ALLOWANCE = 1024;
/** Learned allowances follow this share of a model's answers. */
const ALLOWANCE_SHARE = 0.9;
const MAX_MODELS = 4096;

/** The budgets as one worker sees them: the shared table, what it has learned of answers' sizes, and bookings that had to wait. */
export class Budgets {
  readonly #cells: SharedArrayBuffer;
  readonly #writer: TableWriter;
  readonly #writers: number;
  readonly #wallNow: () => number;
  readonly #outputs = new Map<string, QuantileSketch>();
  #table: BudgetTable;
  #waiting: Booking[] = [];

  constructor(
    cells: SharedArrayBuffer,
    writer: TableWriter,
    writers: number,
    wallNow: () => number,
  ) {
    this.#cells = cells;
    this.#writer = writer;
    this.#writers = writers;
    this.#wallNow = wallNow;
    this.#table = new BudgetTable(cells, writer, writers);
  }

  /** Takes in rows that a new snapshot brought. */
  reopen(): void {
    this.#table = new BudgetTable(this.#cells, this.#writer, this.#writers);
  }

  reserve(consumer: BudgetedConsumer, micros: number): Reserved | 'busy' {
    const { amountMicros } = consumer.budget;
    return this.#table.reserve(
      consumer,
      { amountMicros, period: this.#periodOf(consumer) },
      micros,
    );
  }

  /** Books a call. While its row is busy, because a worker died with it, the booking waits. */
  settle(booking: Booking): void {
    const { consumer } = booking;
    if (!this.#table.settle(consumer, this.#periodOf(consumer), booking)) {
      this.#waiting.push(booking);
    }
  }

  /** Makes up for bookings that had to wait. To be called now and then, and before the worker ends. */
  settleWaiting(): void {
    if (this.#waiting.length === 0) return;
    for (const booking of this.#waiting.splice(0)) this.settle(booking);
  }

  /** Output tokens a call of this model is expected to take at most. */
  allowanceOf(alias: string): number {
    return this.#outputs.get(alias)?.quantile(ALLOWANCE_SHARE) ?? FIRST_ALLOWANCE;
  }

  /** Learns from an answer whose provider told its usage. */
  learn(alias: string, usage: TokenUsage): void {
    if (usage.estimated) return;
    let sketch = this.#outputs.get(alias);
    if (sketch === undefined) {
      if (this.#outputs.size >= MAX_MODELS) this.#outputs.clear();
      sketch = new QuantileSketch();
      this.#outputs.set(alias, sketch);
    }
    sketch.observe(usage.outputTokens);
  }

  #periodOf({ budget: { period } }: BudgetedConsumer) {
    return { code: periodCode(period), startsAt: periodStart(period, this.#wallNow()) };
  }
}
