import { createHash } from 'node:crypto';
import type { ConfigProblem } from '@keywell/contract/config/config-problem';
import type {
  Config,
  KeyConfig,
  PoolConfig,
  ProviderConfig,
  TargetConfig,
} from '@keywell/contract/config/config-schema';
import { didYouMean } from '@keywell/contract/config/did-you-mean';
import { passthroughPools } from '@keywell/core/snapshot/passthrough-pool';
import type { KnownAccount } from '@keywell/core/keys/account';
import { PLAIN_CHARGE } from '@keywell/core/keys/charge-rule';
import { inferDomains } from '@keywell/core/keys/infer-domains';
import { poolDomainFindings } from '@keywell/core/keys/pool-domains';
import type {
  PoolRecord,
  ProviderRecord,
  Snapshot,
  UpstreamKeyRecord,
} from '@keywell/core/snapshot/snapshot';
import type { Vendor } from '@keywell/providers/compatible/vendor';
import { vendorKinds, vendorOf } from '@keywell/providers/registry';
import { callWarnings } from './call-warnings.ts';
import {
  compileFailures,
  compileLimits,
  compileTarget,
  type TargetSurroundings,
} from './compile-vendor.ts';
import { catalogueProblems } from './catalogue-problems.ts';
import { compileConsumers, type ConsumerInput } from './compile-consumers.ts';
import { credentialProblems } from './compile-credential.ts';
import { compileReach } from './compile-reach.ts';
import { describeSnapshot } from './describe-snapshot.ts';
import { domainWarnings } from './domain-warnings.ts';
import { modelFacts } from './model-facts.ts';
import type { ResolveSecret } from './secret-references.ts';

export interface CompileInput extends ConsumerInput {
  readonly resolveSecret: ResolveSecret;
  /** First 8 hex digits of SHA-256 of a secret. */
  readonly fingerprint: (secret: string) => string;
  /** Accounts that responses named for credentials; where none is known, the configuration alone places the keys. */
  readonly accounts?: readonly KnownAccount[];
  /** Version the snapshot gets. */
  readonly version: number;
  /** Epoch milliseconds: prices have their time. */
  readonly wallNow: number;
}

export type Compiled =
  | {
      readonly ok: true;
      readonly snapshot: Snapshot;
      readonly warnings: readonly ConfigProblem[];
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** First 8 hex digits of SHA-256: tells two secrets apart, reveals neither. */
export function fingerprintOf(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex').slice(0, 8);
}

/** Makes the snapshot of a checked configuration: references resolved, defaults filled in, hashed. */
export function compile(config: Config, input: CompileInput): Compiled {
  const problems: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  const declared = config.providers.map((provider, index) =>
    compileProvider(provider, ['providers', index], { input, problems, warnings }),
  );
  const surroundings = surroundingsBy(config, input.wallNow);
  problems.push(...catalogueProblems(config));
  const consumers = compileConsumers(config.consumers, input, warnings);
  if (problems.length > 0) return { ok: false, problems };
  const written = config.pools.map((pool) => compilePool(pool, surroundings));
  const pools = [...written, ...passthroughPools(declared, written)];
  warnings.push(...domainWarnings(poolDomainFindings({ providers: declared, pools })));
  const content = {
    providers: inferDomains(declared, input.accounts ?? []).providers,
    pools,
    models: config.models.map(({ alias, pool }) => ({ alias, pool })),
    consumers,
    traffic: {
      maxBodyBytes: config.traffic.max_body_bytes,
      maxResponseBytes: config.traffic.max_response_bytes,
      maxConnections: config.traffic.max_connections,
      headersTimeoutMs: config.traffic.headers_timeout_ms,
      bodyIdleTimeoutMs: config.traffic.body_idle_timeout_ms,
      slowReaderTimeoutMs: config.traffic.slow_reader_timeout_ms,
      shutdownGraceMs: config.traffic.shutdown_grace_ms,
    },
    idempotency: {
      enabled: config.idempotency.enabled,
      ttlMs: config.idempotency.ttl_ms,
      maxEntries: config.idempotency.max_entries,
      maxBytes: config.idempotency.max_bytes,
      maxAnswerBytes: config.idempotency.max_answer_bytes,
      maxWaitMs: config.idempotency.max_wait_ms,
    },
    alerts: config.alerts.map((alert) => ({
      id: alert.id,
      pool: alert.pool ?? null,
      belowPercent: alert.below_percent ?? null,
      etaBelowMs: alert.eta_below_ms ?? null,
    })),
  };
  warnings.push(...callWarnings(config, content));
  const hash = hashOf(describeSnapshot(content));
  return { ok: true, snapshot: { version: input.version, hash, ...content }, warnings };
}

interface Notes {
  readonly input: CompileInput;
  readonly problems: ConfigProblem[];
  readonly warnings: ConfigProblem[];
}

function compileProvider(
  provider: ProviderConfig,
  path: ConfigProblem['path'],
  notes: Notes,
): ProviderRecord {
  const vendor = vendorOf(provider.kind);
  if (vendor === null) notes.problems.push(unknownKind(provider.kind, path));
  const baseUrl = baseUrlOf(provider, { vendor, path }, notes);
  const keys = provider.keys.map((key, index) =>
    compileKey(key, { vendor, baseUrl, path: [...path, 'keys', index] }, notes),
  );
  warnOfTwins(keys, path, notes);
  return {
    id: provider.id,
    kind: provider.kind,
    baseUrl,
    streamUsage: provider.stream_usage ?? vendor?.streamUsageDefault ?? false,
    freeChecks: provider.free_checks,
    charge: vendor?.charge ?? PLAIN_CHARGE,
    failures: compileFailures(provider.failures),
    keys,
    ...prefillOf(provider.prefill ?? vendor?.prefill),
    ...compileReach(provider, path, {
      resolve: (reference, at) => resolve(reference, at, notes),
      fingerprint: notes.input.fingerprint,
    }),
  };
}

/** Without a slash at its end; empty where it is missing, which is a problem of its own. */
function baseUrlOf(
  provider: ProviderConfig,
  { vendor, path }: { readonly vendor: Vendor | null; readonly path: ConfigProblem['path'] },
  { problems }: Notes,
): string {
  const baseUrl = provider.base_url ?? vendor?.baseUrl ?? null;
  if (baseUrl === null && vendor !== null)
    problems.push({
      path: [...path, 'base_url'],
      at: 'value',
      message: `A provider of kind "${provider.kind}" needs a base_url.`,
      hint: `Write the URL up to and including the API prefix, such as "${vendor.baseUrlForm ?? 'http://127.0.0.1:8000/v1'}".`,
    });
  return (baseUrl ?? '').replace(/\/+$/, '');
}

const prefillOf = (prefill: ProviderRecord['prefill']) =>
  prefill === undefined ? {} : { prefill };

/** Two references may lead to the same credential; as two keys it would be asked twice for the same refusal. */
function warnOfTwins(
  keys: readonly UpstreamKeyRecord[],
  path: ConfigProblem['path'],
  notes: Notes,
): void {
  const seen = new Map<string, string>();
  for (const [index, key] of keys.entries()) {
    if (key.value === null) continue;
    const twin = seen.get(key.fingerprint);
    if (twin === undefined) seen.set(key.fingerprint, key.id);
    else
      notes.warnings.push({
        path: [...path, 'keys', index, 'value'],
        at: 'value',
        message: `This is the same credential as that of key "${twin}".`,
        hint: 'Remove one of the two, or check what the references lead to.',
      });
  }
}

function unknownKind(kind: string, path: ConfigProblem['path']): ConfigProblem {
  const known = vendorKinds();
  const near = didYouMean(kind, known);
  return {
    path: [...path, 'kind'],
    at: 'value',
    message: 'This kind of provider is not known.',
    hint: near === null ? `Write one of ${known.join(', ')}.` : `Did you mean "${near}"?`,
  };
}

function compileKey(
  key: KeyConfig,
  at: {
    readonly vendor: Vendor | null;
    readonly baseUrl: string | null;
    readonly path: ConfigProblem['path'];
  },
  notes: Notes,
): UpstreamKeyRecord {
  const value = key.value === undefined ? null : resolve(key.value, [...at.path, 'value'], notes);
  if (key.value === undefined && at.vendor?.needsKey === true)
    notes.problems.push({
      path: [...at.path, 'value'],
      at: 'value',
      message: `A key of kind "${at.vendor.kind}" needs a value.`,
      hint: 'Write "env:NAME" or "file:path".',
    });
  if (value !== null && at.vendor !== null)
    notes.problems.push(...credentialProblems(value, { ...at, vendor: at.vendor }));
  return {
    id: key.id,
    value,
    fingerprint: value === null ? '' : notes.input.fingerprint(value.reveal()),
    domain: domainOf(key),
    domainPinned: key.domain !== undefined,
    limits: compileLimits(key.limits),
    domainInferred: false,
    ownerTenant: null,
    weight: key.weight,
    models: key.models,
    organization: key.organization ?? null,
    project: key.project ?? null,
  };
}

function resolve(reference: string, path: ConfigProblem['path'], notes: Notes) {
  const answer = notes.input.resolveSecret(reference);
  if (!answer.ok) {
    const [what = '', ...right] = answer.message.split('; ');
    notes.problems.push({
      path,
      at: 'value',
      message: sentence(what),
      hint: sentence(right.join('; ')),
    });
    return null;
  }
  if (answer.literal)
    notes.warnings.push({
      path,
      at: 'value',
      message: 'The credential itself stands in the file.',
      hint: 'Put it into the environment or a file of its own, and write "env:NAME" or "file:path".',
    });
  return answer.secret;
}

const sentence = (text: string): string =>
  text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** The path of a key's quota domain. `~` cannot stand in a declared one, so a key without any shares with nobody. */
function domainOf(key: KeyConfig): readonly string[] {
  if (key.domain !== undefined) return key.domain.split('/');
  const named = [key.organization, key.project].filter((part) => part !== undefined);
  return named.length > 0 ? named : [`~${key.id}`];
}

type SurroundingsOf = (target: TargetConfig) => TargetSurroundings;

/** Where a target leads. A provider that is not there, or a kind that is not known, is a problem of its own. */
function surroundingsBy({ providers, catalogue }: Config, wallNow: number): SurroundingsOf {
  const kinds = new Map(providers.map(({ id, kind }) => [id, kind]));
  const factsOf = modelFacts(catalogue, wallNow);
  return ({ provider, model }) => {
    const kind = kinds.get(provider) ?? '';
    return { vendor: vendorOf(kind), facts: factsOf({ id: provider, kind }, model) };
  };
}

function compilePool(pool: PoolConfig, surroundings: SurroundingsOf): PoolRecord {
  return {
    id: pool.id,
    tiers: pool.tiers.map((tier) => ({
      targets: tier.targets.map((target) => compileTarget(target, surroundings(target))),
    })),
    deadlineMs: pool.deadline_ms,
    connectTimeoutMs: pool.connect_timeout_ms,
    firstByteTimeoutMs: pool.first_byte_timeout_ms,
    idleTimeoutMs: pool.idle_timeout_ms,
    maxStreamDurationMs: pool.max_stream_duration_ms,
    retryAmbiguous: pool.retry_ambiguous,
    maxWaitMs: pool.max_wait_ms,
    spillAfterMs: pool.spill_after_ms,
    maxWaiting: pool.max_waiting,
    strategy: pool.strategy,
    affinity: pool.affinity,
    hedge:
      pool.hedge === undefined
        ? null
        : { tokenShare: pool.hedge.token_share, leastMs: pool.hedge.least_ms },
    continuation: pool.continuation,
    fallbackOn: pool.fallback_on,
    strictTranslation: pool.translation === 'strict',
  };
}

/** The same snapshot with the consumers as they are now; everything else, secrets too, stays as it was resolved. */
export function withConsumers(
  snapshot: Snapshot,
  config: Config,
  input: ConsumerInput & Pick<CompileInput, 'version'>,
): Snapshot {
  const content = { ...snapshot, consumers: compileConsumers(config.consumers, input, []) };
  return { ...content, version: input.version, hash: hashOf(describeSnapshot(content)) };
}

/** The same snapshot with its keys placed by the accounts that are known now; everything else stays as it was resolved. */
export function withAccounts(
  snapshot: Snapshot,
  config: Config,
  input: { readonly accounts: readonly KnownAccount[]; readonly version: number },
): Snapshot {
  const declared = declaredDomains(snapshot.providers, config);
  const content = { ...snapshot, providers: inferDomains(declared, input.accounts).providers };
  return { ...content, version: input.version, hash: hashOf(describeSnapshot(content)) };
}

/** Providers with their keys where the configuration puts them, whatever responses said. */
export function declaredDomains(
  providers: readonly ProviderRecord[],
  config: Config,
): readonly ProviderRecord[] {
  return providers.map((provider, at) => ({
    ...provider,
    keys: provider.keys.map((key, index) => {
      const written = config.providers[at]?.keys[index];
      return written === undefined
        ? key
        : { ...key, domain: domainOf(written), domainInferred: false };
    }),
  }));
}

function hashOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content), 'utf8').digest('hex');
}
