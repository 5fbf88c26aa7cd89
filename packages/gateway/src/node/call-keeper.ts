import type { SpendStatus, StoredSpend } from '@keywell/core/budgets/spend';
import type { ObjectChange, OwnedObject } from '@keywell/core/ownership/owned-object';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import { SpendKeeper } from '../budgets/spend-keeper.ts';
import { ClaimLedger } from '../idempotency/claim-ledger.ts';
import type { FromLedger, ToLedger } from '../idempotency/messages.ts';
import { OwnerLedger } from '../ownership/owner-ledger.ts';
import type { FromOwners, ToOwners } from '../ownership/messages.ts';
import type { Clock } from '../pipeline/clock.ts';

/** At most what was spent, or answered and stored, in this time is forgotten when the process is killed. */
const KEEP_INTERVAL_MS = 1000;

export interface CallKeeperOptions {
  readonly snapshot: Snapshot;
  /** The workers and the main thread. */
  readonly writers: number;
  readonly clock: Clock;
  readonly spend: readonly StoredSpend[];
  readonly onSpent: (changes: readonly StoredSpend[]) => boolean;
  readonly objects: readonly OwnedObject[];
  readonly onObjects: (changes: readonly ObjectChange[]) => boolean;
  readonly tell: (
    worker: number,
    message:
      | { readonly kind: 'claims'; readonly message: FromLedger }
      | { readonly kind: 'owners'; readonly message: FromOwners },
  ) => void;
}

/** What the main thread keeps of calls for all workers: what consumers have spent and own, and calls that must not be made twice. */
export class CallKeeper {
  readonly #spend: SpendKeeper;
  readonly #claims: ClaimLedger;
  readonly #owners: OwnerLedger;
  readonly #onSpent: CallKeeperOptions['onSpent'];
  readonly #timer: NodeJS.Timeout;

  constructor(options: CallKeeperOptions) {
    const { snapshot, writers, clock, spend, onSpent, tell } = options;
    this.#spend = new SpendKeeper(snapshot, writers, spend, () => clock.wallNow());
    this.#claims = new ClaimLedger(
      snapshot.idempotency,
      () => clock.now(),
      (worker, message) => tell(worker, { kind: 'claims', message }),
    );
    this.#owners = new OwnerLedger({
      objects: options.objects,
      onChanged: options.onObjects,
      tell: (worker, message) => tell(worker, { kind: 'owners', message }),
    });
    this.#onSpent = onSpent;
    this.#timer = setInterval(() => this.#keep(), KEEP_INTERVAL_MS).unref();
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

  onOwners(worker: number, message: ToOwners): void {
    this.#owners.onMessage(worker, message);
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
    this.#keep();
  }

  #keep(): void {
    this.#spend.keep(this.#onSpent);
    this.#owners.keep();
  }
}
