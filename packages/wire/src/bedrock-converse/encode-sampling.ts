import type { Drops } from '../canonical/drops.ts';
import type { Sampling } from '../canonical/request.ts';
import { ifSaid } from '../canonical/said.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import type { WrittenReasoning } from './encode-reasoning.ts';
import type { ModelTraits } from './model-traits.ts';

/** The range of `temperature` and `topP`: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html */
const HOTTEST = 1;
/** The least `top_p` that goes with thinking. */
const LEAST_THINKING_TOP_P = 0.95;

export interface SamplingContext {
  readonly own: boolean;
  readonly traits: ModelTraits;
  readonly rulesOut: WrittenReasoning['rulesOut'];
  readonly drops: Drops;
}

/** `inferenceConfig`; undefined where nothing of it is said. A temperature beyond 1 becomes 1 and is named. */
export function writeInference(
  sampling: Sampling,
  context: SamplingContext,
): JsonObject | undefined {
  const { own, drops } = context;
  nameWithoutPlace(sampling, drops);
  const maxTokens = limitOf(sampling, context);
  const { temperature, topP } = own ? sampling : fitted(sampling, context);
  const stopSequences = stopOf(sampling, context);
  if (maxTokens === null && temperature === null && topP === null && stopSequences === null) {
    return undefined;
  }
  return {
    maxTokens: ifSaid(maxTokens),
    temperature: ifSaid(temperature),
    topP: ifSaid(topP),
    stopSequences: ifSaid(stopSequences),
  };
}

function nameWithoutPlace(sampling: Sampling, drops: Drops): void {
  drops.addIf(sampling.frequencyPenalty, 'frequency_penalty');
  drops.addIf(sampling.presencePenalty, 'presence_penalty');
  drops.addIf(sampling.seed, 'seed');
  drops.addIf(sampling.topLogprobs, 'top_logprobs');
  drops.addIf(sampling.logitBias, 'logit_bias');
  if ((sampling.choices ?? 1) > 1) drops.add('n');
  if (sampling.logprobs === true) drops.add('logprobs');
}

function limitOf(
  { maxOutputTokens }: Sampling,
  { rulesOut, drops }: SamplingContext,
): number | null {
  if (maxOutputTokens === null || rulesOut !== 'sampling_and_limit') return maxOutputTokens;
  drops.add('max_tokens');
  return null;
}

/** Sequences of nothing but white space are refused. */
function stopOf({ stop }: Sampling, { own, drops }: SamplingContext): readonly string[] | null {
  if (stop === null || own) return stop;
  const taken = stop.filter((text) => /\S/.test(text));
  if (taken.length < stop.length) drops.add('stop');
  return taken.length > 0 ? taken : null;
}

const within = (value: number): number => Math.min(HOTTEST, Math.max(0, value));

function fitted(
  { temperature, topP }: Sampling,
  { traits, rulesOut, drops }: SamplingContext,
): Pick<Sampling, 'temperature' | 'topP'> {
  const refused = traits.sampling === 'none' || rulesOut !== 'nothing';
  if (temperature !== null && (refused ? temperature !== HOTTEST : temperature > HOTTEST)) {
    drops.add('temperature');
  }
  const heat = temperature === null || refused ? null : within(temperature);
  if (topP === null) return { temperature: heat, topP };
  const beside = traits.sampling === 'one' && heat !== null;
  const thinking =
    traits.sampling !== 'none' && rulesOut === 'sampling' && topP >= LEAST_THINKING_TOP_P;
  const isTaken = (!refused || thinking) && !beside;
  if (!isTaken && topP !== HOTTEST) drops.add('top_p');
  return { temperature: heat, topP: isTaken ? within(topP) : null };
}

/** `top_k` where the model has it, as members of `additionalModelRequestFields`; null where there is nothing to say. */
export function topKFields(topK: number | null, context: SamplingContext): JsonObject | null {
  const { traits, rulesOut, drops } = context;
  if (topK === null) return null;
  const [outer, inner] = traits.topK ?? [];
  if (outer === undefined || traits.sampling === 'none' || rulesOut !== 'nothing') {
    drops.add('top_k');
    return null;
  }
  return { [outer]: inner === undefined ? topK : { [inner]: topK } };
}

/** Objects of the same name are joined, the later one's members counting; null where there are none. */
export function mergedFields(...all: readonly (JsonValue | undefined)[]): JsonObject | null {
  let merged: Record<string, JsonValue | undefined> | null = null;
  for (const fields of all) {
    if (!isJsonObject(fields)) continue;
    for (const name in fields) {
      if (name === '__proto__') continue;
      const value = fields[name];
      merged ??= {};
      const before = merged[name];
      merged[name] = isJsonObject(before) && isJsonObject(value) ? { ...before, ...value } : value;
    }
  }
  return merged;
}
