import type { MessagePort } from 'node:worker_threads';
import type { AccountSighting } from '@keywell/core/keys/account';
import type { FlowReport } from '@keywell/core/keys/flow-ledger';
import type { Unplaced } from '@keywell/core/keys/key-table';
import type { FromLedger, ToLedger } from '../idempotency/messages.ts';
import type { CooldownChange } from '@keywell/core/keys/status';
import type { FromOwners, ToOwners } from '../ownership/messages.ts';
import type { RoomTimes } from '../waiting/held-stream.ts';

/** What a gateway worker is born with. */
export interface WorkerBirth {
  /** Row of this worker in every shared table; 0 is the main thread. */
  readonly worker: number;
  /** Grows with every restart, so that what a dead predecessor held is told apart. */
  readonly epoch: number;
  readonly host: string;
  readonly port: number;
  /** Whether several workers listen on the port (SO_REUSEPORT). */
  readonly shared: boolean;
  readonly state: PublishedState;
  readonly metricCells: SharedArrayBuffer;
  /** One Int32 cell: not 0 once the whole node is up. Until then the worker serves, and says that it is starting. */
  readonly readyCell: SharedArrayBuffer;
  /** The consumers' budgets; grows in place, so that it is the same for the node's whole life. */
  readonly budgetCells: SharedArrayBuffer;
  /** Rows of writers in it: the workers and the main thread. */
  readonly writers: number;
  /** The node's one waiting table, the same whatever snapshots come. */
  readonly waitingCells: SharedArrayBuffer;
  /** How long a waiting stream is silent and how often it speaks then; left out: as documented. */
  readonly waitingTimes?: RoomTimes | undefined;
  readonly log: {
    readonly port: MessagePort;
    readonly gauge: SharedArrayBuffer;
    readonly maxQueuedRows: number;
  } | null;
}

/** A snapshot and the tables that belong to it, all shared memory. */
export interface PublishedState {
  readonly version: number;
  readonly snapshot: SharedArrayBuffer;
  readonly keyCells: SharedArrayBuffer;
  readonly counterCells: SharedArrayBuffer;
}

export type ToWorker =
  | { readonly kind: 'publish'; readonly state: PublishedState }
  | { readonly kind: 'claims'; readonly message: FromLedger }
  | { readonly kind: 'owners'; readonly message: FromOwners }
  | { readonly kind: 'flush'; readonly id: number }
  /** Answer 503 on /readyz from now on and announce the end of every connection. */
  | { readonly kind: 'drain'; readonly graceMs: number };

export type FromWorker =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'published'; readonly version: number }
  | { readonly kind: 'claims'; readonly message: ToLedger }
  | { readonly kind: 'owners'; readonly message: ToOwners }
  | { readonly kind: 'flushed'; readonly id: number }
  | {
      readonly kind: 'cooled';
      readonly changes: readonly CooldownChange[];
      /** The newest snapshot the worker has: what it cooled is in force there already. */
      readonly version: number;
      /** But for these, which it leaves to the main thread: a worker may end before their records are free. */
      readonly unplaced: readonly Unplaced[];
    }
  | { readonly kind: 'flow'; readonly report: FlowReport }
  | { readonly kind: 'account'; readonly sighting: AccountSighting }
  | { readonly kind: 'defect'; readonly requestId: string; readonly error: string }
  | { readonly kind: 'drained'; readonly cut: number };
