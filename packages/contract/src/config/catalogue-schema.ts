import { z } from 'zod';
import { field } from './field.ts';
import { priceSchema } from './price-schema.ts';

const ID_PATTERN = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const GLOB_PATTERN = /^[A-Za-z0-9*][A-Za-z0-9._:/@+*-]{0,127}$/;

const tokens = (what: string) =>
  field(z.int().min(1).max(100_000_000), what, 'a whole number from 1 to 100000000').optional();
const flag = (what: string) => field(z.boolean(), what, 'true or false').optional();

/** What an operator knows better than the catalogue does. */
export const catalogueSchema = z
  .strictObject({
    provider: field(
      z.string().regex(ID_PATTERN),
      'Where it holds: the id of a provider of this file, or a kind. Without it: everywhere.',
      'the id of a provider, or a kind such as "openai"',
    ).optional(),
    model: field(
      z.string().regex(GLOB_PATTERN),
      'The model as the provider knows it, or a glob.',
      '"gpt-5" or "gpt-*"',
    ),
    from: field(
      z.iso.date(),
      'Day (UTC) from which its price holds; until then the one before it does. What else it says holds at once.',
      'a day such as 2026-12-01',
    ).optional(),
    price: priceSchema.optional(),
    context_length: tokens('Tokens of input and output together that the model takes.'),
    max_output_tokens: tokens('Tokens it writes at most.'),
    vision: flag('Whether it takes pictures.'),
    audio_input: flag('Whether it takes audio.'),
    files: flag('Whether it takes documents, such as PDF.'),
    tools: flag('Whether it calls tools.'),
    json: flag('Whether it answers as JSON when asked to.'),
    reasoning: flag('Whether it reasons before it answers.'),
  })
  .meta({
    description:
      "What you know of models better than the built-in catalogue: prices you negotiated, models of your own. A target's own `price` and `context_length` are stronger still.",
  });
