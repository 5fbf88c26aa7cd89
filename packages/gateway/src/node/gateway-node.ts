import type { AccountSighting } from '@keywell/core/keys/account';
import type { FlowReport } from '@keywell/core/keys/flow-ledger';
import type { PoolMember } from '@keywell/core/forecast/binding-limits';
import type { LimitSample } from '@keywell/core/forecast/limit-sample';
import { poolMembers } from '@keywell/core/forecast/pool-members';
import { sampleLimits } from '@keywell/core/forecast/sample-limits';
import { describeEndpoints, type EndpointCounts } from '@keywell/core/keys/endpoint-counts';
import { describeKeys, describePools } from '@keywell/core/keys/describe';
import { limitCount, type LimitCount } from '@keywell/core/keys/limit-counts';
import { clearCooldowns, type ClearFilter } from '@keywell/core/keys/recover';
import { restoreCooldowns } from '@keywell/core/keys/restore-cooldowns';
import type { CooldownChange, KeyStatus, PoolStatus } from '@keywell/core/keys/status';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import type { SpendStatus, StoredSpend } from '@keywell/core/budgets/spend';
import type { ObjectChange, OwnedObject } from '@keywell/core/ownership/owned-object';
import { roomReturned } from '@keywell/core/waiting/deadline-queue';
import { recoverWaiting } from '@keywell/core/waiting/recover-waiting';
import {
  openWaitingTable,
  ringOthers,
  type WaitingTable,
} from '@keywell/core/waiting/waiting-table';
import { createClock } from '../pipeline/clock.ts';
import { readCounter, renderMetrics, type ExtraFamily } from '../telemetry/exposition.ts';
import type { LogTarget } from '../telemetry/log-writer.ts';
import { createMetricCells, Meter } from '../telemetry/meter.ts';
import type { RoomTimes } from '../waiting/held-stream.ts';
import type { FromWorker, ToWorker, WorkerBirth } from '../worker/messages.ts';
import { CallKeeper } from './call-keeper.ts';
import { ListenError } from './listen-error.ts';
import { probePort } from './probe-port.ts';
import { nextBackOffMs } from './back-off.ts';
import { CooldownNotes } from './cooldown-notes.ts';
import {
  createSharedState,
  createWaitingCells,
  nextSharedState,
  recoverSharedState,
  returnLeftovers,
  type SharedState,
} from './shared-state.ts';
import { WorkerAnswers } from './worker-answers.ts';
import { WorkerHandle, type WorkerEvents } from './worker-handle.ts';

const ACK_DEADLINE_MS = 2000;
/** How soon it is tried again to give back what a dead worker held of a record that was busy. */
const LEFTOVERS_MS = 100;
const START_DEADLINE_MS = 15_000;
/** What a worker may take beyond the grace to close what is left. */
const CLOSE_DEADLINE_MS = 4000;

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
  /** What consumers had spent of their budgets when the node last ran. */
  readonly spend?: readonly StoredSpend[];
  /** Keeps what has been spent, about once a second; false when it could not be kept and has to come again. */
  readonly onSpent?: (changes: readonly StoredSpend[]) => boolean;
  /** What consumers owned at providers when the node last ran, the oldest first. */
  readonly objects?: readonly OwnedObject[];
  /** Keeps what became known of that; false when it could not be kept and has to come again. */
  readonly onObjects?: (changes: readonly ObjectChange[]) => boolean;
  readonly onEvent: (event: NodeEvent) => void;
  /** The caller says itself, by `announceReady`, when the node is to ask for traffic; left out, it does once all workers listen. */
  readonly announceLater?: boolean;
  /** A response named an account for a key that the worker had not heard of it before. */
  readonly onAccount?: (sighting: AccountSighting) => void;
  /** What a worker sent with each key in the last half second, and what it was told of what is left. */
  readonly onFlow?: (report: FlowReport) => void;
  /** When waiting streams speak; tests are more impatient. */
  readonly waitingTimes?: RoomTimes;
  /** Starts a worker thread; tests put their hand on the threads here. */
  readonly spawn?: (birth: WorkerBirth, events: WorkerEvents) => WorkerHandle;
}

/** What the operator should hear of. */
export type NodeEvent =
  | { readonly kind: 'worker_crashed'; readonly worker: number; readonly reason: string }
  | { readonly kind: 'worker_restarted'; readonly worker: number; readonly epoch: number }
  | { readonly kind: 'defect'; readonly requestId: string; readonly error: string };

interface Slot {
  handle: WorkerHandle;
  startedAt: number;
  state: 'starting' | 'listening' | 'gone';
  /** The last wait before a start; 0 before the first crash. */
  backOffMs: number;
  restart: NodeJS.Timeout | null;
  /** Requests that ended with the thread. */
  lost: number;
}

/** The data plane of one node, as the main thread holds it: workers, the memory they share, and what people ask of it. */
export class GatewayNode {
  readonly #options: GatewayNodeOptions;
  readonly #clock = createClock();
  readonly #metricCells: SharedArrayBuffer;
  readonly #waitingCells: SharedArrayBuffer;
  readonly #waiting: WaitingTable;
  readonly #slots = new Map<number, Slot>();
  readonly #notes: CooldownNotes;
  readonly #answers = new WorkerAnswers();
  readonly #calls: CallKeeper;
  #state: SharedState;
  #port = 0;
  #epoch = 0;
  readonly #readyCell = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  #flushId = 0;
  #restarts = 0;
  #cut = 0;
  #started = false;
  #leftovers: NodeJS.Timeout | null = null;
  #stopping = false;

  private constructor(options: GatewayNodeOptions) {
    this.#options = options;
    this.#metricCells = createMetricCells(options.workers + 1);
    this.#waitingCells = createWaitingCells(options.workers + 1);
    this.#waiting = openWaitingTable(this.#waitingCells, { worker: 0, epoch: 1 });
    this.#state = createSharedState(options.snapshot, options.workers);
    this.#calls = new CallKeeper({
      snapshot: options.snapshot,
      writers: options.workers + 1,
      clock: this.#clock,
      spend: options.spend ?? [],
      onSpent: options.onSpent ?? (() => true),
      objects: options.objects ?? [],
      onObjects: options.onObjects ?? (() => true),
      tell: (worker, message) => this.#slots.get(worker)?.handle.tell(message),
    });
    restoreCooldowns(this.#state.table, options.cooldowns, this.#at());
    this.#notes = new CooldownNotes(options.cooldowns, options.onCooled);
  }

  static async start(options: GatewayNodeOptions): Promise<GatewayNode> {
    const shared = process.platform === 'linux' && options.workers > 1;
    if (shared && options.port !== 0) await probePort(options.host, options.port);
    const node = new GatewayNode(options);
    try {
      node.#port = await node.#spawn(1, options.port, shared);
      const rest = Array.from({ length: options.workers - 1 }, (_, index) => index + 2);
      await Promise.all(rest.map((worker) => node.#spawn(worker, node.#port, shared)));
    } catch (error) {
      await node.destroy();
      throw error;
    }
    node.#started = true;
    if (options.announceLater !== true) node.announceReady();
    return node;
  }

  /** From here on `/readyz` asks for traffic, on every worker at once. */
  announceReady(): void {
    Atomics.store(new Int32Array(this.#readyCell), 0, 1);
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
        listening: slot.state === 'listening',
      })),
      restarts: this.#restarts,
      draining: this.#stopping,
    };
  }

  /** Puts a new snapshot in force in every worker, one that is just starting included; resolves when all have it. */
  async publish(snapshot: Snapshot): Promise<void> {
    const before = this.#state;
    const { state, cleared } = nextSharedState(snapshot, this.#options.workers, before);
    this.#state = state;
    this.#notes.replaced(before, state, this.#at());
    this.#notes.note(cleared);
    this.#calls.publish(snapshot);
    const acknowledged = this.#answers.wait(
      `published ${snapshot.version}`,
      this.#workers('starting', 'listening'),
      ACK_DEADLINE_MS,
    );
    this.#tell({ kind: 'publish', state: state.published }, 'starting', 'listening');
    await acknowledged;
  }

  keys(): readonly KeyStatus[] {
    return describeKeys(this.#state.table, this.#clock.now(), this.#notes.evidenceOf);
  }

  pools(): readonly PoolStatus[] {
    return describePools(this.#state.table, this.#clock.now());
  }

  /** What has been spent of every budget there is. */
  spend(): readonly SpendStatus[] {
    return this.#calls.spend();
  }

  /** What is known of every limit at present. */
  limits(): readonly LimitSample[] {
    return sampleLimits(this.#state.table, this.#clock.now());
  }

  /** What was counted at every provider. */
  endpoints(): readonly EndpointCounts[] {
    return describeEndpoints(this.#state.table);
  }

  /** What was told of limits and could not be used, of all workers. */
  limitCounts(): Readonly<Record<LimitCount, number>> {
    const { table } = this.#state;
    return {
      implausible: limitCount(table, 'implausible'),
      ignored: limitCount(table, 'ignored'),
    };
  }

  /** The quota domains and limit groups each pool draws on. */
  poolMembers(): ReadonlyMap<string, readonly PoolMember[]> {
    return poolMembers(this.#state.plan);
  }

  clearCooldowns(filter: ClearFilter): readonly CooldownChange[] {
    const cleared = clearCooldowns(this.#state.table, filter, this.#at());
    this.#notes.note(cleared);
    // Whoever waits for what has just been cleared need not wait for its end.
    roomReturned(this.#waiting);
    ringOthers(this.#waiting);
    return cleared;
  }

  metrics(extra: readonly ExtraFamily[]): string {
    return renderMetrics(this.#metricCells, this.#options.workers + 1, extra);
  }

  /** Attempts since the start that may be charged at targets whose price is not known. */
  attemptsWithoutPrice(): number {
    return readCounter(this.#metricCells, this.#options.workers + 1, 'costUnknown');
  }

  /** Asks every worker to send the records it still holds. */
  async flushLog(): Promise<void> {
    this.#flushId += 1;
    const id = this.#flushId;
    const flushed = this.#answers.wait(
      `flushed ${id}`,
      this.#workers('listening'),
      ACK_DEADLINE_MS,
    );
    this.#tell({ kind: 'flush', id }, 'listening');
    await flushed;
  }

  /**
   * Serves what runs, takes nothing new once it is quiet, and ends within the grace, whether or not every worker answers. Resolves with
   * the requests that were cut.
   */
  async drain(graceMs: number): Promise<number> {
    this.#stopping = true;
    const drained = this.#answers.wait(
      'drained',
      this.#workers('starting', 'listening'),
      graceMs + CLOSE_DEADLINE_MS,
    );
    this.#tell({ kind: 'drain', graceMs }, 'starting', 'listening');
    for (const worker of await drained) this.#cut += this.#openIn(worker);
    await this.destroy();
    return this.#cut;
  }

  async destroy(): Promise<void> {
    this.#stopping = true;
    const slots = [...this.#slots.values()];
    for (const { restart } of slots) if (restart !== null) clearTimeout(restart);
    await Promise.all(slots.map((slot) => slot.handle.terminate()));
    if (this.#leftovers !== null) clearTimeout(this.#leftovers);
    this.#calls.close();
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
      readyCell: this.#readyCell,
      budgetCells: this.#calls.budgetCells,
      writers: this.#options.workers + 1,
      waitingCells: this.#waitingCells,
      waitingTimes: this.#options.waitingTimes,
      log: this.#options.connectLog(),
    };
    return new Promise((resolve, reject) => {
      let refused: ListenError | null = null;
      const giveUp = (error: ListenError): void => {
        clearTimeout(late);
        refused = error;
        reject(error);
        // What does not listen is no use; its end schedules the next try.
        void handle.terminate();
      };
      const late = setTimeout(
        () => giveUp(new ListenError('ETIMEDOUT', `worker ${worker} did not start in time`)),
        START_DEADLINE_MS,
      );
      const spawn = this.#options.spawn ?? startWorker;
      const handle = spawn(birth, {
        onMessage: (message) => {
          if (message.kind === 'listening') {
            clearTimeout(late);
            slot.state = 'listening';
            resolve(message.port);
          } else if (message.kind === 'failed') {
            giveUp(new ListenError(message.code, message.message));
          } else this.#onMessage(worker, message);
        },
        onExit: (code, error) => {
          clearTimeout(late);
          const reason = refused?.message ?? error?.message ?? `ended with code ${code}`;
          reject(new ListenError('EXIT', `worker ${worker}: ${reason}`));
          this.#onExit(worker, shared, reason);
        },
      });
      const slot: Slot = {
        handle,
        startedAt: this.#clock.now(),
        state: 'starting',
        backOffMs: this.#slots.get(worker)?.backOffMs ?? 0,
        restart: null,
        lost: 0,
      };
      this.#slots.set(worker, slot);
    });
  }

  #onMessage(worker: number, message: FromWorker): void {
    switch (message.kind) {
      case 'published':
        this.#answers.answer(`published ${message.version}`, worker);
        break;
      case 'flushed':
        this.#answers.answer(`flushed ${message.id}`, worker);
        break;
      case 'drained':
        this.#cut += message.cut;
        this.#answers.answer('drained', worker);
        break;
      case 'cooled':
        this.#notes.told(message, this.#state, this.#at());
        break;
      case 'flow':
        this.#options.onFlow?.(message.report);
        break;
      case 'account':
        this.#options.onAccount?.(message.sighting);
        break;
      case 'claims':
        this.#calls.onClaim(worker, message.message);
        break;
      case 'owners':
        this.#calls.onOwners(worker, message.message);
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
    if (slot === undefined) return;
    slot.lost = this.#openIn(worker);
    const listened = slot.state === 'listening';
    slot.state = 'gone';
    // Others wait for its locks, also while they drain.
    if (!recoverSharedState(this.#state, worker)) this.#returnLeftoversSoon();
    this.#calls.workerEnded(worker);
    recoverWaiting(this.#waitingCells, worker);
    new Meter(this.#metricCells, worker).clearGauges();
    this.#answers.ended(worker);
    if (this.#stopping || (!listened && !this.#started)) return;
    this.#options.onEvent({ kind: 'worker_crashed', worker, reason });
    slot.backOffMs = nextBackOffMs(slot.backOffMs, this.#clock.now() - slot.startedAt);
    slot.restart = setTimeout(() => this.#restart(worker, shared), slot.backOffMs);
  }

  #returnLeftoversSoon(): void {
    this.#leftovers ??= setTimeout(() => {
      this.#leftovers = null;
      if (!returnLeftovers(this.#state)) this.#returnLeftoversSoon();
    }, LEFTOVERS_MS).unref();
  }

  #restart(worker: number, shared: boolean): void {
    this.#restarts += 1;
    const started = this.#spawn(worker, this.#port, shared);
    const epoch = this.#epoch;
    started.then(
      () => this.#options.onEvent({ kind: 'worker_restarted', worker, epoch }),
      // Its exit is what schedules the next try.
      () => undefined,
    );
  }

  /** Requests a worker is answering, or was when its thread ended. */
  #openIn(worker: number): number {
    const slot = this.#slots.get(worker);
    if (slot?.state === 'gone') return slot.lost;
    return new Meter(this.#metricCells, worker).read('inFlight');
  }

  #workers(...states: readonly Slot['state'][]): readonly number[] {
    return [...this.#slots].flatMap(([worker, { state }]) =>
      states.includes(state) ? worker : [],
    );
  }

  #tell(message: ToWorker, ...states: readonly Slot['state'][]): void {
    for (const { handle, state } of this.#slots.values()) {
      if (states.includes(state)) handle.tell(message);
    }
  }

  #at(): { now: number; wallNow: number } {
    return { now: this.#clock.now(), wallNow: this.#clock.wallNow() };
  }
}

function startWorker(birth: WorkerBirth, events: WorkerEvents): WorkerHandle {
  return new WorkerHandle(birth, events);
}
