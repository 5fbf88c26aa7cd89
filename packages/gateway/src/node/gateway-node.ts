import { createServer } from 'node:net';
import { describeKeys, describePools } from '@keywell/core/keys/describe';
import { clearCooldowns, restoreCooldowns } from '@keywell/core/keys/recover';
import type { CooldownChange, KeyStatus, PoolStatus } from '@keywell/core/keys/status';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import { createClock } from '../pipeline/clock.ts';
import { renderMetrics, type ExtraFamily } from '../telemetry/exposition.ts';
import type { LogTarget } from '../telemetry/log-writer.ts';
import { createMetricCells, Meter } from '../telemetry/meter.ts';
import type { FromWorker, WorkerBirth } from '../worker/messages.ts';
import {
  createSharedState,
  nextSharedState,
  recoverSharedState,
  type SharedState,
} from './shared-state.ts';
import { WorkerHandle, type WorkerEvents } from './worker-handle.ts';

const ACK_DEADLINE_MS = 2000;
const START_DEADLINE_MS = 15_000;
const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 5000;
/** A worker that lived this long has earned a fresh start of its back-off. */
const STABLE_MS = 30_000;

export interface GatewayNodeOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly workers: number;
  readonly snapshot: Snapshot;
  /** What was cooled when the node last ran. */
  readonly cooldowns: readonly CooldownChange[];
  /** A log port for one worker, each time one starts; null when the log is off. */
  readonly connectLog: () => LogTarget | null;
  readonly onCooled: (changes: readonly CooldownChange[]) => void;
  readonly onEvent: (event: NodeEvent) => void;
  /** Starts a worker thread; tests put their hand on the threads here. */
  readonly spawn?: (birth: WorkerBirth, events: WorkerEvents) => WorkerHandle;
}

/** What the operator should hear of. */
export type NodeEvent =
  | { readonly kind: 'worker_crashed'; readonly worker: number; readonly reason: string }
  | { readonly kind: 'worker_restarted'; readonly worker: number; readonly epoch: number }
  | { readonly kind: 'defect'; readonly requestId: string; readonly error: string };

/** Starting failed in a way the operator can mend. */
export class ListenError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Slot {
  handle: WorkerHandle;
  startedAt: number;
  backOffMs: number;
  listening: boolean;
}

/** The data plane of one node, as the main thread holds it: workers, the memory they share, and what people ask of it. */
export class GatewayNode {
  readonly #options: GatewayNodeOptions;
  readonly #clock = createClock();
  readonly #metricCells: SharedArrayBuffer;
  readonly #slots = new Map<number, Slot>();
  readonly #evidence = new Map<string, string>();
  readonly #awaited = new Map<string, { left: number; resolve: () => void }>();
  #state: SharedState;
  #port = 0;
  #epoch = 0;
  #flushId = 0;
  #restarts = 0;
  #stopping = false;

  private constructor(options: GatewayNodeOptions) {
    this.#options = options;
    this.#metricCells = createMetricCells(options.workers + 1);
    this.#state = createSharedState(options.snapshot, options.workers);
    restoreCooldowns(this.#state.table, options.cooldowns, this.#at());
    for (const change of options.cooldowns) this.#evidence.set(change.scopeId, change.evidence);
  }

  static async start(options: GatewayNodeOptions): Promise<GatewayNode> {
    const shared = process.platform === 'linux' && options.workers > 1;
    if (shared && options.port !== 0) await probePort(options.host, options.port);
    const node = new GatewayNode(options);
    node.#port = await node.#spawn(1, options.port, shared);
    const rest = Array.from({ length: options.workers - 1 }, (_, index) => index + 2);
    await Promise.all(rest.map((worker) => node.#spawn(worker, node.#port, shared)));
    return node;
  }

  /** The port traffic arrives on. */
  get port(): number {
    return this.#port;
  }

  get version(): number {
    return this.#state.snapshot.version;
  }

  status() {
    return {
      version: this.#state.snapshot.version,
      hash: this.#state.snapshot.hash,
      workers: [...this.#slots.entries()].map(([worker, slot]) => ({
        worker,
        epoch: slot.handle.birth.epoch,
        listening: slot.listening,
      })),
      restarts: this.#restarts,
      draining: this.#stopping,
    };
  }

  /** Puts a new snapshot in force in every worker; resolves when all have it. */
  async publish(snapshot: Snapshot): Promise<void> {
    const { state, cleared } = nextSharedState(
      snapshot,
      this.#options.workers,
      this.#state,
      this.#clock,
    );
    this.#state = state;
    if (cleared.length > 0) this.#options.onCooled(cleared);
    const handles = this.#listening();
    const acknowledged = this.#await(`published ${snapshot.version}`, handles.length);
    for (const handle of handles) handle.tell({ kind: 'publish', state: state.published });
    await acknowledged;
  }

  keys(): readonly KeyStatus[] {
    const evidenceOf = (scopeId: string): string => this.#evidence.get(scopeId) ?? '';
    return describeKeys(this.#state.table, this.#clock.now(), evidenceOf);
  }

  pools(): readonly PoolStatus[] {
    return describePools(this.#state.table, this.#clock.now());
  }

  clearCooldowns(filter: { provider?: string; key?: string }): readonly CooldownChange[] {
    const cleared = clearCooldowns(this.#state.table, filter, this.#at());
    if (cleared.length > 0) this.#options.onCooled(cleared);
    return cleared;
  }

  metrics(extra: readonly ExtraFamily[]): string {
    return renderMetrics(this.#metricCells, this.#options.workers + 1, extra);
  }

  /** Asks every worker to send the records it still holds. */
  async flushLog(): Promise<void> {
    this.#flushId += 1;
    const handles = this.#listening();
    const flushed = this.#await(`flushed ${this.#flushId}`, handles.length);
    for (const handle of handles) handle.tell({ kind: 'flush', id: this.#flushId });
    await flushed;
  }

  /** Serves what runs, takes nothing new once it is quiet, and ends within the grace. Resolves with the requests that were cut. */
  async drain(graceMs: number): Promise<number> {
    this.#stopping = true;
    const handles = this.#listening();
    this.#cut = 0;
    const drained = this.#await('drained', handles.length, graceMs + ACK_DEADLINE_MS * 2);
    for (const handle of handles) handle.tell({ kind: 'drain', graceMs });
    await drained;
    await this.destroy();
    return this.#cut;
  }

  #cut = 0;

  async destroy(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#slots.values()].map((slot) => slot.handle.terminate()));
  }

  #spawn(worker: number, port: number, shared: boolean): Promise<number> {
    this.#epoch += 1;
    const birth = {
      worker,
      epoch: this.#epoch,
      host: this.#options.host,
      port,
      shared,
      state: this.#state.published,
      metricCells: this.#metricCells,
      log: this.#options.connectLog(),
    };
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new ListenError('ETIMEDOUT', `worker ${worker} did not start in time`)),
        START_DEADLINE_MS,
      );
      const settled = (): void => clearTimeout(late);
      const spawn = this.#options.spawn ?? startWorker;
      const handle = spawn(birth, {
        onMessage: (message) => {
          if (message.kind === 'listening') {
            settled();
            this.#onListening(worker, birth.state.version);
            resolve(message.port);
          } else if (message.kind === 'failed') {
            settled();
            reject(new ListenError(message.code, message.message));
          } else this.#onMessage(message);
        },
        onExit: (code, error) => {
          settled();
          reject(new ListenError('EXIT', error?.message ?? `worker ended with code ${code}`));
          this.#onExit(worker, shared, error?.message ?? `ended with code ${code}`);
        },
      });
      const backOffMs = this.#slots.get(worker)?.backOffMs ?? FIRST_BACKOFF_MS;
      const startedAt = this.#clock.now();
      this.#slots.set(worker, { handle, startedAt, backOffMs, listening: false });
    });
  }

  #onListening(worker: number, version: number): void {
    const slot = this.#slots.get(worker);
    if (slot === undefined) return;
    slot.listening = true;
    // A snapshot may have been published while this worker was starting.
    if (version !== this.#state.published.version) {
      slot.handle.tell({ kind: 'publish', state: this.#state.published });
    }
  }

  #onMessage(message: FromWorker): void {
    switch (message.kind) {
      case 'published':
        this.#acknowledge(`published ${message.version}`);
        break;
      case 'flushed':
        this.#acknowledge(`flushed ${message.id}`);
        break;
      case 'drained':
        this.#cut += message.cut;
        this.#acknowledge('drained');
        break;
      case 'cooled':
        for (const change of message.changes) {
          if (change.action === 'set') this.#evidence.set(change.scopeId, change.evidence);
          else this.#evidence.delete(change.scopeId);
        }
        this.#options.onCooled(message.changes);
        break;
      case 'defect':
        this.#options.onEvent(message);
        break;
      case 'listening':
      case 'failed':
        break;
    }
  }

  #onExit(worker: number, shared: boolean, reason: string): void {
    const slot = this.#slots.get(worker);
    if (slot === undefined || this.#stopping) return;
    const listened = slot.listening;
    slot.listening = false;
    recoverSharedState(this.#state, worker);
    new Meter(this.#metricCells, worker).clearGauges();
    if (!listened && this.#port === 0) return;
    this.#options.onEvent({ kind: 'worker_crashed', worker, reason });
    const stable = this.#clock.now() - slot.startedAt > STABLE_MS;
    const waitMs = stable ? FIRST_BACKOFF_MS : slot.backOffMs;
    slot.backOffMs = Math.min(MAX_BACKOFF_MS, waitMs * 2);
    setTimeout(() => this.#restart(worker, shared), waitMs);
  }

  #restart(worker: number, shared: boolean): void {
    if (this.#stopping) return;
    this.#restarts += 1;
    this.#spawn(worker, this.#port, shared).then(
      () => this.#options.onEvent({ kind: 'worker_restarted', worker, epoch: this.#epoch }),
      // Its exit is what schedules the next try.
      () => undefined,
    );
  }

  #listening(): readonly WorkerHandle[] {
    return [...this.#slots.values()].filter((slot) => slot.listening).map((slot) => slot.handle);
  }

  /** Resolves after that many acknowledgements, or at the deadline: a hung worker must not hold the others up. */
  #await(key: string, count: number, deadlineMs = ACK_DEADLINE_MS): Promise<void> {
    if (count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        this.#awaited.delete(key);
        resolve();
      }, deadlineMs);
      this.#awaited.set(key, {
        left: count,
        resolve: () => {
          clearTimeout(late);
          resolve();
        },
      });
    });
  }

  #acknowledge(key: string): void {
    const awaited = this.#awaited.get(key);
    if (awaited === undefined) return;
    awaited.left -= 1;
    if (awaited.left > 0) return;
    this.#awaited.delete(key);
    awaited.resolve();
  }

  #at(): { now: number; wallNow: number } {
    return { now: this.#clock.now(), wallNow: this.#clock.wallNow() };
  }
}

function startWorker(birth: WorkerBirth, events: WorkerEvents): WorkerHandle {
  return new WorkerHandle(birth, events);
}

/**
 * Whether the port is free. A shared listener would be let in beside another process that shares the same port, and the two would
 * silently split the traffic; an exclusive one is not.
 */
function probePort(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(new ListenError(error.code ?? 'EADDRINUSE', error.message)),
    );
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}
