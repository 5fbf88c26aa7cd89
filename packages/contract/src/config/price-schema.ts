import { z } from 'zod';
import { field } from './field.ts';

const usd = (what: string) =>
  field(
    z.number().min(0).max(1_000_000),
    `USD for a million tokens of ${what}.`,
    'a decimal number such as 1.25',
  );

/** What the kinds of tokens cost; what is left out costs as plain input or output. */
const rates = {
  input: usd('input'),
  output: usd('output'),
  cached_input: usd(
    "input that the provider's prompt cache served; without it: as input",
  ).optional(),
  cache_write: usd(
    "input that is written into the provider's prompt cache; without it: as input",
  ).optional(),
  cache_write_hour: usd(
    'input that is written into it for an hour; without it: as cache_write',
  ).optional(),
  reasoning: usd('output that is reasoning; without it: as output').optional(),
  audio_input: usd('input that is audio; without it: as input').optional(),
  audio_output: usd('output that is audio; without it: as output').optional(),
  image_input: usd('input that is images; without it: as input').optional(),
  image_output: usd('output that is images; without it: as output').optional(),
  per_call: field(
    z.number().min(0).max(1000),
    'USD for the call itself, beside its tokens.',
    'a decimal number such as 0.005',
  ).optional(),
};

const longContextSchema = z
  .strictObject({
    above_tokens: field(
      z.int().min(1).max(100_000_000),
      'It holds for the whole of a call whose input has more tokens than this.',
      'a whole number from 1 to 100000000, such as 200000',
    ),
    ...rates,
  })
  .meta({ description: 'What a call with a long input costs.' });

/** What a target costs. */
export const priceSchema = z
  .strictObject({
    ...rates,
    long_context: field(
      z.array(longContextSchema).max(8),
      'Other prices for calls with long inputs. They hold for all tokens of such a call.',
      'a list such as [{ above_tokens: 200000, input: 2.5, output: 15 }]',
    ).optional(),
  })
  .meta({ description: 'What a target costs, for cost figures, budgets and the cheapest choice.' });
