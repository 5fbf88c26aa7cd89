import type { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest, OutputFormat, Sampling } from '../canonical/request.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';
import { ifSaid, said } from '../canonical/said.ts';
import { unlessEmpty } from './member-names.ts';
import { encodeThinking } from './thinking-config.ts';

/** `generationConfig` of a request; undefined where it would be empty. */
export function encodeConfig(request: CanonicalRequest, drops: Drops): JsonObject | undefined {
  const { model, reasoning, modalities, output } = request;
  const config = encodeSampling(request.sampling, drops);
  if (output !== null) Object.assign(config, encodeOutput(output));
  if (modalities !== null) {
    config['responseModalities'] = modalities.map((name) => name.toUpperCase());
  }
  const own = request.origin === 'gemini';
  const thinking = reasoning === null ? NOTHING : encodeThinking(reasoning, { model, own }, drops);
  const kept = own ? request.extensions['generationConfig'] : undefined;
  if (isJsonObject(kept)) return withKept(config, thinking, kept);
  if (thinking !== NOTHING) config['thinkingConfig'] = unlessEmpty(thinking);
  return saysAny(config) ? config : undefined;
}

const NOTHING: JsonObject = Object.freeze({});

/** What Gemini's own caller said beside what has a canonical form. */
function withKept(config: JsonObject, thinking: JsonObject, kept: JsonObject) {
  const keptThinking = kept['thinkingConfig'];
  const all = { ...thinking, ...(isJsonObject(keptThinking) ? keptThinking : NOTHING) };
  return unlessEmpty(said({ ...config, ...kept, thinkingConfig: unlessEmpty(all) }));
}

function saysAny(config: JsonObject): boolean {
  for (const name in config) if (config[name] !== undefined) return true;
  return false;
}

function encodeSampling(sampling: Sampling, drops: Drops): Record<string, JsonObject[string]> {
  drops.addIf(sampling.logitBias, 'logit_bias');
  return {
    maxOutputTokens: ifSaid(sampling.maxOutputTokens),
    temperature: ifSaid(sampling.temperature),
    topP: ifSaid(sampling.topP),
    topK: ifSaid(sampling.topK),
    stopSequences: ifSaid(sampling.stop),
    frequencyPenalty: ifSaid(sampling.frequencyPenalty),
    presencePenalty: ifSaid(sampling.presencePenalty),
    seed: ifSaid(sampling.seed),
    candidateCount: ifSaid(sampling.choices),
    responseLogprobs: ifSaid(sampling.logprobs),
    logprobs: ifSaid(sampling.topLogprobs),
  };
}

/**
 * A schema's name is a label that Gemini has no place for and its model never sees; its description moves into the schema. Gemini always
 * holds a model to the schema, so `strict` needs no word.
 */
function encodeOutput(output: OutputFormat): JsonObject {
  if (output.kind === 'text') return { responseMimeType: 'text/plain' };
  if (output.kind === 'json') return { responseMimeType: 'application/json' };
  const { schema, description } = output;
  return {
    responseMimeType: 'application/json',
    responseJsonSchema:
      description === null || schema['description'] !== undefined
        ? schema
        : { ...schema, description },
  };
}
