import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MessagePort } from 'node:worker_threads';
import type { Account } from '@keywell/core/keys/account';
import type { Candidate } from '@keywell/core/keys/plan';
import { describeLimits } from '@keywell/core/keys/describe-limits';
import { bindAtOnce } from '@keywell/core/keys/restore-cooldowns';
import { settleDeferred } from '@keywell/core/keys/reserve';
import type { CooldownChange } from '@keywell/core/keys/status';
import { CounterTable } from '@keywell/core/limits/counter-table';
import { answerHealth, type NodeState } from '../endpoints/answer-health.ts';
import { answerRefusal } from '../endpoints/answer-refusal.ts';
import { matchRoute } from '../endpoints/routes.ts';
import { settle } from '../phases/settle.ts';
import { Budgets } from '../budgets/budgets.ts';
import { Hedging } from '../hedging/hedging.ts';
import { ClaimDesk } from '../idempotency/claim-desk.ts';
import { createClock, type Clock } from '../pipeline/clock.ts';
import { DeadlineSweeper } from '../pipeline/deadline-sweeper.ts';
import { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse, type Refusal } from '../pipeline/refusal.ts';
import type { Route } from '../pipeline/route.ts';
import { runRoute } from '../pipeline/run-route.ts';
import { FlowMeter } from '../relay/flow-meter.ts';
import type { Inbound } from '../seam/inbound.ts';
import { OwnerDesk } from '../ownership/owner-desk.ts';
import type { HeadProblem } from '../server/head-guard.ts';
import { TrafficServer } from '../server/traffic-server.ts';
import { openSnapshot, type LiveSnapshot } from '../snapshot/live-snapshot.ts';
import { LogWriter } from '../telemetry/log-writer.ts';
import { Meter } from '../telemetry/meter.ts';
import { loadCodecs } from '../translate/codec-of.ts';
import { neededBySnapshot } from '../translate/needed-codecs.ts';
import { WaitingRoom } from '../waiting/waiting-room.ts';
import { LiveKeys } from '../upstream/credentials/live-keys.ts';
import { Http1Outbound } from '../upstream/http1/http1-outbound.ts';
import type { FromWorker, PublishedState, ToWorker, WorkerBirth } from './messages.ts';
import { createRequestIds } from './request-ids.ts';

/** A stopping worker goes on accepting until nothing new has come for this long. */
const QUIET_MS = 1000;
const LAG_INTERVAL_MS = 5000;
/** How soon a settlement that found its record busy is tried again. */
const SETTLE_INTERVAL_MS = 100;
const FLOW_INTERVAL_MS = 500;

/** One worker of the data plane: a listener, the phases, and the shared tables it works on. */
export class GatewayWorker implements Plane {
  readonly clock: Clock = createClock();
  readonly random = Math.random;
  readonly sweeper = new DeadlineSweeper(() => this.clock.now());
  readonly outbound = new Http1Outbound();
  readonly credentials = new LiveKeys(this);
  readonly flows = new FlowMeter(this.clock.now());
  readonly waiting: WaitingRoom;
  counters: CounterTable;
  readonly budgets: Budgets;
  readonly hedging = new Hedging();
  readonly claims = new ClaimDesk((message) => this.#tell({ kind: 'claims', message }));
  readonly owners = new OwnerDesk((message) => this.#tell({ kind: 'owners', message }));
  readonly meter: Meter;
  readonly log: LogWriter | null;
  live: LiveSnapshot;

  readonly #birth: WorkerBirth;
  readonly #port: MessagePort;
  readonly #server: TrafficServer;
  readonly #nextId: () => string;
  readonly #ready: Int32Array;
  #inFlight = 0;
  /** When the last request's head came; whoever only asks whether we are ready does not count, or a drain would never find quiet. */
  #lastRequestAt = 0;
  #draining = false;
  /** Snapshots that were replaced while requests still went by them. */
  #former: LiveSnapshot[] = [];
  /** The last snapshot that still waits for codecs. */
  #publishing: Promise<void> | null = null;
  #whenIdle: (() => void) | null = null;

  readonly #ends = {
    answerRefusal,
    settle: (exchange: Exchange): void => {
      settle(exchange, this);
      this.#onEnd(exchange);
    },
    onDefect: (error: unknown, exchange: Exchange): void => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#tell({ kind: 'defect', requestId: exchange.id, error: text });
    },
  };

  constructor(birth: WorkerBirth, port: MessagePort) {
    this.#birth = birth;
    this.#port = port;
    this.#ready = new Int32Array(birth.readyCell);
    this.counters = new CounterTable(birth.state.counterCells, birth);
    this.budgets = new Budgets(birth.budgetCells, birth, birth.writers, () => this.clock.wallNow());
    this.meter = new Meter(birth.metricCells, birth.worker);
    this.log = birth.log === null ? null : new LogWriter(birth.log);
    this.live = this.#open(birth.state);
    this.waiting = new WaitingRoom(this, {
      cells: birth.waitingCells,
      writer: birth,
      times: birth.waitingTimes,
      limitsOf: (live, now) => describeLimits(live.table, now),
    });
    this.#nextId = createRequestIds(birth.worker, this.clock.wallNow(), this.random);
    const { traffic } = this.live.head;
    this.#server = new TrafficServer({
      sweeper: this.sweeper,
      now: () => this.clock.now(),
      headersTimeoutMs: traffic.headersTimeoutMs,
      maxConnections: traffic.maxConnections,
      slowReaderTimeoutMs: () => this.live.head.traffic.slowReaderTimeoutMs,
      onRequest: (inbound, problem) => this.#onRequest(inbound, problem),
    });
    port.on('message', (message: ToWorker) => this.#onMessage(message));
    this.#watchLag();
    setInterval(() => this.#settleDeferred(), SETTLE_INTERVAL_MS).unref();
    setInterval(() => this.#tellFlows(), FLOW_INTERVAL_MS).unref();
  }

  async listen(): Promise<void> {
    const { host, port, shared } = this.#birth;
    await loadCodecs(neededBySnapshot(this.live.head));
    try {
      this.#tell({ kind: 'listening', port: await this.#server.listen({ host, port, shared }) });
    } catch (error) {
      const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
      this.#tell({ kind: 'failed', code: String(code), message: String(error) });
    }
  }

  cooled(changes: readonly CooldownChange[], from: LiveSnapshot): void {
    const { table, head } = this.live;
    const at = { now: this.clock.now(), wallNow: this.clock.wallNow() };
    // A verdict that belongs to a snapshot that was replaced meanwhile must bind in the new table too.
    const unplaced = from.table.buffer === table.buffer ? [] : bindAtOnce(table, changes, at);
    this.#tell({ kind: 'cooled', changes, version: head.version, unplaced });
  }

  accountSeen({ provider, key }: Candidate, account: Account): void {
    const { ownerTenant, fingerprint } = key;
    const credential = { baseUrl: provider.baseUrl, ownerTenant, fingerprint };
    const sighting = { provider: provider.id, key: key.id, ...credential, account };
    this.#tell({ kind: 'account', sighting });
  }

  #onRequest(inbound: Inbound, problem: HeadProblem | null): void {
    const now = this.clock.now();
    const exchange = new Exchange(inbound, this.live, {
      id: this.#nextId(),
      now,
      wallNow: this.clock.wallNow(),
    });
    if (problem === null && answerHealth(exchange, this.#nodeState())) return;
    this.#lastRequestAt = now;
    this.#inFlight += 1;
    exchange.live.requests += 1;
    this.meter.add('inFlight');
    const found = problem === null ? this.#route(exchange) : refuse(problem.code, problem.message);
    if ('kind' in found) {
      answerRefusal(exchange, found);
      settle(exchange, this);
      this.#onEnd(exchange);
      return;
    }
    runRoute(exchange, this, found, this.#ends);
  }

  #nodeState(): NodeState {
    if (this.#draining) return 'draining';
    return Atomics.load(this.#ready, 0) === 0 ? 'starting' : 'ok';
  }

  #route(exchange: Exchange): Route | Refusal {
    const match = matchRoute(exchange.path, exchange.inbound.method);
    if (match === null)
      return refuse('not_found', `There is no endpoint at ${exchange.path.slice(0, 64)}.`);
    const { route, parameter } = match;
    if (route.method !== exchange.inbound.method) {
      return refuse('method_not_allowed', null, {
        headers: ['allow', route.allow ?? route.method],
      });
    }
    exchange.operation = route.operation;
    exchange.pathParameter = parameter;
    return route;
  }

  #onEnd(exchange: Exchange): void {
    exchange.live.requests -= 1;
    this.#inFlight -= 1;
    this.meter.add('inFlight', -1);
    if (this.#inFlight === 0) this.#whenIdle?.();
  }

  #open(state: PublishedState): LiveSnapshot {
    return openSnapshot(state.snapshot, state.keyCells, this.#birth);
  }

  #onMessage(message: ToWorker): void {
    switch (message.kind) {
      case 'publish':
        this.#publish(message.state);
        break;
      case 'claims':
        this.claims.onReply(message.message);
        break;
      case 'owners':
        this.owners.onReply(message.message);
        break;
      case 'flush':
        this.log?.flush();
        this.#tell({ kind: 'flushed', id: message.id });
        break;
      case 'drain':
        void this.#drain(message.graceMs);
        break;
    }
  }

  /** Goes by a new snapshot, at once where the codecs that its providers need are there; snapshots keep their order. */
  #publish(state: PublishedState): void {
    const live = this.#open(state);
    const loading = loadCodecs(neededBySnapshot(live.head));
    if (loading === null && this.#publishing === null) {
      this.#goBy(live, state);
      return;
    }
    // Once one had to wait, those after it queue behind it: they are rare.
    this.#publishing = this.#goByLater(live, state, loading);
  }

  async #goByLater(
    live: LiveSnapshot,
    state: PublishedState,
    loading: Promise<void> | null,
  ): Promise<void> {
    const before = this.#publishing;
    await loading;
    await before;
    this.#goBy(live, state);
  }

  #goBy(live: LiveSnapshot, state: PublishedState): void {
    this.counters = new CounterTable(state.counterCells, this.#birth);
    this.budgets.reopen();
    this.#former.push(this.live);
    this.live = live;
    this.waiting.snapshotChanged(live);
    this.#tell({ kind: 'published', version: state.version });
  }

  /**
   * Says that it is leaving and goes on serving: closing a shared listener resets the connections that wait in its queue, so it is
   * closed only when nothing new has come for a while. Then whatever runs may finish within the grace.
   */
  async #drain(graceMs: number): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    this.#server.draining = true;
    const start = this.clock.now();
    const endsAt = start + graceMs;
    this.waiting.drain(endsAt);
    await this.#until(() => {
      const quietSince = Math.max(start, this.#lastRequestAt);
      return this.clock.now() - quietSince >= QUIET_MS || this.clock.now() >= endsAt;
    });
    const closed = this.#server.close();
    await this.#untilIdle(endsAt);
    const cut = this.#inFlight;
    this.#server.stopSessions();
    this.#server.closeIdle();
    if (cut > 0) this.#server.destroyAll();
    await Promise.race([closed, pause(QUIET_MS)]);
    this.#server.destroyAll();
    this.#settleDeferred();
    this.log?.flush();
    this.sweeper.stop();
    await this.outbound.close();
    this.#tell({ kind: 'drained', cut });
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) await pause(50);
  }

  async #untilIdle(endsAt: number): Promise<void> {
    const left = endsAt - this.clock.now();
    if (this.#inFlight === 0 || left <= 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
    await Promise.race([idle, pause(left)]);
  }

  /** Makes up for settlements that found their record busy, in replaced tables too for as long as requests go by them. */
  #settleDeferred(): void {
    this.budgets.settleWaiting();
    this.#settleDeferredOf(this.live);
    if (this.#former.length === 0) return;
    for (const former of this.#former) this.#settleDeferredOf(former);
    this.#former = this.#former.filter(
      ({ requests, table }) => requests > 0 || table.deferred.length > 0,
    );
  }

  #settleDeferredOf(live: LiveSnapshot): void {
    if (live.table.deferred.length === 0) return;
    const changes = settleDeferred(live.table);
    if (changes.length > 0) this.cooled(changes, live);
  }

  #watchLag(): void {
    const histogram = monitorEventLoopDelay({ resolution: 20 });
    histogram.enable();
    setInterval(() => {
      this.meter.set('loopLag', histogram.percentile(99) / 1e6);
      this.meter.set('connections', this.#server.connections);
      histogram.reset();
    }, LAG_INTERVAL_MS).unref();
  }

  #tellFlows(): void {
    const report = this.flows.take(this.clock.now());
    if (report !== null) this.#tell({ kind: 'flow', report });
  }

  #tell(message: FromWorker): void {
    this.#port.postMessage(message);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
