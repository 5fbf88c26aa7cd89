import type { SpendStatus, StoredSpend } from '@keywell/core/budgets/spend';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import { SpendKeeper } from '../budgets/spend-keeper.ts';
import { ClaimLedger } from '../idempotency/claim-ledger.ts';
import type { FromLedger, ToLedger } from '../idempotency/messages.ts';
import type { Clock } from '../pipeline/clock.ts';

/** At most what was spent in this time is forgotten when the process is killed. */
const SPEND_INTERVAL_MS = 1000;

export interface CallKeeperOptions {
  readonly snapshot: Snapshot;
  /** The workers and the main thread. */
  readonly writers: number;
  readonly clock: Clock;
  readonly spend: readonly StoredSpend[];
  readonly onSpent: (changes: readonly StoredSpend[]) => boolean;
  readonly tell: (worker: number, message: FromLedger) => void;
}

/** What the main thread keeps of calls for all workers: what consumers have spent, and calls that must not be made twice. */
export class CallKeeper {
  readonly #spend: SpendKeeper;
  readonly #claims: ClaimLedger;
  readonly #onSpent: CallKeeperOptions['onSpent'];
  readonly #timer: NodeJS.Timeout;

  constructor({ snapshot, writers, clock, spend, onSpent, tell }: CallKeeperOptions) {
    this.#spend = new SpendKeeper(snapshot, writers, spend, () => clock.wallNow());
    this.#claims = new ClaimLedger(snapshot.idempotency, () => clock.now(), tell);
    this.#onSpent = onSpent;
    this.#timer = setInterval(() => this.#spend.keep(onSpent), SPEND_INTERVAL_MS).unref();
  }

  /** The memory of the budgets, for the node's whole life. */
  get budgetCells(): SharedArrayBuffer {
    return this.#spend.cells;
  }

  /** Prepares for a snapshot, before any worker has it. */
  publish(snapshot: Snapshot): void {
    this.#spend.publish(snapshot);
    this.#claims.configure(snapshot.idempotency);
  }

  onClaim(worker: number, message: ToLedger): void {
    this.#claims.onMessage(worker, message);
  }

  /** After the worker's thread has ended, before its successor starts. */
  workerEnded(worker: number): void {
    this.#spend.recover(worker);
    this.#claims.workerEnded(worker);
  }

  spend(): readonly SpendStatus[] {
    return this.#spend.status();
  }

  /** Once every worker has ended: keeps what has not been kept yet. */
  close(): void {
    clearInterval(this.#timer);
    this.#spend.keep(this.#onSpent);
  }
}
