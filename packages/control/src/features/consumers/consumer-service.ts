import { createHash } from 'node:crypto';
import {
  CONSUMER_KEY_ID_BYTES,
  CONSUMER_KEY_SECRET_BYTES,
  formatConsumerKey,
  parseConsumerKey,
} from '@keywell/core/access/consumer-key';
import { formatKeyHash } from '@keywell/core/access/key-hash';
import type { SpendStatus } from '@keywell/core/budgets/spend';
import type { BudgetRecord } from '@keywell/core/snapshot/snapshot';
import type { LiveConfiguration } from '../../configuration/live-configuration.ts';
import type { Answer, Caller } from '../../http/bind-route.ts';
import type { DataPlane } from '../../ports/data-plane.ts';
import type { AuditStore, ConsumerStore, StoredConsumer } from '../../ports/stores.ts';

export interface ConsumerPorts {
  readonly consumers: ConsumerStore;
  readonly configuration: Pick<LiveConfiguration, 'snapshot' | 'refreshConsumers'>;
  readonly audit: Pick<AuditStore, 'append'>;
  readonly dataPlane: Pick<DataPlane, 'spend'>;
  /** Bytes from a cryptographic source. */
  readonly randomBytes: (count: number) => Uint8Array;
  readonly wallNow: () => number;
}

export interface NewConsumer {
  readonly id: string;
  readonly name: string | null;
  readonly models: readonly string[];
  readonly requestsPerMinute: number | null;
}

/** A consumer as people see it. */
export interface ConsumerRow extends NewConsumer {
  readonly source: 'file' | 'command';
  readonly keyIds: readonly string[];
  readonly enabled: boolean;
  readonly budget: BudgetRow | null;
  readonly createdAt: number | null;
}

/** A budget with what has been spent of it. */
export interface BudgetRow extends BudgetRecord {
  readonly spentMicros: number;
  readonly heldMicros: number;
}

/** Every consumer that is known: those in force, and those the store holds beside them. */
export async function listConsumers(ports: ConsumerPorts): Promise<readonly ConsumerRow[]> {
  const spend = new Map(ports.dataPlane.spend().map((each) => [each.consumer, each]));
  const stored = new Map((await ports.consumers.list()).map((each) => [each.id, each]));
  return ports.configuration.snapshot().consumers.map((record): ConsumerRow => {
    const twin = stored.get(record.id);
    const ours = twin !== undefined && record.keyHashes.includes(twin.keyHash);
    return {
      id: record.id,
      name: twin?.name ?? null,
      source: ours && record.keyHashes.length === 1 ? 'command' : 'file',
      keyIds: ours ? [twin.keyId] : [],
      models: record.models,
      requestsPerMinute: record.requestsPerMinute,
      enabled: record.enabled,
      budget: budgetRow(record.budget, spend.get(record.id)),
      createdAt: twin?.createdAt ?? null,
    };
  });
}

function budgetRow(budget: BudgetRecord | null, spend: SpendStatus | undefined): BudgetRow | null {
  if (budget === null) return null;
  return { ...budget, spentMicros: spend?.spentMicros ?? 0, heldMicros: spend?.heldMicros ?? 0 };
}

export interface AddedConsumer {
  readonly row: ConsumerRow;
  /** Shown once, kept nowhere. */
  readonly key: string;
  readonly keyHash: string;
}

/** Adds a consumer with a fresh key, keeps the hash alone, and puts it in force before it answers. */
export async function addConsumer(
  ports: ConsumerPorts,
  wanted: NewConsumer,
  caller: Caller,
): Promise<Answer<AddedConsumer>> {
  const refusal = refuse(ports, wanted);
  if (refusal !== null) return refusal;
  const key = formatConsumerKey(
    ports.randomBytes(CONSUMER_KEY_ID_BYTES),
    ports.randomBytes(CONSUMER_KEY_SECRET_BYTES),
  );
  const hash = createHash('sha256').update(key, 'utf8').digest('hex');
  const stored: StoredConsumer = {
    ...wanted,
    keyId: parseConsumerKey(key)?.id ?? '',
    keyHash: hash,
    createdAt: ports.wallNow(),
    disabled: false,
  };
  const added = await ports.consumers.add(stored);
  if (!added.ok)
    return { ok: false, code: 'conflict', detail: `The ${added.conflict} is taken already.` };
  await ports.audit.append({
    at: stored.createdAt,
    actor: caller.actor,
    action: 'consumer.added',
    target: wanted.id,
    detail: {
      key_id: stored.keyId,
      models: wanted.models.join(' '),
      requests_per_minute: wanted.requestsPerMinute,
      address: caller.address,
      request_id: caller.requestId,
    },
  });
  await ports.configuration.refreshConsumers();
  const row: ConsumerRow = {
    ...wanted,
    source: 'command',
    keyIds: [stored.keyId],
    enabled: true,
    budget: null,
    createdAt: stored.createdAt,
  };
  return { ok: true, value: { row, key, keyHash: formatKeyHash(hash) } };
}

function refuse({ configuration }: ConsumerPorts, wanted: NewConsumer): Answer<never> | null {
  const { consumers, models } = configuration.snapshot();
  if (consumers.some((each) => each.id === wanted.id))
    return { ok: false, code: 'conflict', detail: 'There is a consumer of this id.' };
  const aliases = models.map((model) => model.alias);
  const unknown = wanted.models.filter((each) => !each.includes('*') && !aliases.includes(each));
  if (unknown.length === 0) return null;
  const detail = `Not a model alias: ${unknown.slice(0, 5).join(', ')}. Known: ${aliases.slice(0, 20).join(', ') || 'none'}.`;
  return { ok: false, code: 'invalid_parameter', detail };
}
