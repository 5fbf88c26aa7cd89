/** Entry of a gateway worker like any other, that also tells what it holds when `held-by-workers.contract.ts` asks. */
import { BroadcastChannel, parentPort, workerData } from 'node:worker_threads';
import { readCell } from '@keywell/core/keys/cooldown-cells';
import type { KeyTable } from '@keywell/core/keys/key-table';
import { leaseCell, leaseHead } from '@keywell/core/keys/lease-cells';
import { LEASE, LEASE_HEAD } from '@keywell/core/keys/table-layout';
import { waitingOfWorker } from '@keywell/core/waiting/waiting-table';
import { heapInUse } from '@keywell/testkit/heap-in-use';
import { GatewayWorker } from '../worker/gateway-worker.ts';
import type { WorkerBirth } from '../worker/messages.ts';
import { HELD_CHANNEL, HELD_QUESTION, type Held } from './held-by-workers.contract.ts';

function leasesIn(table: KeyTable): number {
  const head = leaseHead(table, table.worker);
  const top = readCell(table, head + LEASE_HEAD.top);
  let held = 0;
  for (let lease = 0; lease < top; lease += 1) {
    if (readCell(table, leaseCell(table, head, lease) + LEASE.candidate) !== 0) held += 1;
  }
  return held;
}

function heldBy({ live, waiting, sweeper }: GatewayWorker): Held {
  return {
    worker: live.table.worker,
    heapBytes: heapInUse(),
    leases: leasesIn(live.table),
    deferred: live.table.deferred.length,
    tickets: waitingOfWorker(waiting.table, live.table.worker),
    deadlines: sweeper.size,
    timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
  };
}

if (parentPort !== null) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- given by WorkerHandle
  const worker = new GatewayWorker(workerData as WorkerBirth, parentPort);
  const channel = new BroadcastChannel(HELD_CHANNEL);
  channel.unref();
  channel.addEventListener('message', (message: unknown): void => {
    const asked: unknown =
      Object(message) === message ? Reflect.get(Object(message), 'data') : null;
    if (asked === HELD_QUESTION) channel.postMessage(heldBy(worker));
  });
  await worker.listen();
}
