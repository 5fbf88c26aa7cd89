/** What the admin API says of models: those of the configuration, and those of the catalogue. */
import { z } from 'zod';

const micros = z.int().describe('USD micros for a million tokens.');

const rates = {
  input_micros: micros,
  cached_input_micros: micros,
  output_micros: micros,
  cache_write_micros: micros.optional(),
  cache_write_hour_micros: micros.optional(),
  reasoning_micros: micros.optional(),
  audio_input_micros: micros.optional(),
  audio_output_micros: micros.optional(),
  image_input_micros: micros.optional(),
  image_output_micros: micros.optional(),
  call_micros: z.int().optional().describe('USD micros for the call itself.'),
};

const tariff = {
  ...rates,
  long_context: z
    .array(z.object({ above_input_tokens: z.int(), ...rates }))
    .optional()
    .describe('What holds instead for the whole of a call whose input is longer.'),
};

const priceSchema = z
  .object({
    ...tariff,
    changes: z
      .array(
        z.object({
          from_ms: z.number().nullable().describe('Epoch milliseconds; null: always.'),
          daily: z
            .object({ start_ms: z.int(), end_ms: z.int() })
            .nullable()
            .describe('Milliseconds of the UTC day between which it holds; null: all day.'),
          tariff: z.object(tariff),
        }),
      )
      .optional()
      .describe('What holds instead at other times; the last one that fits counts.'),
  })
  .nullable()
  .describe('What it costs now; null where no price is known.');

const flag = z.boolean().nullable();

const capabilitiesSchema = z
  .object({
    context_length: z.int().nullable(),
    max_output_tokens: z.int().nullable(),
    vision: flag,
    audio_input: flag,
    files: flag,
    tools: flag,
    json: flag,
    reasoning: flag,
  })
  .describe('What it can; null where that is not known.');

/** One target of one alias. */
export const modelSchema = z.object({
  alias: z.string(),
  pool: z.string(),
  tier: z.int(),
  provider: z.string(),
  kind: z.string(),
  model: z.string().describe('As the provider knows it.'),
  price: priceSchema,
  capabilities: capabilitiesSchema,
});

/** A model that the built-in catalogue knows. */
const catalogueModelSchema = z.object({
  kind: z.string(),
  model: z.string(),
  also: z.array(z.string()).describe('Other names for the very same.'),
  inputs: z.array(z.string()).nullable(),
  outputs: z.array(z.string()).nullable(),
  batch_percent: z.int().nullable().describe('What a batch costs, in percent of the price.'),
  price: priceSchema,
  capabilities: capabilitiesSchema,
});

export const catalogueQuerySchema = z.strictObject({
  search: z
    .string()
    .max(128)
    .optional()
    .describe('Words that the kind and the name have in them, in any case of letters.'),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
});

export const cataloguePageSchema = z.object({
  data: z.array(catalogueModelSchema),
  total: z.int().describe('How many there are, also beyond the limit.'),
  sources: z.string().describe('What the catalogue was made from.'),
});

export type ModelView = z.output<typeof modelSchema>;
export type CatalogueModelView = z.output<typeof catalogueModelSchema>;
