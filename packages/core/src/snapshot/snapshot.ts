import type { AlertRule } from '../forecast/alert-rules.ts';
import type { ChargeRule } from '../keys/charge-rule.ts';
import type { FailureRecord } from '../keys/failure-record.ts';
import type { Dimension, RequestFault } from '../keys/verdict.ts';
import type { Secret } from '../secret/secret.ts';
import type { AuthScheme } from './auth-scheme.ts';
import type { Dialect } from './dialect.ts';

/**
 * The one immutable value in which control plane and data plane meet: plain data, versioned, with references resolved and every
 * default filled in. Functions never enter it; the gateway compiles a record into a pipeline at its first use.
 */
export interface Snapshot {
  /** Grows with every publication on this node. */
  readonly version: number;
  /** Content hash of the configuration it was compiled from (hex); equal hash, equal behaviour. */
  readonly hash: string;
  readonly providers: readonly ProviderRecord[];
  readonly pools: readonly PoolRecord[];
  readonly models: readonly ModelRecord[];
  readonly consumers: readonly ConsumerRecord[];
  readonly traffic: TrafficRecord;
  readonly idempotency: IdempotencyRecord;
  /** When somebody wants to hear that a pool runs low. */
  readonly alerts: readonly AlertRule[];
}

export interface ProviderRecord {
  readonly id: string;
  /** Names the vendor's table in packages/providers: `openai`, `anthropic`, `openai-compatible`. */
  readonly kind: string;
  /** Base URL up to and including the API prefix, without a trailing slash: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  readonly keys: readonly UpstreamKeyRecord[];
  /** False where the host does not know `stream_options` (then usage of streams is estimated). */
  readonly streamUsage: boolean;
  /** Whether keys that ran out of money or died may be looked at with the vendor's free calls. */
  readonly freeChecks: boolean;
  /** How its token limits are charged. */
  readonly charge: ChargeRule;
  /** Rows that the operator declared, tried before the vendor's own. */
  readonly failures: readonly FailureRecord[];
  /** How its chats are continued from what an assistant had begun to say; absent: they cannot be. */
  readonly prefill?: PrefillStyle;
  /** How its keys are shown; absent: as its vendor wants them. */
  readonly auth?: AuthScheme;
  /** The dialects it speaks, best first; absent: those of its vendor. */
  readonly dialects?: readonly Dialect[];
  /** Sent with every call, names in lower case. */
  readonly headers?: readonly DeclaredHeader[];
  /** Sent as `api-version` in the query of every call; absent: as its vendor has it. */
  readonly apiVersion?: string;
  /** What may be passed through to it, see `passthrough-rules`; absent: nothing. */
  readonly passthrough?: readonly string[];
}

/** A header that an operator declared of a provider; its value may be a credential. */
export interface DeclaredHeader {
  readonly name: string;
  readonly value: Secret;
  /** First 8 hex digits of SHA-256 of the value. */
  readonly fingerprint: string;
}

/**
 * The ways of asking for a continuation: fields of the request (`continue_final_message` without `add_generation_prompt`: vLLM, SGLang), or
 * a mark on the last message (`prefix`: Mistral, DeepSeek's beta). Elsewhere an assistant message at the end is answered, not continued.
 */
export const PREFILL_STYLES = ['continue_final_message', 'prefix'] as const;
export type PrefillStyle = (typeof PREFILL_STYLES)[number];

/** A limit that an operator declared for a quota domain, for providers that tell none or tell wrong ones. */
export interface DeclaredLimit {
  readonly dimension: Dimension;
  readonly limit: number;
  readonly refill: 'continuous' | 'window';
  /** Limit groups (model families) it holds for, as globs; empty means each group by itself. */
  readonly groups: readonly string[];
}

export interface UpstreamKeyRecord {
  /** Alias, unique in its provider; the only name of a key that is ever shown. */
  readonly id: string;
  /** Null on hosts that take no key (a local model server). */
  readonly value: Secret | null;
  /** First 8 hex digits of SHA-256 of the value: tells two keys apart, reveals neither. Empty without a value. */
  readonly fingerprint: string;
  /** Quota domain path, root first: `["org-1", "project-a"]`. Keys with the same path share every limit. */
  readonly domain: readonly string[];
  /** True where the configuration names the domain: then responses do not move the key to another one. */
  readonly domainPinned: boolean;
  /** True where the account that a response named placed the key in its domain, not the configuration. */
  readonly domainInferred: boolean;
  /** The tenant who brought the key; null is the installation itself. Keys of two tenants never share a domain. */
  readonly ownerTenant: string | null;
  /** What is declared of the key's own domain node; empty where nothing is. */
  readonly limits: readonly DeclaredLimit[];
  readonly weight: number;
  /** Model globs (`gpt-*`) this key may serve; empty means all. */
  readonly models: readonly string[];
  /** Sent as `openai-organization` / `openai-project` when set. */
  readonly organization: string | null;
  readonly project: string | null;
}

export interface PoolRecord {
  readonly id: string;
  readonly tiers: readonly TierRecord[];
  /** Whole patience of a call for one attempt's first byte and all its rotations, milliseconds. */
  readonly deadlineMs: number;
  readonly connectTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  /** Longest silence inside a response body, milliseconds. */
  readonly idleTimeoutMs: number;
  readonly maxStreamDurationMs: number;
  /** What to do when everything was sent and nothing came back: one attempt elsewhere, or an honest 502/504. */
  readonly retryAmbiguous: 'once' | 'never';
  /** The largest time a call may wait for capacity, milliseconds; 0: none waits. */
  readonly maxWaitMs: number;
  /** How long a call waits for a better tier before it goes to the next, milliseconds; 0: at once. */
  readonly spillAfterMs: number;
  /** Calls that may wait at once, over all tenants. */
  readonly maxWaiting: number;
  readonly strategy: Strategy;
  /** Whether calls that share a prefix are kept on the domain whose cache is warm. */
  readonly affinity: 'none' | 'soft';
  /** A second attempt when the first token is late; null: never. */
  readonly hedge: HedgeRecord | null;
  /** Whether a stream that breaks off may be continued elsewhere by prefill, where that is sound. */
  readonly continuation: boolean;
  /** Refusals of a request after which another target is asked. */
  readonly fallbackOn: readonly RequestFault[];
  /** Whether a target is left out that cannot be told all of a request in its own dialect. */
  readonly strictTranslation: boolean;
}

/** How a candidate is chosen in a tier. `headroom` is the default: two draws by weight, the one with more left. */
export const STRATEGIES = ['headroom', 'cheapest', 'fastest', 'least_busy', 'round_robin'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export interface HedgeRecord {
  /** Largest share of the last minute's tokens that second attempts may cost, 0 to 1. */
  readonly tokenShare: number;
  /** Least wait before a second attempt, milliseconds, whatever the learned 95th percentile says. */
  readonly leastMs: number;
}

export interface TierRecord {
  readonly targets: readonly TargetRecord[];
}

export interface TargetRecord {
  readonly provider: string;
  /** The model name as the provider knows it. */
  readonly model: string;
  readonly weight: number;
  /** Key aliases of the provider this target may use; empty means all of them. */
  readonly keys: readonly string[];
  /** Name of the limit group: requests of targets with the same group share a limit at a node. By default the model itself. */
  readonly group: string;
  /** Null where no price is known: then it is unknown, never 0. */
  readonly price: TokenPrice | null;
  /** Tokens of input and output together that the model takes; null where it is not known. */
  readonly contextLength: number | null;
  readonly capabilities: ModelCapabilities;
}

/** What a model can take and give; null where it is not known, which is no reason to pass it over. */
export interface ModelCapabilities {
  /** The same as the target's own. */
  readonly contextLength: number | null;
  readonly maxOutputTokens: number | null;
  /** Pictures in. */
  readonly vision: boolean | null;
  readonly audioInput: boolean | null;
  /** Documents in, such as PDF. */
  readonly files: boolean | null;
  readonly tools: boolean | null;
  /** Answers as JSON when asked to. */
  readonly json: boolean | null;
  readonly reasoning: boolean | null;
}

/** Of a model of which nothing is known. */
export const UNKNOWN_CAPABILITIES: ModelCapabilities = Object.freeze({
  contextLength: null,
  maxOutputTokens: null,
  vision: null,
  audioInput: null,
  files: null,
  tools: null,
  json: null,
  reasoning: null,
});

/** USD micros for a million tokens. A kind of token that is left out costs what a plain one of its direction does. */
export interface TokenRates {
  readonly inputMicros: number;
  readonly cachedInputMicros: number;
  readonly outputMicros: number;
  /** Input written into the provider's prompt cache, for minutes. */
  readonly cacheWriteMicros?: number;
  /** The same for an hour. */
  readonly cacheWriteHourMicros?: number;
  readonly reasoningMicros?: number;
  readonly audioInputMicros?: number;
  readonly audioOutputMicros?: number;
  readonly imageInputMicros?: number;
  readonly imageOutputMicros?: number;
  /** USD micros for the call itself. */
  readonly callMicros?: number;
}

/** Prices that hold for the whole of a call whose input is longer than this. */
export interface LongContextRates extends TokenRates {
  readonly aboveInputTokens: number;
}

/** What a call costs at one time. */
export interface Tariff extends TokenRates {
  /** Shortest first. */
  readonly longContext?: readonly LongContextRates[];
}

/** What a target costs. */
export interface TokenPrice extends Tariff {
  /** What holds instead at other times; the last one that fits counts. */
  readonly changes?: readonly PriceChange[];
  /** What a batch costs, in percent of that; absent where it is not known. */
  readonly batchPercent?: number;
}

export interface PriceChange {
  /** From this instant on, epoch milliseconds; null: always. */
  readonly fromMs: number | null;
  /** Only in these milliseconds of each UTC day, past midnight where the end comes first; null: all day. */
  readonly daily: { readonly startMs: number; readonly endMs: number } | null;
  readonly tariff: Tariff;
}

/** What a caller may put into `model`, and the pool that answers. */
export interface ModelRecord {
  readonly alias: string;
  readonly pool: string;
}

export interface ConsumerRecord {
  readonly id: string;
  /** SHA-256 of the consumer key, lower-case hex, one entry per live key. */
  readonly keyHashes: readonly string[];
  /** Model aliases or globs it may call; empty means none, `["*"]` all. */
  readonly models: readonly string[];
  /** Providers to which it may pass calls through, `*` for all; absent: none. */
  readonly passthrough?: readonly string[];
  /** Null: no limit. */
  readonly requestsPerMinute: number | null;
  readonly enabled: boolean;
  /** Organization, team and consumer between which capacity is shared, outermost first; the consumer's id is the last. */
  readonly sharePath: readonly string[];
  /** Weight among its siblings when capacity is short. */
  readonly weight: number;
  /** Class of its calls in the queue: higher is served first. */
  readonly priority: number;
  /** Null: no budget. */
  readonly budget: BudgetRecord | null;
  /** Row of this consumer in the shared counter table, given by the control plane and stable for the life of the node. */
  readonly slot: number;
  /** Distinguishes the users of a recycled slot. */
  readonly generation: number;
}

export interface BudgetRecord {
  readonly amountMicros: number;
  readonly period: 'day' | 'month' | 'total';
}

/** Listener limits of the data plane. */
export interface TrafficRecord {
  readonly maxBodyBytes: number;
  readonly maxResponseBytes: number;
  readonly maxConnections: number;
  readonly headersTimeoutMs: number;
  readonly bodyIdleTimeoutMs: number;
  readonly slowReaderTimeoutMs: number;
  readonly shutdownGraceMs: number;
}

/** What is remembered of calls that carry an `Idempotency-Key`. */
export interface IdempotencyRecord {
  readonly enabled: boolean;
  readonly ttlMs: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly maxAnswerBytes: number;
  readonly maxWaitMs: number;
}
