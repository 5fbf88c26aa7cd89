import type { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest, OutputFormat, Sampling } from '../canonical/request.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';
import { said, unlessEmpty } from './member-names.ts';
import { encodeThinking } from './thinking-config.ts';

/** `generationConfig` of a request; undefined where it would be empty. */
export function encodeConfig(request: CanonicalRequest, drops: Drops): JsonObject | undefined {
  const own = request.origin === 'gemini';
  const kept = own ? request.extensions['generationConfig'] : undefined;
  const others = isJsonObject(kept) ? kept : {};
  const { model, reasoning, modalities } = request;
  const thinking = reasoning === null ? {} : encodeThinking(reasoning, { model, own }, drops);
  const keptThinking = others['thinkingConfig'];
  return unlessEmpty(
    said({
      ...encodeSampling(request.sampling, drops),
      ...encodeOutput(request.output),
      responseModalities: modalities?.map((name) => name.toUpperCase()),
      ...others,
      thinkingConfig: unlessEmpty({
        ...thinking,
        ...(isJsonObject(keptThinking) ? keptThinking : {}),
      }),
    }),
  );
}

function encodeSampling(sampling: Sampling, drops: Drops): JsonObject {
  drops.addIf(sampling.logitBias, 'logit_bias');
  const config: Record<string, JsonObject[string]> = {};
  for (const [name, member] of SAMPLING) {
    const value = sampling[name];
    if (value !== null) config[member] = value;
  }
  return config;
}

const SAMPLING = [
  ['maxOutputTokens', 'maxOutputTokens'],
  ['temperature', 'temperature'],
  ['topP', 'topP'],
  ['topK', 'topK'],
  ['stop', 'stopSequences'],
  ['frequencyPenalty', 'frequencyPenalty'],
  ['presencePenalty', 'presencePenalty'],
  ['seed', 'seed'],
  ['choices', 'candidateCount'],
  ['logprobs', 'responseLogprobs'],
  ['topLogprobs', 'logprobs'],
] as const;

/**
 * A schema's name is a label that Gemini has no place for and its model never sees; its description moves into the schema. Gemini always
 * holds a model to the schema, so `strict` needs no word.
 */
function encodeOutput(output: OutputFormat | null): JsonObject {
  if (output === null) return {};
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
