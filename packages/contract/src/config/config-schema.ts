import { z } from 'zod';
import { LEASES } from '@keywell/core/keys/table-layout';
import { catalogueSchema } from './catalogue-schema.ts';
import { consumerSchema } from './consumer-schema.ts';
import { field } from './field.ts';
import { poolSchema } from './pool-schema.ts';
import { providerSchema } from './provider-schema.ts';
import { GLOB_PATTERN, id, reference, ms, count, MINUTE, HOUR, MIB } from './schema-parts.ts';

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

const trafficSchema = z
  .strictObject({
    max_body_bytes: count('Largest request body.', [1024, 1024 * MIB], 32 * MIB),
    max_response_bytes: count(
      'Largest response that is not streamed.',
      [1024, 1024 * MIB],
      64 * MIB,
    ),
    // More than there are leases is no mistake: most of the connections that callers keep open are idle.
    max_connections: count(
      `Open connections of each worker, idle ones and those of calls that wait included; further ones are closed at once. What a worker ` +
        `can send has its own bound: with ${LEASES} attempts under way it takes no call more, whatever stands here.`,
      [1, 1_000_000],
      20_000,
    ),
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
