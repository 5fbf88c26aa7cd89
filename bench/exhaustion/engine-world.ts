// The engine's configuration and state for a world of the bench: what a snapshot would hold, one table for the node, handles for workers.
import {
  initKeyTable,
  openKeyTable,
  type KeyTable,
} from '../../packages/core/src/keys/key-table.ts';
import { planKeys, type KeyPlan, type PoolPlan } from '../../packages/core/src/keys/plan.ts';
import { Secret } from '../../packages/core/src/secret/secret.ts';
import { UNKNOWN_CAPABILITIES } from '../../packages/core/src/snapshot/snapshot.ts';
import type {
  PoolRecord,
  ProviderRecord,
  UpstreamKeyRecord,
} from '../../packages/core/src/snapshot/snapshot.ts';
import { seatOf, type ShareSeat } from '../../packages/core/src/waiting/share-seat.ts';
import {
  initWaitingTable,
  openWaitingTable,
  waitingBytes,
  type WaitingTable,
} from '../../packages/core/src/waiting/waiting-table.ts';
import type { Vendor } from '../../packages/providers/src/compatible/vendor.ts';
import { vendorOf } from '../../packages/providers/src/registry.ts';
import type { World } from './strategy.ts';

const POOL = 'chat';

/** One listener worker's handles on what the node shares. */
export interface WorkerTables {
  readonly keys: KeyTable;
  readonly waiting: WaitingTable;
}

export interface EngineWorld {
  readonly plan: KeyPlan;
  readonly pool: PoolPlan;
  readonly record: PoolRecord;
  /** By worker, from 1. */
  readonly workers: readonly WorkerTables[];
  /** By tenant. */
  readonly seats: readonly ShareSeat[];
  /** The bench's number of a candidate's key, by the candidate's index. */
  readonly keyOf: Int32Array;
  /** By the bench's number of the key. */
  readonly vendors: readonly Vendor[];
}

export function engineWorld(world: World): EngineWorld {
  const vendors = world.keys.map(({ kind }) => vendorFor(kind));
  const record = poolOf(world);
  const plan = planKeys({ providers: providersOf(world), pools: [record] });
  const pool = plan.pools.get(POOL);
  if (pool === undefined) throw new Error('the plan has no pool');
  const writers = world.workers + 1;
  const cells = new ArrayBuffer(plan.byteLength(writers));
  initKeyTable(plan, cells);
  const size = { tickets: 4096, shares: 64 };
  const queue = new ArrayBuffer(waitingBytes(writers, size));
  initWaitingTable(queue, writers, size);
  return {
    plan,
    pool,
    record,
    vendors,
    workers: Array.from({ length: world.workers }, (_, place) => {
      const writer = { worker: place + 1, epoch: 1 };
      return { keys: openKeyTable(plan, cells, writer), waiting: openWaitingTable(queue, writer) };
    }),
    seats: world.tenants.map(({ weight }, tenant) =>
      seatOf(POOL, { sharePath: [`tenant-${tenant}`], weight, priority: 0 }),
    ),
    keyOf: Int32Array.from(plan.candidates, ({ key }) =>
      world.keys.findIndex(({ name }) => name === key.id),
    ),
  };
}

/**
 * Bytes of a key table of 1,000 keys for two workers: a key and limit group's part of all but the leases and journals, and what those
 * of all writers take, which does not grow with the keys.
 */
export function tableBytes(groups: number): {
  readonly perGroup: number;
  readonly leasesAndJournals: number;
} {
  const world = { keys: [], tenants: [], workers: 2, model: 'm', maxWaitMs: 0, wallStart: 0 };
  const count = 1000;
  const writers = world.workers + 1;
  const models = Array.from({ length: groups }, (_, place) => `m${place}`);
  const keys = Array.from({ length: count }, (_, place) => ({
    name: `k${place}`,
    provider: 'one',
    kind: 'openai',
  }));
  const sized = { ...world, keys };
  const plan = planKeys({ providers: providersOf(sized), pools: [poolOf(sized, models)] });
  const leasesAndJournals = plan.layout.bytesPerWriter * writers;
  return {
    perGroup: (plan.byteLength(writers) - leasesAndJournals) / (count * groups),
    leasesAndJournals,
  };
}

function vendorFor(kind: string): Vendor {
  const vendor = vendorOf(kind) ?? vendorOf('openai-compatible');
  if (vendor === null) throw new Error(`there is no vendor "${kind}"`);
  return vendor;
}

function providersOf(world: World): ProviderRecord[] {
  const ids = [...new Set(world.keys.map(({ provider }) => provider))];
  return ids.map((id) => {
    const own = world.keys.filter(({ provider }) => provider === id);
    const kind = own[0]?.kind ?? 'openai';
    return {
      id,
      kind,
      baseUrl: `https://${id}.example/v1`,
      streamUsage: true,
      charge: vendorFor(kind).charge,
      failures: [],
      freeChecks: false,
      keys: own.map(({ name }) => keyRecord(name)),
    };
  });
}

const keyRecord = (name: string): UpstreamKeyRecord => ({
  id: name,
  value: new Secret(`bench-${name}`),
  fingerprint: name,
  domain: [`org-${name}`],
  domainPinned: true,
  domainInferred: false,
  ownerTenant: null,
  limits: [],
  weight: 1,
  models: [],
  organization: null,
  project: null,
});

/** One tier over every key. */
function poolOf(world: World, models: readonly string[] = [world.model]): PoolRecord {
  const ids = [...new Set(world.keys.map(({ provider }) => provider))];
  return {
    id: POOL,
    tiers: [
      {
        targets: ids.flatMap((provider) =>
          models.map((model) => ({
            provider,
            model,
            weight: 1,
            keys: [],
            group: model,
            price: null,
            contextLength: 128_000,
            capabilities: UNKNOWN_CAPABILITIES,
          })),
        ),
      },
    ],
    deadlineMs: 600_000,
    connectTimeoutMs: 5000,
    firstByteTimeoutMs: 60_000,
    idleTimeoutMs: 60_000,
    maxStreamDurationMs: 600_000,
    retryAmbiguous: 'once',
    maxWaitMs: world.maxWaitMs,
    spillAfterMs: 0,
    maxWaiting: 2000,
    strategy: 'headroom',
    affinity: 'none',
    hedge: null,
    continuation: false,
    strictTranslation: false,
    fallbackOn: ['context_length'],
  };
}
