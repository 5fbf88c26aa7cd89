import type { Drops } from '../canonical/drops.ts';
import type { Sampling } from '../canonical/request.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import type { WrittenReasoning } from './encode-reasoning.ts';
import type { ModelTraits } from './model-traits.ts';

/** The range of `temperature` and `topP`: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html */
const HOTTEST = 1;
/** The least `top_p` that goes with thinking. */
const LEAST_THINKING_TOP_P = 0.95;

const WITHOUT_PLACE: readonly (readonly [keyof Sampling, string])[] = [
  ['frequencyPenalty', 'frequency_penalty'],
  ['presencePenalty', 'presence_penalty'],
  ['seed', 'seed'],
  ['topLogprobs', 'top_logprobs'],
  ['logitBias', 'logit_bias'],
];

export interface SamplingContext {
  readonly own: boolean;
  readonly traits: ModelTraits;
  readonly rulesOut: WrittenReasoning['rulesOut'];
  readonly drops: Drops;
}

/** `inferenceConfig`; null where nothing of it is said. A temperature beyond 1 becomes 1 and is named. */
export function writeInference(sampling: Sampling, context: SamplingContext): JsonObject | null {
  const { own, drops } = context;
  for (const [member, name] of WITHOUT_PLACE) drops.addIf(sampling[member], name);
  if ((sampling.choices ?? 1) > 1) drops.add('n');
  if (sampling.logprobs === true) drops.add('logprobs');
  const config = {
    ...limitOf(sampling, context),
    ...(own ? saidOf(sampling) : fitted(sampling, context)),
    ...stopOf(sampling, context),
  };
  return Object.keys(config).length === 0 ? null : config;
}

function limitOf({ maxOutputTokens }: Sampling, { rulesOut, drops }: SamplingContext): JsonObject {
  if (maxOutputTokens === null) return {};
  if (rulesOut !== 'sampling_and_limit') return { maxTokens: maxOutputTokens };
  drops.add('max_tokens');
  return {};
}

/** Sequences of nothing but white space are refused. */
function stopOf({ stop }: Sampling, { own, drops }: SamplingContext): JsonObject {
  if (stop === null) return {};
  const taken = own ? stop : stop.filter((text) => /\S/.test(text));
  if (taken.length < stop.length) drops.add('stop');
  return own || taken.length > 0 ? { stopSequences: taken } : {};
}

const saidOf = ({ temperature, topP }: Sampling): JsonObject => ({
  ...(temperature === null ? {} : { temperature }),
  ...(topP === null ? {} : { topP }),
});

function fitted({ temperature, topP }: Sampling, context: SamplingContext): JsonObject {
  const { traits, rulesOut, drops } = context;
  const thinks = rulesOut !== 'nothing';
  const refused = traits.sampling === 'none' || thinks;
  const config: Record<string, JsonValue | undefined> = {};
  if (temperature !== null) {
    if (refused && temperature !== HOTTEST) drops.add('temperature');
    else if (!refused) {
      if (temperature > HOTTEST) drops.add('temperature');
      config['temperature'] = Math.min(HOTTEST, Math.max(0, temperature));
    }
  }
  if (topP !== null) {
    const beside = traits.sampling === 'one' && config['temperature'] !== undefined;
    const thinking =
      traits.sampling !== 'none' && rulesOut === 'sampling' && topP >= LEAST_THINKING_TOP_P;
    if ((refused && !thinking) || beside) {
      if (topP !== HOTTEST) drops.add('top_p');
    } else {
      config['topP'] = Math.min(HOTTEST, Math.max(0, topP));
    }
  }
  return config;
}

/** `top_k` where the model has it, as members of `additionalModelRequestFields`. */
export function topKFields(topK: number | null, context: SamplingContext): JsonObject {
  const { traits, rulesOut, drops } = context;
  if (topK === null) return {};
  const [outer, inner] = traits.topK ?? [];
  if (outer === undefined || traits.sampling === 'none' || rulesOut !== 'nothing') {
    drops.add('top_k');
    return {};
  }
  return { [outer]: inner === undefined ? topK : { [inner]: topK } };
}

/** Objects of the same name are joined, the later one's members counting. */
export function mergedFields(one: JsonObject, other: JsonObject): JsonObject {
  const merged: Record<string, JsonValue | undefined> = { ...one };
  for (const [name, value] of Object.entries(other)) {
    const before = merged[name];
    merged[name] = isJsonObject(before) && isJsonObject(value) ? { ...before, ...value } : value;
  }
  return merged;
}
