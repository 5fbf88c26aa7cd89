import { LIMIT_DIMENSIONS } from '@keywell/core/keys/limit-dimensions';
import { z } from 'zod';
import { field } from './field.ts';

/** A limit of a quota domain that its provider does not tell, or tells wrong. */
export const declaredLimitSchema = z
  .strictObject({
    dimension: field(
      z.enum(LIMIT_DIMENSIONS),
      'What it counts. `spend_*` count USD.',
      `one of ${LIMIT_DIMENSIONS.join(', ')}`,
    ),
    limit: field(
      z.number().positive().max(1e12),
      'How much of it.',
      'a number above 0, at most 1000000000000',
    ),
    refill: field(
      z.enum(['continuous', 'window']),
      'How it comes back: all the time, or whole when its window ends.',
      '"continuous" or "window"',
    ).default('continuous'),
    models: field(
      z.array(
        field(
          z.string().regex(/^[A-Za-z0-9*][A-Za-z0-9._:/@+*-]{0,127}$/),
          'A name or a glob.',
          '"gpt-5" or "gpt-*"',
        ),
      ),
      'Models that share it, as globs; empty means every model by itself.',
      'a list such as ["gpt-5", "gpt-*"]',
    ).default([]),
  })
  .meta({ description: 'A declared limit.' });
