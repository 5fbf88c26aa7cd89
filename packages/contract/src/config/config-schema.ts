import { PREFILL_STYLES } from '@keywell/core/snapshot/snapshot';
import { REQUEST_FAULTS } from '@keywell/core/keys/verdict';
import { STRATEGIES } from '@keywell/core/snapshot/snapshot';
import { z } from 'zod';
import { failureSchema } from './failure-schema.ts';
import { field } from './field.ts';
import { catalogueSchema } from './catalogue-schema.ts';
import { declaredLimitSchema } from './limit-schema.ts';
import { priceSchema } from './price-schema.ts';
import { apiVersionSchema, authSchema, dialectsSchema, headersSchema } from './reach-schema.ts';

/** What an id looks like everywhere: providers, keys, pools, consumers. */
export const ID_PATTERN = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** `org-1` or `org-1/project-a`, at most four levels. */
const DOMAIN_PATTERN =
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,63}){0,3}$/;
/** `kwh_` and the SHA-256 of the consumer key. */
export const KEY_HASH_PATTERN = /^kwh_[0-9a-f]{64}$/;
const MODEL_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$/;
const GLOB_PATTERN = /^[A-Za-z0-9*][A-Za-z0-9._:/@+*-]{0,127}$/;
const HEADER_PATTERN = /^[\u0021-\u007e]{1,128}$/;

const ID_HINT = 'lower-case letters, digits, ".", "_" and "-", at most 64, first a letter or digit';

const id = (of: string) =>
  field(z.string().regex(ID_PATTERN), `Name of the ${of}, unique among its kind.`, ID_HINT);
const reference = (to: string, description: string) =>
  field(z.string().regex(ID_PATTERN), description, `the id of a ${to}`);
const modelName = (description: string) =>
  field(z.string().regex(MODEL_PATTERN), description, 'a model name such as "gpt-5"');
const globs = (description: string) =>
  field(
    z.array(field(z.string().regex(GLOB_PATTERN), 'A name or a glob.', '"gpt-5" or "gpt-*"')),
    description,
    'a list such as ["gpt-5", "gpt-*"]',
  );
const weight = (of: string) =>
  field(
    z.number().positive().max(1000),
    `Share of the ${of} among its siblings.`,
    'a number above 0, at most 1000',
  ).default(1);
const ms = (description: string, [least, most]: readonly [number, number], ifAbsent: number) =>
  field(
    z.int().min(least).max(most),
    description,
    `a whole number of milliseconds from ${least} to ${most}`,
  ).default(ifAbsent);
const count = (description: string, [least, most]: readonly [number, number], ifAbsent: number) =>
  field(
    z.int().min(least).max(most),
    description,
    `a whole number from ${least} to ${most}`,
  ).default(ifAbsent);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MIB = 1024 * 1024;

const keySchema = z
  .strictObject({
    id: id('key'),
    value: field(
      z.string().min(1).max(8192),
      'The credential, by reference: `env:NAME` or `file:path` (relative to this file). A literal works, is warned about and is kept encrypted. Some vendors take more than a plain key: an AWS access key, a Google service account, an Entra application, a refresh token (docs/guides/credentials.md). Leave it out only on a host that takes no key.',
      '"env:NAME" or "file:path"',
    ).optional(),
    domain: field(
      z.string().regex(DOMAIN_PATTERN),
      'Quota domain: keys with the same domain share their limits, so one that runs dry stops the others too. `org-1`, or `org-1/project-a` where a project has limits of its own. Without it, `organization` and `project` name the domain; without those too, the key is a domain of its own.',
      '"org-1" or "org-1/project-a"',
    ).optional(),
    weight: weight('key'),
    models: globs('Models this key may serve, as globs; empty means all.').default([]),
    organization: field(
      z.string().regex(HEADER_PATTERN),
      'Sent as `openai-organization`.',
      'the organization id as the provider shows it',
    ).optional(),
    project: field(
      z.string().regex(HEADER_PATTERN),
      'Sent as `openai-project`.',
      'the project id as the provider shows it',
    ).optional(),
    limits: field(
      z.array(declaredLimitSchema).max(64),
      'Limits of the quota domain, for providers that tell none or wrong ones. They belong to the domain: write the same at each of its keys.',
      'a list such as [{ dimension: requests_minute, limit: 500 }]',
    ).default([]),
  })
  .meta({ description: 'One upstream key of a provider.' });

const providerSchema = z
  .strictObject({
    id: id('provider'),
    kind: field(
      z.string().regex(ID_PATTERN),
      'Which vendor it is: `openai`, `anthropic`, `gemini` and so on (reference/providers.md lists them), or `openai-compatible` for any host that speaks the same dialect.',
      'a kind such as "openai", "anthropic" or "openai-compatible"',
    ),
    base_url: field(
      z.string().min(1).max(2048),
      'URL up to and including the API prefix. May be left out where the kind has one of its own.',
      'an http(s) URL without user, password, query or fragment, such as "https://api.openai.com/v1"',
    ).optional(),
    auth: field(
      authSchema,
      'How the host wants the key, where otherwise than its kind does.',
      '{ kind: bearer }, { kind: header, name: x-api-key } or { kind: query, name: key }',
    ).optional(),
    dialects: field(
      dialectsSchema,
      'The dialects of conversations that the host speaks, the best first: a call in one of them is passed on as it is, every other is translated into the first. Default: those of the kind.',
      'a list of "openai-chat", "openai-responses", "anthropic-messages", "gemini" or "bedrock-converse", each once',
    ).optional(),
    headers: field(
      headersSchema,
      'Headers of every call to it; values may be `env:NAME` or `file:path`. Not those that frame a message, carry a key or belong to Keywell.',
      'at most 32 headers of printable ASCII, such as { x-title: "my team" }; a key goes into "keys"',
    ).optional(),
    api_version: field(
      apiVersionSchema,
      'Sent as `api-version` in the query of every call, for hosts that date their API (Azure).',
      'a version such as "2024-10-21" or "preview"',
    ).optional(),
    stream_usage: field(
      z.boolean(),
      'Whether the host knows `stream_options.include_usage`; where not, the usage of streams is estimated. Default: what the kind does.',
      'true or false',
    ).optional(),
    failures: field(
      z.array(failureSchema).max(100),
      "Refusals of this provider that its vendor's table does not know, tried in this order before the table's own rows.",
      'a list such as [{ name: budget, code: [budget_used_up], class: funds_exhausted, scope: node, ends: none }]',
    ).default([]),
    free_checks: field(
      z.boolean(),
      'Whether a key that ran out of money, or that the provider refused, is looked at now and then with a call that costs nothing (a balance, the list of models), so that it comes back early.',
      'true or false',
    ).default(true),
    prefill: field(
      z.enum(PREFILL_STYLES),
      'How this host continues a chat from what an assistant had begun to say, for pools with `continuation`: `continue_final_message` (vLLM, SGLang) or `prefix` (Mistral, DeepSeek beta). Leave it out where the host answers such a message instead.',
      '"continue_final_message" or "prefix"',
    ).optional(),
    keys: field(
      z.array(keySchema).min(1).max(1000),
      'The upstream keys.',
      'a list of at least one key, such as [{ id: a, value: "env:OPENAI_KEY_A", domain: org-1 }]',
    ),
  })
  .meta({ description: 'A vendor, or a host that speaks its dialect.' });

const targetSchema = z
  .strictObject({
    provider: reference('provider', 'Provider to call.'),
    model: modelName('The model as the provider knows it.'),
    weight: weight('target'),
    keys: field(
      z.array(reference('key', 'Key id.')),
      'Keys of the provider this target may use; empty means all.',
      'a list of key ids of that provider',
    ).default([]),
    limit_group: modelName(
      'Name of the limit group: targets of one group share their limits at a quota domain. Default: what the vendor does, mostly the model itself.',
    ).optional(),
    price: priceSchema.optional(),
    context_length: field(
      z.int().min(1).max(100_000_000),
      'Tokens of input and output together that the model takes. Default, as for the price: what `catalogue` and the built-in catalogue know.',
      'a whole number from 1 to 100000000',
    ).optional(),
  })
  .meta({ description: 'A provider and a model that can answer.' });

const tierSchema = z
  .strictObject({
    targets: field(
      z.array(targetSchema).min(1).max(100),
      'Targets of the tier, chosen by weight and health.',
      'a list of at least one target, such as [{ provider: openai, model: gpt-5 }]',
    ),
  })
  .meta({ description: 'Targets of the same rank; the next tier is asked when none can serve.' });

const hedgeSchema = z
  .strictObject({
    token_share: field(
      z.number().positive().max(0.5),
      "Largest share of the pool's tokens of the last minute that second attempts may cost.",
      'a number above 0, at most 0.5, such as 0.05',
    ).default(0.05),
    least_ms: ms(
      'Least wait for the first token before a second attempt, whatever the learned 95th percentile says.',
      [10, HOUR],
      1000,
    ),
  })
  .meta({ description: 'A second attempt at another domain when the first token is late.' });

const poolSchema = z
  .strictObject({
    id: id('pool'),
    tiers: field(
      z.array(tierSchema).min(1).max(16),
      'Ranks, best first.',
      'a list of at least one tier, such as [{ targets: [{ provider: openai, model: gpt-5 }] }]',
    ),
    deadline_ms: ms(
      'Whole patience of a call for its first byte, all rotations and fallbacks included.',
      [100, HOUR],
      10 * MINUTE,
    ),
    connect_timeout_ms: ms('Longest wait for a connection.', [50, MINUTE], 5000),
    first_byte_timeout_ms: ms(
      "Longest wait of one attempt for the response's first byte; a call that is not streamed answers only when it is complete.",
      [100, HOUR],
      5 * MINUTE,
    ),
    idle_timeout_ms: ms('Longest silence inside a response.', [100, HOUR], 2 * MINUTE),
    max_stream_duration_ms: ms('Longest life of a stream.', [1000, 24 * HOUR], HOUR),
    retry_ambiguous: field(
      z.enum(['once', 'never']),
      'When a request was sent whole and nothing came back: one attempt elsewhere (the provider may charge twice), or an honest 502/504.',
      '"once" or "never"',
    ).default('once'),
    max_wait_ms: ms(
      'Longest time a call may wait for capacity, all its waits together; a caller may ask for less by the header `keywell-max-wait-ms`. 0: nobody waits.',
      [0, HOUR],
      0,
    ),
    spill_after_ms: ms(
      'How long a call waits for the first tier, where it comes back in that time, before it goes to the next. 0: at once.',
      [0, HOUR],
      0,
    ),
    max_waiting: count(
      'Calls that may wait at once, over all consumers; when all places are taken, who has fewer than its share of them takes one from who has most.',
      [1, 10_000],
      1000,
    ),
    strategy: field(
      z.enum(STRATEGIES),
      'How a key is chosen in a tier: `headroom` by weight, and of two the one with more left of its limits; `cheapest` by what the call costs there; `fastest` by the time to the first content; `least_busy`; `round_robin`.',
      '"headroom", "cheapest", "fastest", "least_busy" or "round_robin"',
    ).default('headroom'),
    affinity: field(
      z.enum(['none', 'soft']),
      "Whether calls of one consumer that begin alike, or carry the same `keywell-session`, are kept in one quota domain while it has room, so that the provider's prompt cache is warm.",
      '"none" or "soft"',
    ).default('none'),
    hedge: hedgeSchema.optional(),
    fallback_on: field(
      z.array(z.enum(REQUEST_FAULTS)).max(2),
      'Refusals of a request that are answered by another target instead of being shown to the caller: `context_length` (the request is too long for the model; targets whose context is known to be no longer are left out) and `content_filter` (the provider will not handle the content).',
      'a list such as [context_length, content_filter]',
    ).default(['context_length']),
    translation: field(
      z.enum(['lenient', 'strict']),
      'What to do with a part of a request that a target cannot be told in its own dialect: leave it out and name it in the header `keywell-dropped` (`lenient`), or not ask that target (`strict`). A caller may ask for `strict` by the header `keywell-strict: true`.',
      '"lenient" or "strict"',
    ).default('lenient'),
    continuation: field(
      z.boolean(),
      'Whether a plain text stream that breaks off is continued at another key by handing it what was written so far. Only at kinds that can go on from it; tool calls, JSON schemas, log probabilities and several choices are never continued.',
      'true or false',
    ).default(false),
  })
  .meta({ description: 'What answers a model: tiers of targets, with its patience.' });

const modelSchema = z
  .strictObject({
    alias: field(
      z.string().regex(GLOB_PATTERN),
      'What a caller writes into `model`; a `*` stands for any characters, and an alias without one goes before. Every target of a pool is also called by `provider/model`, where the consumer may.',
      'a model name such as "smart", or a pattern such as "gpt-*"',
    ),
    pool: reference('pool', 'The pool that answers.'),
  })
  .meta({ description: 'A model name of ours and the pool behind it.' });

const limitsSchema = z
  .strictObject({
    requests_per_minute: field(
      z.int().min(1).max(1_000_000),
      'Requests in any 60 seconds, exact over all workers. Without it: no limit.',
      'a whole number from 1 to 1000000',
    ).optional(),
  })
  .meta({ description: "A consumer's limits." });

const budgetSchema = z
  .strictObject({
    amount_usd: field(
      z.number().positive().max(1_000_000_000),
      'US dollars a period. Every target that the consumer may reach needs a price.',
      'an amount above 0, such as 25 or 0.5',
    ),
    period: field(
      z.enum(['day', 'month', 'total']),
      'When it starts anew: at midnight UTC, on the first of the month, or never.',
      '"day", "month" or "total"',
    ),
  })
  .meta({ description: 'Money a consumer may spend.' });

const keyHash = field(
  z.string().regex(KEY_HASH_PATTERN),
  'Hash of the consumer key, as `keywell consumers add` prints it.',
  '"kwh_" and 64 hex digits, as "keywell consumers add" prints them',
);

const consumerSchema = z
  .strictObject({
    id: id('consumer'),
    key_hash: keyHash,
    previous_key_hashes: field(
      z.array(keyHash).max(8),
      'Further keys that still work, while one is being replaced.',
      'a list of key hashes',
    ).default([]),
    models: globs('Model aliases or globs it may call; `["*"]` means all, an empty list none.'),
    limits: limitsSchema.default({}),
    organization: field(
      z.string().regex(ID_PATTERN),
      'Organization it belongs to: when capacity is short, organizations share it first, then their teams, then the consumers. Without it, the consumer stands beside the organizations.',
      ID_HINT,
    ).optional(),
    team: field(
      z.string().regex(ID_PATTERN),
      'Team it belongs to, within its organization if it has one.',
      ID_HINT,
    ).optional(),
    weight: field(
      z.number().positive().max(1000),
      'Its share among the consumers beside it when capacity is short. Organizations and teams weigh alike.',
      'a number above 0, at most 1000',
    ).default(1),
    priority: count(
      'Class of its calls in the queue: a higher one is served first; nine turns in ten, so that no class starves.',
      [0, 9],
      0,
    ),
    budget: budgetSchema.optional(),
    enabled: field(
      z.boolean(),
      'False refuses its calls and keeps the record.',
      'true or false',
    ).default(true),
  })
  .meta({ description: 'Who may call, with which key, which models and how often.' });

const trafficSchema = z
  .strictObject({
    max_body_bytes: count('Largest request body.', [1024, 1024 * MIB], 32 * MIB),
    max_response_bytes: count(
      'Largest response that is not streamed.',
      [1024, 1024 * MIB],
      64 * MIB,
    ),
    max_connections: count('Open connections of each worker.', [1, 1_000_000], 20_000),
    headers_timeout_ms: ms("Longest time for a request's head.", [100, 10 * MINUTE], 10_000),
    body_idle_timeout_ms: ms('Longest pause inside a request body.', [100, 10 * MINUTE], 30_000),
    slow_reader_timeout_ms: ms(
      'How long a caller may leave an answer unread before it is cut.',
      [100, HOUR],
      MINUTE,
    ),
    shutdown_grace_ms: ms('Time for open calls to finish at a stop.', [0, HOUR], 30_000),
  })
  .meta({ description: 'Limits of the traffic listener.' });

const idempotencySchema = z
  .strictObject({
    enabled: field(
      z.boolean(),
      'Whether calls with an `Idempotency-Key` header are carried out once and answered again from memory.',
      'true or false',
    ).default(false),
    ttl_ms: ms('How long an answer is kept.', [1000, 7 * 24 * HOUR], 24 * HOUR),
    max_entries: count('Keys kept at once; beyond it the oldest go.', [1, 1_000_000], 10_000),
    max_bytes: count(
      'Memory for answers; beyond it the oldest go.',
      [MIB, 64 * 1024 * MIB],
      256 * MIB,
    ),
    max_answer_bytes: count(
      'Largest answer that is kept; a larger one is given once and its key stays used.',
      [1024, 64 * MIB],
      4 * MIB,
    ),
    max_wait_ms: ms(
      'How long a second call waits for the answer to the first.',
      [0, HOUR],
      2 * MINUTE,
    ),
  })
  .meta({ description: 'Calls that are carried out once however often they are sent.' });

const logSchema = z
  .strictObject({
    enabled: field(
      z.boolean(),
      'Whether requests are logged (never their content).',
      'true or false',
    ).default(true),
    retention_days: count('Days a request is kept.', [1, 3650], 30),
    max_queued_rows: count(
      'Requests that may wait to be written; beyond it they are dropped and counted.',
      [100, 1_000_000],
      20_000,
    ),
  })
  .meta({ description: 'The request log. Takes effect at the next start.' });

const alertSchema = z
  .strictObject({
    id: id('alert'),
    pool: reference(
      'pool',
      'The pool it is about; without it every pool, each by itself.',
    ).optional(),
    below_percent: field(
      z.number().min(0.1).max(99),
      'Raised when less than this share of a limit is left.',
      'a number of percent from 0.1 to 99',
    ).optional(),
    eta_below_ms: field(
      z
        .int()
        .min(MINUTE)
        .max(30 * 24 * HOUR),
      'Raised when the pool is expected to run dry in less than this.',
      'a whole number of milliseconds from 60000 to 2592000000',
    ).optional(),
  })
  .meta({
    description:
      'When to be told that a pool runs low, by limits that count over an hour or longer. That a pool is exhausted or serves again, that an account is out of money and that a key is not accepted is told without a rule.',
  });

const DEFAULT_ALERTS = [{ id: 'running-low', below_percent: 10, eta_below_ms: HOUR }];

/** Lists are bounded so that a file cannot ask for more memory than the node has. */
const list = <S extends z.ZodType>(of: S, most: number, [description, hint]: [string, string]) =>
  field(z.array(of).max(most), description, hint);

/**
 * The configuration file. Later versions add fields and never change the meaning of these. Unknown fields are refused.
 */
export const configSchema = z
  .strictObject({
    version: field(z.literal(1), 'Version of this format.', '1'),
    providers: list(providerSchema, 1000, [
      'Vendors and their keys.',
      'a list such as [{ id: openai, kind: openai, keys: […] }]',
    ]),
    pools: list(poolSchema, 10_000, [
      'What answers.',
      'a list such as [{ id: chat, tiers: [{ targets: […] }] }]',
    ]),
    models: list(modelSchema, 100_000, [
      'The names callers use.',
      'a list such as [{ alias: smart, pool: chat }]',
    ]),
    catalogue: list(catalogueSchema, 10_000, [
      'What you know of models better than the built-in catalogue. Where two entries fit, the later one counts.',
      'a list such as [{ provider: openai, model: "gpt-5*", price: { input: 1, output: 8 } }]',
    ]).default([]),
    consumers: list(consumerSchema, 100_000, [
      'Who may call. Those added with `keywell consumers add` live in the data folder and need no line here.',
      'a list such as [{ id: web, key_hash: "kwh_…", models: [smart] }]',
    ]).default([]),
    traffic: trafficSchema.prefault({}),
    idempotency: idempotencySchema.prefault({}),
    log: logSchema.prefault({}),
    alerts: list(alertSchema, 1000, [
      'When to be told that a pool runs low. An empty list tells nothing of that kind.',
      'a list such as [{ id: low, below_percent: 10, eta_below_ms: 3600000 }]',
    ]).default(DEFAULT_ALERTS),
  })
  .meta({ title: 'Keywell configuration', description: 'keywell.yaml, version 1.' });

/** A checked file with every default filled in. */
export type Config = z.output<typeof configSchema>;
/** A file as it may be written. */
export type ConfigInput = z.input<typeof configSchema>;
export type ProviderConfig = Config['providers'][number];
export type KeyConfig = ProviderConfig['keys'][number];
export type PoolConfig = Config['pools'][number];
export type CatalogueConfig = Config['catalogue'][number];
export type TargetConfig = PoolConfig['tiers'][number]['targets'][number];
export type ConsumerConfig = Config['consumers'][number];
