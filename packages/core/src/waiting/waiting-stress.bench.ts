import { parentPort, workerData } from 'node:worker_threads';
import {
  callTicket,
  enqueue,
  leave,
  nextTicket,
  noteNoRoom,
  serve,
  waitingIn,
} from './turn-queue.ts';
import { aSeat, costs } from './waiting-fixture.bench.ts';
import { answerBell, bellCell, openWaitingTable } from './waiting-table.ts';

/** What a thread of the shared-memory test is told. */
export interface StressBirth {
  readonly buffer: SharedArrayBuffer;
  readonly worker: number;
  readonly epoch: number;
  /** Served counts, one Int32 a tenant. */
  readonly served: SharedArrayBuffer;
  /** The one tenant of this worker and its weight; null: several, at random, for a worker that is ended at some point. */
  readonly tenant: {
    readonly name: string;
    readonly index: number;
    readonly weight: number;
  } | null;
  /** Serving ends after so many in all; 0: never. */
  readonly until: number;
}

const SLOW_TENANTS = 5;
/** Tickets that each of the competing tenants keeps in the queue. */
const QUEUED = 20;
const COMPETITORS = 3;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- given by the test
const birth = workerData as StressBirth;
const table = openWaitingTable(birth.buffer, birth);
const served = new Int32Array(birth.served);
parentPort?.postMessage('ready');
if (birth.tenant === null) churn();
else compete(birth.tenant);

/** Keeps its own queue full and serves whatever of its own is next in the node's order; it waits for its turn like a worker does. */
function compete(tenant: NonNullable<StressBirth['tenant']>): void {
  const seat = aSeat([tenant.name], { weight: tenant.weight });
  const terms = { turnAt: 1e9, cost: costs(1), tokens: 1 };
  let waiting = 0;
  let everybodyCame = false;
  for (;;) {
    if (waiting < QUEUED) {
      const id = enqueue(table, seat, terms, { now: 0, maxWaiting: 1000 });
      if (typeof id === 'number') waiting += 1;
      continue;
    }
    everybodyCame ||= waitingIn(table, seat.pool) === QUEUED * COMPETITORS;
    if (!everybodyCame) continue;
    const total = served.reduce((sum, count) => sum + count, 0);
    if (total >= birth.until) break;
    const next = nextTicket(table, seat.pool, { now: 0 });
    if (next === null || next === 'busy') continue;
    if (next.worker !== birth.worker) {
      // The turn is another's: ring there, and sleep until it rings here.
      callTicket(table, next.id, 0);
      Atomics.wait(table.ints, bellCell(birth.worker), 0, 1);
      answerBell(table);
      continue;
    }
    const taken = serve(table, next.id);
    if (taken === null || taken === 'busy') continue;
    waiting -= 1;
    Atomics.add(served, tenant.index, 1);
  }
  parentPort?.postMessage('done');
}

/** Joins, leaves, is looked after and serves as fast as it can, until it is ended in the middle of something. */
function churn(): void {
  const mine: number[] = [];
  for (let turn = 0; ; turn += 1) {
    const seat = aSeat([`org-${turn % 3}`, `churn-${turn % SLOW_TENANTS}`]);
    const id = enqueue(
      table,
      seat,
      { turnAt: turn % 1000, cost: costs(1 + (turn % 7)), tokens: 1 },
      { now: turn, maxWaiting: 60 },
    );
    if (typeof id === 'number') mine.push(id);
    // Nothing is as large as what does not fit: only the list of those that are looked after comes and goes.
    const keep = { id: mine[turn % 5] ?? 0, candidate: turn % 9, from: turn };
    noteNoRoom(table, seat.pool, { tokens: 2, now: turn, until: turn + (turn % 8), keep });
    if (turn % 3 === 0) leave(table, mine.shift() ?? 0);
    if (turn % 2 === 0) {
      const next = nextTicket(table, seat.pool, { now: 0 });
      if (next !== null && next !== 'busy') serve(table, next.id);
    }
  }
}
