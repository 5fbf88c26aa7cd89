import { formatKeyHash } from '@keywell/core/access/key-hash';
import { isPassthroughPool } from '@keywell/core/snapshot/passthrough-pool';
import type {
  IdempotencyRecord,
  ProviderRecord,
  Snapshot,
  TrafficRecord,
  UpstreamKeyRecord,
} from '@keywell/core/snapshot/snapshot';

/** A record of the configuration as a file would show it, secrets as fingerprints. Field order is fixed: the hash depends on it. */
export type Described = Readonly<Record<string, unknown>>;

/** A snapshot in the words of the file. What is described is what the hash and a diff cover; slots of consumers are neither. */
export interface DescribedSnapshot {
  readonly providers: readonly Described[];
  readonly pools: readonly Described[];
  readonly models: readonly Described[];
  readonly consumers: readonly Described[];
  readonly traffic: Described;
  readonly idempotency: Described;
  readonly alerts: readonly Described[];
}

/** Puts a snapshot into plain, secret-free data. */
export function describeSnapshot(snapshot: Omit<Snapshot, 'version' | 'hash'>): DescribedSnapshot {
  return {
    providers: snapshot.providers.map(describeProvider),
    // What is passed through has pools that no file has: they follow from the providers.
    pools: snapshot.pools
      .filter(({ id }) => !isPassthroughPool(id))
      .map((pool) => ({
        id: pool.id,
        tiers: pool.tiers.map((tier) => ({ targets: tier.targets })),
        deadline_ms: pool.deadlineMs,
        connect_timeout_ms: pool.connectTimeoutMs,
        first_byte_timeout_ms: pool.firstByteTimeoutMs,
        idle_timeout_ms: pool.idleTimeoutMs,
        max_stream_duration_ms: pool.maxStreamDurationMs,
        retry_ambiguous: pool.retryAmbiguous,
        max_wait_ms: pool.maxWaitMs,
        spill_after_ms: pool.spillAfterMs,
        max_waiting: pool.maxWaiting,
        strategy: pool.strategy,
        affinity: pool.affinity,
        hedge: pool.hedge,
        continuation: pool.continuation,
        fallback_on: pool.fallbackOn,
        strict_translation: pool.strictTranslation,
      })),
    models: snapshot.models.map(({ alias, pool }) => ({ alias, pool })),
    consumers: snapshot.consumers.map((consumer) => ({
      id: consumer.id,
      key_hashes: consumer.keyHashes.map(formatKeyHash),
      models: consumer.models,
      passthrough: consumer.passthrough ?? [],
      requests_per_minute: consumer.requestsPerMinute,
      enabled: consumer.enabled,
      share_path: consumer.sharePath,
      weight: consumer.weight,
      priority: consumer.priority,
      budget: consumer.budget,
    })),
    traffic: describeTraffic(snapshot.traffic),
    idempotency: describeIdempotency(snapshot.idempotency),
    alerts: describeAlerts(snapshot.alerts),
  };
}

function describeAlerts(alerts: Snapshot['alerts']): readonly Described[] {
  return alerts.map(({ id, pool, belowPercent, etaBelowMs }) => ({
    id,
    pool,
    below_percent: belowPercent,
    eta_below_ms: etaBelowMs,
  }));
}

function describeTraffic(traffic: TrafficRecord): Described {
  return {
    max_body_bytes: traffic.maxBodyBytes,
    max_response_bytes: traffic.maxResponseBytes,
    max_connections: traffic.maxConnections,
    headers_timeout_ms: traffic.headersTimeoutMs,
    body_idle_timeout_ms: traffic.bodyIdleTimeoutMs,
    slow_reader_timeout_ms: traffic.slowReaderTimeoutMs,
    shutdown_grace_ms: traffic.shutdownGraceMs,
  };
}

function describeIdempotency(idempotency: IdempotencyRecord): Described {
  return {
    enabled: idempotency.enabled,
    ttl_ms: idempotency.ttlMs,
    max_entries: idempotency.maxEntries,
    max_bytes: idempotency.maxBytes,
    max_answer_bytes: idempotency.maxAnswerBytes,
    max_wait_ms: idempotency.maxWaitMs,
  };
}

function describeProvider(provider: ProviderRecord): Described {
  return {
    id: provider.id,
    kind: provider.kind,
    base_url: provider.baseUrl,
    stream_usage: provider.streamUsage,
    free_checks: provider.freeChecks,
    charge: provider.charge,
    failures: provider.failures,
    prefill: provider.prefill ?? null,
    auth: provider.auth ?? null,
    dialects: provider.dialects ?? null,
    headers: (provider.headers ?? []).map(({ name, fingerprint }) => ({
      name,
      value: `[secret ${fingerprint}]`,
    })),
    api_version: provider.apiVersion ?? null,
    passthrough: provider.passthrough ?? [],
    keys: provider.keys.map(describeKey),
  };
}

function describeKey(key: UpstreamKeyRecord): Described {
  return {
    id: key.id,
    value: key.value === null ? null : `[secret ${key.fingerprint}]`,
    domain: key.domain.join('/'),
    domain_pinned: key.domainPinned,
    domain_inferred: key.domainInferred,
    owner_tenant: key.ownerTenant,
    limits: key.limits,
    weight: key.weight,
    models: key.models,
    organization: key.organization,
    project: key.project,
  };
}
