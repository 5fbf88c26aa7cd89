import { hash } from 'node:crypto';
import { parseConsumerKey } from '@keywell/core/access/consumer-key';
import {
  compileFirstMatch,
  compileModelPatterns,
  type ModelMatcher,
} from '@keywell/core/access/model-patterns';
import { openKeyTable, type KeyTable } from '@keywell/core/keys/key-table';
import { planKeys, type KeyPlan, type PoolPlan } from '@keywell/core/keys/plan';
import { poolKeyOf } from '@keywell/core/waiting/share-seat';
import type { ConsumerRecord, PoolRecord } from '@keywell/core/snapshot/snapshot';
import { passthroughPoolId } from '@keywell/core/snapshot/passthrough-pool';
import { openedProvider, type OpenedProvider } from '../passthrough/opened-provider.ts';
import { readSnapshot, type SnapshotHead } from './decode-snapshot.ts';

/** A consumer with what is compiled from its record at its first call. */
export interface LiveConsumer {
  readonly record: ConsumerRecord;
  readonly mayCall: ModelMatcher;
}

/** A model alias with the pool that answers for it. */
export interface LiveModel {
  readonly alias: string;
  readonly pool: PoolRecord;
  readonly plan: PoolPlan;
  /** The pool's name in the waiting table. */
  readonly poolKey: number;
}

/** One model at one provider, by the names the configuration has for them. */
export interface NamedTarget {
  readonly provider: string;
  readonly model: string;
}

/** What a name leads to. */
export interface FoundModel {
  readonly model: LiveModel;
  /** Null where any target of the pool may serve. */
  readonly only: NamedTarget | null;
}

export interface Opened {
  readonly provider: OpenedProvider;
  readonly model: LiveModel;
}

/** One published snapshot as a worker serves it. A request keeps the one it started with to its end. */
export interface LiveSnapshot {
  readonly head: SnapshotHead;
  readonly plan: KeyPlan;
  readonly table: KeyTable;
  /** By alias; those with a `*` are among them. */
  readonly models: ReadonlyMap<string, LiveModel>;
  /** What a name means: an alias; `provider/model` for a target of some pool; else the first alias with a `*` that fits. */
  find(name: string): FoundModel | null;
  /** What may be passed through to a provider, and the pool of its keys; null where nothing may. Compiled at the first call. */
  opened(provider: string): Opened | null;
  /** Requests that go by it now. */
  requests: number;
  /** Who a consumer key belongs to. The key is looked up by its hash; who called lately is remembered, bounded, for the snapshot's life. */
  consumerByKey(key: string): LiveConsumer | null;
}

/** Consumers that are remembered by their key, so that a key is hashed at its first call and not at every one. */
const MAX_REMEMBERED = 4096;

/** Reads a published snapshot; records are compiled when first used, and kept for as long as the snapshot lives. */
export function openSnapshot(
  encoded: SharedArrayBuffer,
  keyCells: SharedArrayBuffer,
  writer: { readonly worker: number; readonly epoch: number },
): LiveSnapshot {
  const reader = readSnapshot(encoded);
  const plan = planKeys(reader.head);
  const models = compileModels(reader.head, plan);
  const remembered = new Map<string, LiveConsumer>();
  return {
    head: reader.head,
    plan,
    table: openKeyTable(plan, keyCells, writer),
    models,
    find: finderOf(models),
    opened: openerOf(reader.head, plan),
    requests: 0,
    consumerByKey(key) {
      const known = remembered.get(key);
      if (known !== undefined) return known;
      const record =
        parseConsumerKey(key) === null
          ? null
          : reader.consumerByKeyHash(hash('sha256', key, 'buffer'));
      if (record === null) return null;
      const live = { record, mayCall: compileModelPatterns(record.models) };
      if (remembered.size >= MAX_REMEMBERED) remembered.clear();
      // A text of its own: the one that came is part of a request's whole head, which would be remembered with it.
      remembered.set(Buffer.from(key, 'latin1').toString('latin1'), live);
      return live;
    },
  };
}

function compileModels(head: SnapshotHead, plan: KeyPlan): ReadonlyMap<string, LiveModel> {
  const pools = new Map(head.pools.map((pool) => [pool.id, pool]));
  const models = new Map<string, LiveModel>();
  for (const { alias, pool: poolId } of head.models) {
    const pool = pools.get(poolId);
    const poolPlan = plan.pools.get(poolId);
    if (pool !== undefined && poolPlan !== undefined) {
      models.set(alias, { alias, pool, plan: poolPlan, poolKey: poolKeyOf(poolId) });
    }
  }
  return models;
}

function openerOf(head: SnapshotHead, plan: KeyPlan): LiveSnapshot['opened'] {
  const known = new Map<string, Opened>();
  return (id) => {
    const made = known.get(id);
    if (made !== undefined) return made;
    const poolId = passthroughPoolId(id);
    const pool = head.pools.find((each) => each.id === poolId);
    const record = head.providers.find((each) => each.id === id);
    const poolPlan = plan.pools.get(poolId);
    const provider = record === undefined ? null : openedProvider(record);
    if (pool === undefined || poolPlan === undefined || provider === null) return null;
    const model = { alias: poolId, pool, plan: poolPlan, poolKey: poolKeyOf(poolId) };
    const opened = { provider, model };
    known.set(id, opened);
    return opened;
  };
}

function finderOf(models: ReadonlyMap<string, LiveModel>): LiveSnapshot['find'] {
  const starred = [...models.values()].filter(({ alias }) => alias.includes('*'));
  const firstFitting = compileFirstMatch(starred.map(({ alias }) => alias));
  const targets = targetsOf([...models.values()]);
  return (name) => {
    const model = models.get(name);
    if (model !== undefined) return { model, only: null };
    const target = targets.get(name);
    if (target !== undefined) return target;
    const fitting = starred[firstFitting(name)];
    return fitting === undefined ? null : { model: fitting, only: null };
  };
}

/** Every target of a pool that an alias leads to; the first pool that has it serves. */
function targetsOf(models: readonly LiveModel[]): ReadonlyMap<string, FoundModel> {
  const targets = new Map<string, FoundModel>();
  for (const model of models) {
    for (const tier of model.pool.tiers) {
      for (const { provider, model: name } of tier.targets) {
        const full = `${provider}/${name}`;
        if (!targets.has(full)) targets.set(full, { model, only: { provider, model: name } });
      }
    }
  }
  return targets;
}
