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
import { roomReturned } from '@keywell/core/waiting/turn-queue';
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
import type { WorkerBirth } from '../worker/messages.ts';
import { CallKeeper } from './call-keeper.ts';
import { CooldownNotes } from './cooldown-notes.ts';
import {
  createSharedState,
  createWaitingCells,
  nextSharedState,
  recoverSharedState,
  returnLeftovers,
  type SharedState,
} from './shared-state.ts';
import {
  WorkerCrew,
  type CrewEvent,
  type SpawnWorker,
  type WorkerPlace,
  type WorkerTells,
} from './worker-crew.ts';

const ACK_DEADLINE_MS = 2000;
/** How soon it is tried again to give back what a dead worker held of a record that was busy. */
const LEFTOVERS_MS = 100;
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
  readonly spawn?: SpawnWorker;
}

/** What the operator should hear of. */
export type NodeEvent =
  | CrewEvent
  | { readonly kind: 'defect'; readonly requestId: string; readonly error: string };

/** The data plane of one node, as the main thread holds it: workers, the memory they share, and what people ask of it. */
export class GatewayNode {
  readonly #options: GatewayNodeOptions;
  readonly #clock = createClock();
  readonly #metricCells: SharedArrayBuffer;
  readonly #waitingCells: SharedArrayBuffer;
  readonly #waiting: WaitingTable;
  readonly #crew: WorkerCrew;
  readonly #notes: CooldownNotes;
  readonly #calls: CallKeeper;
  #state: SharedState;
  readonly #readyCell = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  #flushId = 0;
  #cut = 0;
  #leftovers: NodeJS.Timeout | null = null;

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
      tell: (worker, message) => this.#crew.tell(worker, message),
    });
    this.#crew = new WorkerCrew({
      workers: options.workers,
      clock: this.#clock,
      spawn: options.spawn,
      birthOf: (place) => this.#birthOf(place),
      onMessage: (worker, message) => this.#onMessage(worker, message),
      onGone: (worker) => this.#onGone(worker),
      onEvent: options.onEvent,
      inFlightOf: (worker) => new Meter(this.#metricCells, worker).read('inFlight'),
    });
    restoreCooldowns(this.#state.table, options.cooldowns, this.#at());
    this.#notes = new CooldownNotes(options.cooldowns, options.onCooled);
  }

  static async start(options: GatewayNodeOptions): Promise<GatewayNode> {
    const node = new GatewayNode(options);
    try {
      await node.#crew.start(options.host, options.port);
    } catch (error) {
      await node.destroy();
      throw error;
    }
    if (options.announceLater !== true) node.announceReady();
    return node;
  }

  /** From here on `/readyz` asks for traffic, on every worker at once. */
  announceReady(): void {
    Atomics.store(new Int32Array(this.#readyCell), 0, 1);
  }

  /** The port traffic arrives on. */
  get port(): number {
    return this.#crew.port;
  }

  get version(): number {
    return this.#state.snapshot.version;
  }

  status() {
    return {
      version: this.#state.snapshot.version,
      hash: this.#state.snapshot.hash,
      workers: this.#crew.status(),
      restarts: this.#crew.restarts,
      draining: this.#crew.leaving,
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
    await this.#crew.ask(
      { kind: 'publish', state: state.published },
      { answer: `published ${snapshot.version}`, of: 'all', withinMs: ACK_DEADLINE_MS },
    );
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
    await this.#crew.ask(
      { kind: 'flush', id },
      { answer: `flushed ${id}`, of: 'listening', withinMs: ACK_DEADLINE_MS },
    );
  }

  /**
   * Serves what runs, takes nothing new once it is quiet, and ends within the grace, whether or not every worker answers. Resolves with
   * the requests that were cut.
   */
  async drain(graceMs: number): Promise<number> {
    this.#crew.leave();
    const unanswered = await this.#crew.ask(
      { kind: 'drain', graceMs },
      { answer: 'drained', of: 'all', withinMs: graceMs + CLOSE_DEADLINE_MS },
    );
    for (const worker of unanswered) this.#cut += this.#crew.openIn(worker);
    await this.destroy();
    return this.#cut;
  }

  async destroy(): Promise<void> {
    await this.#crew.terminate();
    if (this.#leftovers !== null) clearTimeout(this.#leftovers);
    this.#calls.close();
  }

  #birthOf(place: WorkerPlace): WorkerBirth {
    return {
      ...place,
      state: this.#state.published,
      metricCells: this.#metricCells,
      readyCell: this.#readyCell,
      budgetCells: this.#calls.budgetCells,
      writers: this.#options.workers + 1,
      waitingCells: this.#waitingCells,
      waitingTimes: this.#options.waitingTimes,
      log: this.#options.connectLog(),
    };
  }

  #onMessage(worker: number, message: WorkerTells): void {
    switch (message.kind) {
      case 'published':
        this.#crew.answered(`published ${message.version}`, worker);
        break;
      case 'flushed':
        this.#crew.answered(`flushed ${message.id}`, worker);
        break;
      case 'drained':
        this.#cut += message.cut;
        this.#crew.answered('drained', worker);
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
    }
  }

  /** Makes good what its thread can no more. */
  #onGone(worker: number): void {
    // Others wait for its locks, also while they drain.
    if (!recoverSharedState(this.#state, worker)) this.#returnLeftoversSoon();
    this.#calls.workerEnded(worker);
    recoverWaiting(this.#waitingCells, worker);
    new Meter(this.#metricCells, worker).clearGauges();
  }

  #returnLeftoversSoon(): void {
    this.#leftovers ??= setTimeout(() => {
      this.#leftovers = null;
      if (!returnLeftovers(this.#state)) this.#returnLeftoversSoon();
    }, LEFTOVERS_MS).unref();
  }

  #at(): { now: number; wallNow: number } {
    return { now: this.#clock.now(), wallNow: this.#clock.wallNow() };
  }
}
