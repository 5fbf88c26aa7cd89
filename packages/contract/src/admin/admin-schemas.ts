/** The shapes of the admin API: JSON in snake_case, instants as epoch milliseconds (`_at`), durations in milliseconds (`_ms`). */
import { z } from 'zod';
import { ID_PATTERN, KEY_HASH_PATTERN } from '../config/schema-parts.ts';

const id = z.string().regex(ID_PATTERN);
const at = z.number().describe('Epoch milliseconds.');
const ms = z.number().describe('Milliseconds.');

/** One fault of a configuration file. */
export const problemEntrySchema = z.object({
  file: z.string(),
  line: z.int().describe('From 1; 0 where no line can be named.'),
  column: z.int(),
  path: z.string(),
  message: z.string(),
  hint: z.string(),
});

/** What `keywell check --json` prints. */
export const checkResultSchema = z.object({
  problems: z.array(problemEntrySchema),
  warnings: z.array(problemEntrySchema),
});

/** RFC 9457, with our code, the request id and (for a refused configuration) every fault. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  request_id: z.string(),
  problems: z.array(problemEntrySchema).optional(),
});

const configurationSchema = z.object({
  file: z.string(),
  source: z.enum(['file', 'last_good', 'fallback']),
  version: z.int(),
  hash: z.string(),
  loaded_at: at,
  problems: z.array(problemEntrySchema),
  warnings: z.array(problemEntrySchema),
});

/** What a look at a provider found. */
const probeSchema = z.object({
  provider: z.string(),
  base_url: z.string(),
  reachable: z.boolean(),
  /** Null when it was not reached. */
  latency_ms: ms.nullable(),
  clock_skew_ms: ms
    .nullable()
    .describe("The provider's clock minus ours; null where its answer named no date."),
  checked_at: at,
  error: z.string().describe('Empty when it was reached.'),
});

export const statusSchema = z.object({
  version: z.string().describe('Of Keywell.'),
  node_version: z.string(),
  pid: z.int(),
  started_at: at,
  data_dir: z.string(),
  listeners: z.array(z.object({ name: z.string(), host: z.string(), port: z.int() })),
  configuration: configurationSchema,
  data_plane: z.object({
    version: z.int(),
    hash: z.string(),
    workers: z.array(z.object({ worker: z.int(), epoch: z.int(), listening: z.boolean() })),
    restarts: z.int(),
    draining: z.boolean(),
  }),
  log: z
    .object({ queued: z.int(), written: z.int(), shed: z.int() })
    .nullable()
    .describe('Null when the request log is off.'),
  probes: z.array(probeSchema),
});

const cooldownSchema = z.object({
  scope_id: z.string(),
  scope: z.string(),
  class: z.string(),
  dimension: z.string(),
  ends_in_ms: ms,
  authoritative: z.boolean(),
  evidence: z.string(),
});

export const keySchema = z.object({
  provider: z.string(),
  key: z.string(),
  fingerprint: z.string(),
  domain: z.string(),
  domain_source: z
    .enum(['pinned', 'named', 'inferred', 'own'])
    .describe(
      'Who says so: `domain` of the file, its `organization` and `project`, the account that responses named, or nobody.',
    ),
  weight: z.number(),
  in_flight: z.int(),
  attempts: z.int(),
  successes: z.int(),
  failures: z.int(),
  state: z.enum(['ready', 'partly_cooled', 'cooled']),
  cooldowns: z.array(cooldownSchema),
});

const keyPair = z.array(z.string()).length(2);

/** What somebody should look at in the domain tree. Nothing of it changes anything by itself. */
export const domainFindingsSchema = z.object({
  suggestions: z
    .array(
      z.object({
        provider: z.string(),
        group: z.string().describe('The limit group in which it was seen.'),
        keys: keyPair,
        domains: keyPair,
        observations: z.int(),
        contrast: z.number().describe('1 where both draw on one bucket, 0 where they do not.'),
        standard_error: z.number(),
      }),
    )
    .describe('Pairs of keys where the remaining of one falls by what the other sends.'),
  contradictions: z
    .array(
      z.object({
        kind: z.enum(['one_account_two_domains', 'two_accounts_one_domain']),
        provider: z.string(),
        keys: z.array(z.string()),
        domains: z.array(z.string()),
        organizations: z.array(z.string()).describe('As the responses name them.'),
      }),
    )
    .describe('Pinned domains that responses speak against.'),
  unsteady: z
    .array(z.object({ provider: z.string(), key: z.string() }))
    .describe('Keys whose provider names one account, then another; none of them counts.'),
  pools: z
    .array(
      z.object({
        kind: z.enum(['one_domain', 'fallback_shares']),
        pool: z.string(),
        tier: z.int().nullable().describe('Null where it is the whole pool.'),
        domains: z.array(z.string()),
        keys: z.int(),
        inferred: z.boolean().describe('True where responses show it and the file does not.'),
        message: z.string(),
        hint: z.string(),
      }),
    )
    .describe('Pools and fallbacks that share an account.'),
});

export const poolSchema = z.object({
  pool: z.string(),
  tiers: z.array(
    z.object({
      tier: z.int(),
      candidates: z.int(),
      eligible: z.int(),
      next_in_ms: ms.nullable(),
    }),
  ),
  requests_10s: z.int(),
  retries_10s: z.int(),
});

export const consumerSchema = z.object({
  id: z.string(),
  name: z.string().nullable(),
  source: z.enum(['file', 'command']),
  key_ids: z.array(z.string()).describe('The part of each key that may be shown, where known.'),
  models: z.array(z.string()),
  requests_per_minute: z.int().nullable(),
  enabled: z.boolean(),
  budget: z
    .object({
      amount_micros: z.int().describe('USD micros a period.'),
      period: z.enum(['day', 'month', 'total']),
      spent_micros: z.int().describe('Booked in the present period, USD micros.'),
      held_micros: z.int().describe('What calls in flight hold, USD micros.'),
    })
    .nullable()
    .describe('Null without a budget.'),
  created_at: at.nullable(),
});

export const newConsumerSchema = z.strictObject({
  id: id.describe('Lower-case letters, digits, ".", "_" and "-".'),
  name: z.string().min(1).max(128).nullable().default(null),
  models: z.array(z.string().min(1).max(128)).max(1000).default(['*']),
  requests_per_minute: z.int().min(1).max(1_000_000).nullable().default(null),
});

export const addedConsumerSchema = z.object({
  consumer: consumerSchema,
  key: z.string().describe('The consumer key. Shown this once and kept nowhere.'),
  key_hash: z.string().regex(KEY_HASH_PATTERN).describe('The `key_hash` line for a file.'),
});

const usageSchema = z.object({
  input_tokens: z.int(),
  output_tokens: z.int(),
  cached_tokens: z.int(),
  cache_write_tokens: z.int(),
  cache_write_hour_tokens: z.int().describe('The part of `cache_write_tokens` kept for an hour.'),
  reasoning_tokens: z.int(),
  audio_input_tokens: z.int(),
  audio_output_tokens: z.int(),
  image_input_tokens: z.int(),
  image_output_tokens: z.int(),
  estimated: z.boolean(),
});

const costFields = {
  cost_micros: z.int().nullable().describe('USD micros; null where a price is not known.'),
  cost_estimated: z.boolean().describe('Whether it rests on estimated usage.'),
};

const timed = { at: ms.describe("Milliseconds since the request's head.") };

export const timelineEventSchema = z.discriminatedUnion('kind', [
  z.object({
    ...timed,
    kind: z.literal('candidates'),
    tier: z.int(),
    eligible: z.int(),
    excluded: z.array(
      z.object({
        provider: z.string(),
        key: z.string(),
        why: z.string(),
        scope: z.string(),
        ends_in_ms: ms.nullable(),
      }),
    ),
  }),
  z.object({
    ...timed,
    kind: z.literal('attempt'),
    attempt: z.int(),
    tier: z.int(),
    provider: z.string(),
    model: z.string(),
    key: z.string(),
    domain: z.string(),
    why: z.enum(['first', 'rotation', 'fallback', 'retry', 'hedge', 'continuation']),
  }),
  z.object({
    ...timed,
    kind: z.literal('verdict'),
    attempt: z.int(),
    class: z.string(),
    scope: z.string(),
    status: z.int(),
    evidence: z.string(),
    ends_in_ms: ms.nullable(),
    authoritative: z.boolean(),
    usage: usageSchema.nullable(),
    ...costFields,
  }),
  z.object({ ...timed, kind: z.literal('note'), what: z.string(), detail: z.string() }),
  z.object({ ...timed, kind: z.literal('wait'), wait_ms: ms, why: z.string() }),
  z.object({ ...timed, kind: z.literal('end'), status: z.int(), why: z.string() }),
]);

const requestFields = {
  id: z.string(),
  started_at: at,
  duration_ms: ms,
  first_byte_ms: ms.nullable(),
  method: z.string(),
  path: z.string(),
  operation: z.string(),
  dialect: z.string(),
  status: z.int(),
  error_code: z.string().nullable(),
  aborted: z.boolean(),
  streamed: z.boolean(),
  consumer: z.string().nullable(),
  model: z.string().nullable(),
  pool: z.string().nullable(),
  provider: z.string().nullable(),
  upstream_model: z.string().nullable(),
  key: z.string().nullable(),
  attempts: z.int(),
  wait_ms: ms,
  request_bytes: z.int(),
  response_bytes: z.int(),
  usage: usageSchema.nullable(),
  ...costFields,
};

/** A request as the list shows it. */
export const requestSchema = z.object(requestFields);

/** A request with everything that happened to it. */
export const requestDetailSchema = z.object({
  ...requestFields,
  timeline: z.array(timelineEventSchema),
});

export const logQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  before: z.string().max(128).optional().describe('`next` of the page before.'),
  consumer: z.string().max(128).optional(),
  model: z.string().max(128).optional(),
  provider: z.string().max(128).optional(),
  key: z.string().max(128).optional(),
  status: z
    .union([z.literal('error'), z.coerce.number().int().min(100).max(599)])
    .optional()
    .describe('A status, or `error` for everything from 400 up.'),
  since: z.coerce.number().int().min(0).optional().describe('Epoch milliseconds, inclusive.'),
  until: z.coerce.number().int().min(0).optional().describe('Epoch milliseconds, exclusive.'),
});

const changeSchema = z.object({
  action: z.enum(['added', 'changed', 'removed']),
  kind: z.string(),
  id: z.string(),
  path: z.string(),
  before: z.string().nullable().describe('JSON text, secrets as fingerprints.'),
  after: z.string().nullable(),
});

export const changesSchema = z.object({
  version: z.int(),
  hash: z.string(),
  changes: z.array(changeSchema),
  warnings: z.array(problemEntrySchema),
});

export const auditEventSchema = z.object({
  id: z.string(),
  at,
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

export const auditQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  before: z.string().max(128).optional().describe('`next` of the page before.'),
});

export const clearKeysSchema = z.strictObject({
  provider: id.optional(),
  key: id.optional().describe('Needs `provider`.'),
});

export const clearedKeysSchema = z.object({
  cleared: z.array(z.string()).describe('Scope ids.'),
  ended: z
    .array(
      cooldownSchema.extend({
        ends_in_ms: ms.nullable().describe('What was left of it; null where that is not known.'),
      }),
    )
    .describe('The cooldowns that were ended, each with what it was.'),
});

export const diffRequestSchema = z.strictObject({
  text: z
    .string()
    .optional()
    .describe('A configuration as text; without it the file as it is now.'),
});

/** Positions in `list`-like answers: pass `next` as `before`; null at the end. */
export const pageOf = <S extends z.ZodType>(of: S) =>
  z.object({ data: z.array(of), next: z.string().nullable() });

export const listOf = <S extends z.ZodType>(of: S) => z.object({ data: z.array(of) });

export type AdminProblem = z.output<typeof problemSchema>;
export type ProblemEntry = z.output<typeof problemEntrySchema>;
export type KeyView = z.output<typeof keySchema>;
export type CheckView = z.output<typeof checkResultSchema>;
export type DomainFindingsView = z.output<typeof domainFindingsSchema>;
export type PoolView = z.output<typeof poolSchema>;
export type ConsumerView = z.output<typeof consumerSchema>;
export type RequestView = z.output<typeof requestSchema>;
export type RequestDetailView = z.output<typeof requestDetailSchema>;
export type TimelineEventView = z.output<typeof timelineEventSchema>;
export type StatusView = z.output<typeof statusSchema>;
export type ChangesView = z.output<typeof changesSchema>;
