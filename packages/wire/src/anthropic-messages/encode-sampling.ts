import type { Drops } from '../canonical/drops.ts';
import type { Sampling } from '../canonical/request.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { ModelTraits } from './model-traits.ts';

/** The least `top_p` that is taken beside thinking. */
const THINKING_TOP_P = 0.95;

/**
 * Temperature, `top_p` and `top_k` of another dialect's request, as far as the model takes them. The default of all is to say nothing,
 * so a temperature or `top_p` of 1 is left out without a word where it could not be said.
 */
export function encodeSampling(
  sampling: Sampling,
  traits: ModelTraits,
  isThinking: boolean,
  drops: Drops,
): JsonObject {
  return traits.sampling && !isThinking
    ? plainSampling(sampling, traits, drops)
    : fixedSampling(sampling, traits, drops);
}

/** Beside thinking a high `top_p` may stay; newer models take nothing at all. */
function fixedSampling(
  { temperature, topP, topK }: Sampling,
  traits: ModelTraits,
  drops: Drops,
): JsonObject {
  if (temperature !== null && temperature !== 1) drops.add('temperature');
  drops.addIf(topK, 'top_k');
  if (topP === null) return {};
  if (traits.sampling && topP >= THINKING_TOP_P) return { top_p: topP };
  if (topP !== 1) drops.add('top_p');
  return {};
}

function plainSampling(
  { temperature, topP, topK }: Sampling,
  traits: ModelTraits,
  drops: Drops,
): JsonObject {
  const written: Record<string, JsonValue> = {};
  if (temperature !== null) {
    if (temperature > 1) drops.add('temperature');
    written['temperature'] = Math.min(1, temperature);
  }
  if (topP !== null) {
    if (temperature === null || traits.bothSamplings) written['top_p'] = topP;
    else if (topP !== 1) drops.add('top_p');
  }
  if (topK !== null) written['top_k'] = topK;
  return written;
}

/** Names what no model of this dialect can be told; values that mean the default are none. */
export function dropSampling(sampling: Sampling, drops: Drops): void {
  if (sampling.frequencyPenalty !== 0) drops.addIf(sampling.frequencyPenalty, 'frequency_penalty');
  if (sampling.presencePenalty !== 0) drops.addIf(sampling.presencePenalty, 'presence_penalty');
  drops.addIf(sampling.seed, 'seed');
  if (sampling.choices !== 1) drops.addIf(sampling.choices, 'n');
  if (sampling.logprobs === true) drops.add('logprobs');
  if (sampling.topLogprobs !== 0) drops.addIf(sampling.topLogprobs, 'top_logprobs');
  drops.addIf(sampling.logitBias, 'logit_bias');
}
