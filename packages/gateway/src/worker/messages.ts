import type { MessagePort } from 'node:worker_threads';
import type { CooldownChange } from '@keywell/core/keys/status';
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
  | { readonly kind: 'flush'; readonly id: number }
  /** Answer 503 on /readyz from now on and announce the end of every connection. */
  | { readonly kind: 'drain'; readonly graceMs: number };

export type FromWorker =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'published'; readonly version: number }
  | { readonly kind: 'flushed'; readonly id: number }
  | {
      readonly kind: 'cooled';
      readonly changes: readonly CooldownChange[];
      /** The newest snapshot the worker has: what it cooled is in force there already. */
      readonly version: number;
    }
  | { readonly kind: 'defect'; readonly requestId: string; readonly error: string }
  | { readonly kind: 'drained'; readonly cut: number };
