import { z } from 'zod';
import {
  PROVIDER_OR_ALL_PATTERN,
  ID_PATTERN,
  KEY_HASH_PATTERN,
  ID_HINT,
  id,
  globs,
  count,
} from './schema-parts.ts';
import { field } from './field.ts';

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

export const consumerSchema = z
  .strictObject({
    id: id('consumer'),
    key_hash: keyHash,
    previous_key_hashes: field(
      z.array(keyHash).max(8),
      'Further keys that still work, while one is being replaced.',
      'a list of key hashes',
    ).default([]),
    models: globs('Model aliases or globs it may call; `["*"]` means all, an empty list none.'),
    passthrough: field(
      z
        .array(
          field(
            z.string().regex(PROVIDER_OR_ALL_PATTERN),
            'A provider, or `*` for every one.',
            'the id of a provider, or "*"',
          ),
        )
        .max(1000),
      'Providers to which it may pass calls through, where these have anything open (`passthrough` of a provider); `["*"]` means all, an empty list none.',
      'a list of provider ids such as [openai], or ["*"]',
    ).default([]),
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
