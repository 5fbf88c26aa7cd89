import type { Drops } from '../canonical/drops.ts';
import type { Sampling } from '../canonical/request.ts';
import type { ModelTraits } from './model-traits.ts';

/** The least `top_p` that is taken beside thinking. */
const THINKING_TOP_P = 0.95;

/** What a model is told of them; null is left out. */
export type TakenSampling = Pick<Sampling, 'temperature' | 'topP' | 'topK'>;

const NOTHING_TAKEN: TakenSampling = Object.freeze({ temperature: null, topP: null, topK: null });

/**
 * Temperature, `top_p` and `top_k` of another dialect's request, as far as the model takes them. The default of all is to say nothing,
 * so a temperature or `top_p` of 1 is left out without a word where it could not be said.
 */
export function encodeSampling(
  sampling: Sampling,
  traits: ModelTraits,
  isThinking: boolean,
  drops: Drops,
): TakenSampling {
  return traits.sampling && !isThinking
    ? plainSampling(sampling, traits, drops)
    : fixedSampling(sampling, traits, drops);
}

/** Beside thinking a high `top_p` may stay; newer models take nothing at all. */
function fixedSampling(
  { temperature, topP, topK }: Sampling,
  traits: ModelTraits,
  drops: Drops,
): TakenSampling {
  if (temperature !== null && temperature !== 1) drops.add('temperature');
  drops.addIf(topK, 'top_k');
  if (topP === null) return NOTHING_TAKEN;
  if (traits.sampling && topP >= THINKING_TOP_P) return { ...NOTHING_TAKEN, topP };
  if (topP !== 1) drops.add('top_p');
  return NOTHING_TAKEN;
}

function plainSampling(
  { temperature, topP, topK }: Sampling,
  traits: ModelTraits,
  drops: Drops,
): TakenSampling {
  if (temperature !== null && temperature > 1) drops.add('temperature');
  const isTaken = temperature === null || traits.bothSamplings;
  if (topP !== null && !isTaken && topP !== 1) drops.add('top_p');
  return {
    temperature: temperature === null ? null : Math.min(1, temperature),
    topP: isTaken ? topP : null,
    topK,
  };
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
