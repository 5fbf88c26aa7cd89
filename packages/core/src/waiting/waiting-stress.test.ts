import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { enqueue, nextTicket, serve, ticketState, waitingIn } from './turn-queue.ts';
import { recoverWaiting } from './recover-waiting.ts';
import { aSeat, faultsOf, costs } from './waiting-fixture.bench.ts';
import type { StressBirth } from './waiting-stress.bench.ts';
import {
  initWaitingTable,
  openWaitingTable,
  waitingBytes,
  waitingOfWorker,
} from './waiting-table.ts';

const SIZE = { tickets: 300, shares: 100 };
const WRITERS = 4;
const TERMINATIONS = 12;

function sharedTable() {
  const buffer = new SharedArrayBuffer(waitingBytes(WRITERS, SIZE));
  initWaitingTable(buffer, WRITERS, SIZE);
  return { buffer, served: new SharedArrayBuffer(16) };
}

async function start(
  state: ReturnType<typeof sharedTable>,
  birth: Pick<StressBirth, 'worker' | 'epoch' | 'tenant' | 'until'>,
): Promise<Worker> {
  const workerData: StressBirth = { ...birth, ...state };
  const worker = new Worker(new URL('./waiting-stress.bench.ts', import.meta.url), {
    workerData,
    execArgv: [],
  });
  await once(worker, 'message');
  return worker;
}

describe('a queue that workers share', () => {
  it('keeps to 70, 20 and 10 when each tenant is pinned to a worker of its own', async () => {
    const state = sharedTable();
    const tenants = [
      { name: 'a', index: 0, weight: 70 },
      { name: 'b', index: 1, weight: 20 },
      { name: 'c', index: 2, weight: 10 },
    ];
    const until = 1000;
    const workers = await Promise.all(
      tenants.map((tenant, at) => start(state, { worker: at + 1, epoch: 1, tenant, until })),
    );
    const done = workers.map((worker) => once(worker, 'exit'));
    await Promise.all(done);
    const counts = [...new Int32Array(state.served)].slice(0, 3);
    const total = counts.reduce((sum, count) => sum + count, 0);
    for (const [index, { weight }] of tenants.entries()) {
      const share = (100 * (counts[index] ?? 0)) / total;
      expect(Math.abs(share - weight)).toBeLessThanOrEqual(3);
    }
    expect(faultsOf(openWaitingTable(state.buffer, { worker: 0, epoch: 1 }))).toEqual([]);
  }, 30_000);

  it('loses nothing of the others and keeps nothing of its own when a worker is ended at any moment', async () => {
    const state = sharedTable();
    const table = openWaitingTable(state.buffer, { worker: 1, epoch: 1 });
    const seat = aSeat(['steady']);
    const terms = { turnAt: 1e9, cost: costs(1), tokens: 1 };
    for (let round = 1; round <= TERMINATIONS; round += 1) {
      const births = [2, 3].map((worker) =>
        start(state, { worker, epoch: round, tenant: null, until: 0 }),
      );
      const [ended, other] = await Promise.all(births);
      if (ended === undefined || other === undefined) throw new Error('two were started');
      await delay(round % 7);
      await ended.terminate();
      recoverWaiting(state.buffer, 2);
      expect(waitingOfWorker(table, 2)).toBe(0);
      await other.terminate();
      recoverWaiting(state.buffer, 3);
      expect(faultsOf(table)).toEqual([]);
      expect(waitingIn(table, seat.pool)).toBe(0);
      const id = enqueue(table, seat, terms, { now: 1e6, maxWaiting: 60 });
      if (typeof id === 'string') throw new Error(id);
      expect(nextTicket(table, seat.pool, { now: 0 })).toMatchObject({ id, worker: 1 });
      expect(serve(table, id)).not.toBeNull();
      expect(ticketState(table, id)).toBe('gone');
    }
  }, 30_000);
});
