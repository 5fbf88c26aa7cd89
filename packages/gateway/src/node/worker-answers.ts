interface Wait {
  readonly to: string;
  /** Who has neither answered nor ended. */
  readonly open: Set<number>;
  readonly unanswered: Set<number>;
  readonly end: () => void;
}

/** Waits for workers to answer what they were told. One that ends or hangs holds nobody up. */
export class WorkerAnswers {
  readonly #waits = new Set<Wait>();

  /** Resolves when every one of these workers has answered or ended, or at the deadline, with those that have not answered. */
  wait(to: string, workers: readonly number[], deadlineMs: number): Promise<ReadonlySet<number>> {
    const unanswered = new Set(workers);
    if (workers.length === 0) return Promise.resolve(unanswered);
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(late);
        this.#waits.delete(wait);
        resolve(unanswered);
      };
      const late = setTimeout(end, deadlineMs);
      const wait = { to, open: new Set(workers), unanswered, end };
      this.#waits.add(wait);
    });
  }

  answer(to: string, worker: number): void {
    for (const wait of this.#waits) {
      if (wait.to !== to) continue;
      wait.unanswered.delete(worker);
      leave(wait, worker);
    }
  }

  /** The worker's thread is gone; it will not answer. */
  ended(worker: number): void {
    for (const wait of this.#waits) leave(wait, worker);
  }
}

function leave(wait: Wait, worker: number): void {
  if (wait.open.delete(worker) && wait.open.size === 0) wait.end();
}
