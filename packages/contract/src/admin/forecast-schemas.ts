/** The shapes of forecasts and alerts in the admin API. */
import { z } from 'zod';

const at = z.number().describe('Epoch milliseconds.');
const ms = z.number().describe('Milliseconds.');

const dimensionForecastSchema = z.object({
  dimension: z.string().describe('`requests_minute`, `tokens_day`, …'),
  domains: z
    .object({ known: z.int(), all: z.int() })
    .describe(
      'Quota domains (× limit groups) of the pool, and those that tell this limit; the figures are about the latter.',
    ),
  left: z.number(),
  limit: z.number(),
  percent_left: z.number(),
  burn_per_minute: z.number().nullable().describe('Null while it was not watched long enough.'),
  state: z.enum(['learning', 'steady', 'draining', 'exhausted']),
  exhausts_in_ms: ms.nullable().describe('Null where no end is foreseen within five weeks.'),
  recovers_in_ms: ms.nullable().describe('Only of what is exhausted, where the time is known.'),
  seasonal: z.boolean().describe('Whether the usual course of the day and week is part of it.'),
});

export const poolForecastSchema = z.object({
  pool: z.string(),
  state: z.enum(['ready', 'exhausted', 'unknown']),
  candidates: z.int(),
  eligible: z.int(),
  next_in_ms: ms.nullable().describe('Until the first cooled candidate is back.'),
  exhausts_in_ms: ms.nullable(),
  requests_per_minute: z.number(),
  dimensions: z.array(dimensionForecastSchema),
});

export const forecastQuerySchema = z.strictObject({
  pool: z.string().max(128).optional().describe('This pool only.'),
});

export const alertSchema = z.object({
  id: z.string(),
  at,
  ended_at: at.nullable().describe('When it was over; null while it is not.'),
  kind: z.enum([
    'pool_running_low',
    'pool_exhausted',
    'pool_recovered',
    'funds_exhausted',
    'credential_dead',
    'price_unknown',
  ]),
  subject: z.string().describe('`pool:chat`, `node:openai/org-1`, `key:openai/a`, `prices`.'),
  rule: z
    .string()
    .describe('The alert of the configuration that asked; empty for what is always told.'),
  pool: z.string().nullable(),
  message: z.string(),
});

export const alertQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  before: z.string().max(128).optional().describe('`next` of the page before.'),
  active: z.enum(['true', 'false']).optional().describe('`true`: only what is not over.'),
});

export type PoolForecastView = z.output<typeof poolForecastSchema>;
export type AlertView = z.output<typeof alertSchema>;
