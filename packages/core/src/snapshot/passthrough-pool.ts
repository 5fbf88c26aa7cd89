import {
  UNKNOWN_CAPABILITIES,
  type PoolRecord,
  type ProviderRecord,
  type TargetRecord,
} from './snapshot.ts';

/** The name by which a key's own list of models lets it serve, or not, what is passed through. */
export const PASSTHROUGH_MODEL = 'passthrough';

const PREFIX = 'passthrough:';

/** No id that can be written has a colon: the pool is nobody else's. */
export const passthroughPoolId = (provider: string): string => `${PREFIX}${provider}`;

export const isPassthroughPool = (pool: string): boolean => pool.startsWith(PREFIX);

/**
 * The pools behind which calls are passed through, one for each provider that has anything open: its keys, chosen, cooled and reserved
 * as those of every pool. No model name leads to them. Calls wait there as long as in the most patient pool of the same provider.
 */
export function passthroughPools(
  providers: readonly Pick<ProviderRecord, 'id' | 'passthrough'>[],
  declared: readonly PoolRecord[],
): readonly PoolRecord[] {
  return providers
    .filter(({ passthrough = [] }) => passthrough.length > 0)
    .map(({ id }) => poolOf(id, declared));
}

function poolOf(provider: string, declared: readonly PoolRecord[]): PoolRecord {
  const like = declared.filter(({ tiers }) =>
    tiers.some(({ targets }) => targets.some((target) => target.provider === provider)),
  );
  return {
    ...PATIENCE,
    id: passthroughPoolId(provider),
    tiers: [{ targets: [{ ...TARGET, provider }] }],
    maxWaitMs: Math.max(0, ...like.map(({ maxWaitMs }) => maxWaitMs)),
  };
}

/** What is made through it is found again where it was made: a consumer's calls stay in one quota domain while that has room. */
const PATIENCE: Omit<PoolRecord, 'id' | 'tiers' | 'maxWaitMs'> = Object.freeze({
  deadlineMs: 600_000,
  connectTimeoutMs: 5000,
  firstByteTimeoutMs: 300_000,
  idleTimeoutMs: 120_000,
  maxStreamDurationMs: 3_600_000,
  retryAmbiguous: 'once',
  spillAfterMs: 0,
  maxWaiting: 1000,
  strategy: 'headroom',
  affinity: 'soft',
  hedge: null,
  continuation: false,
  fallbackOn: [],
  strictTranslation: false,
});

/** Limits of its own: what a provider says there is about no model. Its price is never known. */
const TARGET: Omit<TargetRecord, 'provider'> = Object.freeze({
  model: PASSTHROUGH_MODEL,
  weight: 1,
  keys: [],
  group: PASSTHROUGH_MODEL,
  price: null,
  contextLength: null,
  capabilities: UNKNOWN_CAPABILITIES,
});
