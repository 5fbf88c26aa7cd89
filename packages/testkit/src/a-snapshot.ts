import { PLAIN_CHARGE } from '@keywell/core/keys/charge-rule';
import { passthroughPools } from '@keywell/core/snapshot/passthrough-pool';
import { Secret } from '@keywell/core/secret/secret';
import { UNKNOWN_CAPABILITIES } from '@keywell/core/snapshot/snapshot';
import type {
  ConsumerRecord,
  IdempotencyRecord,
  ModelRecord,
  PoolRecord,
  ProviderRecord,
  Snapshot,
  TargetRecord,
  TierRecord,
  TrafficRecord,
  UpstreamKeyRecord,
} from '@keywell/core/snapshot/snapshot';

/** A record in which only what a test is about has to be said. */
type Sketch<T, Nested = object> = Partial<Omit<T, keyof Nested>> & Nested;

export type KeySketch = Sketch<UpstreamKeyRecord, { readonly value?: string | null }>;
export type ProviderSketch = Sketch<ProviderRecord, { readonly keys?: readonly KeySketch[] }>;
export type TierSketch = Sketch<
  TierRecord,
  { readonly targets?: readonly Partial<TargetRecord>[] }
>;
export type PoolSketch = Sketch<PoolRecord, { readonly tiers?: readonly TierSketch[] }>;
export type SnapshotSketch = Sketch<
  Snapshot,
  {
    readonly providers?: readonly ProviderSketch[];
    readonly pools?: readonly PoolSketch[];
    readonly models?: readonly Partial<ModelRecord>[];
    readonly consumers?: readonly Partial<ConsumerRecord>[];
    readonly traffic?: Partial<TrafficRecord>;
    readonly idempotency?: Partial<IdempotencyRecord>;
  }
>;

/**
 * A whole snapshot from a sketch. Left out: one provider `openai` with key `a`, one pool `chat` with one tier of one target
 * (`gpt-5` at the first provider), one model alias `smart`, one consumer `web` that may call everything. Lists that are given
 * replace the default, their entries are filled in.
 */
export function aSnapshot(sketch: SnapshotSketch = {}): Snapshot {
  const providers = (sketch.providers ?? [{}]).map(aProvider);
  const firstProvider = providers[0]?.id ?? 'openai';
  const pools = (sketch.pools ?? [{}]).map((pool, index) => aPool(pool, index, firstProvider));
  const firstPool = pools[0]?.id ?? 'chat';
  return {
    version: sketch.version ?? 1,
    hash: sketch.hash ?? '00000000',
    providers,
    pools: [...pools, ...passthroughPools(providers, pools)],
    models: (sketch.models ?? [{}]).map((model, index) =>
      Object.assign({ alias: numbered('smart', index), pool: firstPool }, model),
    ),
    consumers: (sketch.consumers ?? [{}]).map(aConsumer),
    traffic: { ...TRAFFIC, ...sketch.traffic },
    idempotency: { ...IDEMPOTENCY, ...sketch.idempotency },
    alerts: sketch.alerts ?? [],
  };
}

/** A provider with one key unless others are given. */
function aProvider(sketch: ProviderSketch, index: number): ProviderRecord {
  const { keys, ...rest } = sketch;
  return {
    id: numbered('openai', index),
    kind: 'openai',
    baseUrl: 'http://127.0.0.1:1/v1',
    streamUsage: true,
    freeChecks: true,
    charge: PLAIN_CHARGE,
    failures: [],
    ...rest,
    keys: (keys ?? [{}]).map(aKey),
  };
}

/** A key in a domain of its own: `a` in `org-a`, then `b` in `org-b`. */
function aKey(sketch: KeySketch, index: number): UpstreamKeyRecord {
  const { value, ...rest } = sketch;
  const id = rest.id ?? String.fromCharCode(0x61 + (index % 26)).repeat(1 + Math.floor(index / 26));
  return {
    fingerprint: index.toString(16).padStart(8, '0'),
    domain: [`org-${id}`],
    domainPinned: true,
    domainInferred: false,
    ownerTenant: null,
    limits: [],
    weight: 1,
    models: [],
    organization: null,
    project: null,
    ...rest,
    id,
    value: value === null ? null : new Secret(value ?? `sk-test-${id}`),
  };
}

/** A pool of one tier with one target unless others are given. */
function aPool(sketch: PoolSketch, index: number, provider: string): PoolRecord {
  const { tiers, ...rest } = sketch;
  return {
    id: numbered('chat', index),
    deadlineMs: 60_000,
    connectTimeoutMs: 1000,
    firstByteTimeoutMs: 30_000,
    idleTimeoutMs: 30_000,
    maxStreamDurationMs: 600_000,
    retryAmbiguous: 'once',
    maxWaitMs: 0,
    spillAfterMs: 0,
    maxWaiting: 1000,
    strategy: 'headroom',
    affinity: 'none',
    hedge: null,
    continuation: false,
    strictTranslation: false,
    fallbackOn: ['context_length'],
    ...rest,
    tiers: (tiers ?? [{}]).map((tier) => ({
      targets: (tier.targets ?? [{}]).map((target) => aTarget(target, provider)),
    })),
  };
}

function aTarget(sketch: Partial<TargetRecord>, provider: string): TargetRecord {
  const model = sketch.model ?? 'gpt-5';
  return {
    provider,
    model,
    weight: 1,
    keys: [],
    group: model,
    price: null,
    contextLength: null,
    capabilities: UNKNOWN_CAPABILITIES,
    ...sketch,
  };
}

/** A consumer with one key hash, without a limit, that may call every model. */
function aConsumer(sketch: Partial<ConsumerRecord>, index: number): ConsumerRecord {
  const id = sketch.id ?? numbered('web', index);
  return {
    id,
    keyHashes: [index.toString(16).padStart(64, '0')],
    models: ['*'],
    requestsPerMinute: null,
    enabled: true,
    sharePath: [id],
    weight: 1,
    priority: 0,
    budget: null,
    slot: index,
    generation: 1,
    ...sketch,
  };
}

const TRAFFIC: TrafficRecord = Object.freeze({
  maxBodyBytes: 10 * 1024 * 1024,
  maxResponseBytes: 10 * 1024 * 1024,
  maxConnections: 1000,
  headersTimeoutMs: 10_000,
  bodyIdleTimeoutMs: 10_000,
  slowReaderTimeoutMs: 30_000,
  shutdownGraceMs: 5000,
});

const IDEMPOTENCY: IdempotencyRecord = Object.freeze({
  enabled: false,
  ttlMs: 60_000,
  maxEntries: 100,
  maxBytes: 1024 * 1024,
  maxAnswerBytes: 64 * 1024,
  maxWaitMs: 5000,
});

/** `web`, then `web-2`, `web-3`. */
function numbered(name: string, index: number): string {
  return index === 0 ? name : `${name}-${index + 1}`;
}
