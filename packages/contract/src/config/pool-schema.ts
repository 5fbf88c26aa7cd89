import { z } from 'zod';
import { STRATEGIES } from '@keywell/core/snapshot/snapshot';
import { REQUEST_FAULTS } from '@keywell/core/keys/verdict';
import { priceSchema } from './price-schema.ts';
import { id, reference, modelName, weight, ms, count, MINUTE, HOUR } from './schema-parts.ts';
import { field } from './field.ts';

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

export const poolSchema = z
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
