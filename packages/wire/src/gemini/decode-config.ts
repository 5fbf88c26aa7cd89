/** `generationConfig`. Source: `GenerationConfig` of @google/genai, https://ai.google.dev/api/generate-content#generationconfig. */
import {
  grouped,
  NO_OTHERS,
  optionalArray,
  optionalBoolean,
  optionalCount,
  optionalNumber,
  optionalObject,
  optionalString,
  othersIn,
  pathOf,
  survey,
  wrongFault,
} from '../canonical/read-member.ts';
import type { OutputFormat, Reasoning, Sampling } from '../canonical/request.ts';
import { NO_SAMPLING } from '../canonical/request.ts';
import type { JsonObject } from '../json/value.ts';
import { camelMembers, unlessEmpty } from './member-names.ts';
import { jsonSchemaOf } from './schema.ts';
import { decodeThinking } from './thinking-config.ts';

const AT = 'generationConfig';
const PLAIN = 1;
const RARE_SAMPLING = 2;
const MORE = 4;
const GROUPS: ReadonlyMap<string, number> = new Map([
  ...grouped(PLAIN, 'temperature', 'topP', 'topK', 'maxOutputTokens', 'stopSequences'),
  ...grouped(RARE_SAMPLING, 'candidateCount', 'seed', 'presencePenalty', 'frequencyPenalty'),
  ...grouped(RARE_SAMPLING, 'responseLogprobs', 'logprobs'),
  ...grouped(MORE, 'thinkingConfig', 'responseModalities'),
]);
const OUTPUT = new Set([
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  '_responseJsonSchema',
]);

export interface DecodedConfig {
  readonly sampling: Sampling;
  readonly output: OutputFormat | null;
  readonly reasoning: Reasoning | null;
  readonly modalities: readonly string[] | null;
  /** What has no canonical form, in camelCase. */
  readonly others: JsonObject;
}

const NO_CONFIG: DecodedConfig = Object.freeze({
  sampling: NO_SAMPLING,
  output: null,
  reasoning: null,
  modalities: null,
  others: NO_OTHERS,
});

export function decodeConfig(body: JsonObject): DecodedConfig {
  const given = optionalObject(body, 'generationConfig', '');
  if (given === null) return NO_CONFIG;
  const config = camelMembers(given);
  const { groups, others: rest } = survey(config, GROUPS);
  const isRare = (groups & RARE_SAMPLING) !== 0;
  const sampling = isRare ? decodeSampling(config) : plainSampling(config);
  if ((groups & MORE) === 0 && rest === NO_OTHERS) return { ...NO_CONFIG, sampling };
  const thinking = optionalObject(config, 'thinkingConfig', AT);
  const decoded = thinking === null ? null : decodeThinking(thinking);
  const output = decodeOutput(config);
  // An output of another kind than JSON or text (`text/x.enum`) rides along with its schema.
  const others = output === null ? rest : othersIn(rest, OUTPUT);
  const thinkingConfig = unlessEmpty(decoded?.others ?? NO_OTHERS);
  return {
    sampling,
    output,
    reasoning: decoded?.reasoning ?? null,
    modalities: strings(config, 'responseModalities')?.map((name) => name.toLowerCase()) ?? null,
    others: thinkingConfig === undefined ? others : { ...others, thinkingConfig },
  };
}

function plainSampling(config: JsonObject): Sampling {
  return {
    ...NO_SAMPLING,
    maxOutputTokens: optionalCount(config, 'maxOutputTokens', AT),
    temperature: optionalNumber(config, 'temperature', AT),
    topP: optionalNumber(config, 'topP', AT),
    topK: optionalNumber(config, 'topK', AT),
    stop: strings(config, 'stopSequences'),
  };
}

function decodeSampling(config: JsonObject): Sampling {
  return {
    ...plainSampling(config),
    frequencyPenalty: optionalNumber(config, 'frequencyPenalty', AT),
    presencePenalty: optionalNumber(config, 'presencePenalty', AT),
    seed: optionalNumber(config, 'seed', AT),
    choices: optionalCount(config, 'candidateCount', AT),
    logprobs: optionalBoolean(config, 'responseLogprobs', AT),
    topLogprobs: optionalCount(config, 'logprobs', AT),
  };
}

function strings(config: JsonObject, name: string): readonly string[] | null {
  return (
    optionalArray(config, name, AT)?.map((value, index) => {
      if (typeof value === 'string') return value;
      throw wrongFault(pathOf(pathOf(AT, name), index), 'a string');
    }) ?? null
  );
}

function decodeOutput(config: JsonObject): OutputFormat | null {
  const type = optionalString(config, 'responseMimeType', AT);
  if (type === 'text/plain') return { kind: 'text' };
  if (type !== 'application/json') return null;
  const openApi = optionalObject(config, 'responseSchema', AT);
  const schema =
    optionalObject(config, 'responseJsonSchema', AT) ??
    optionalObject(config, '_responseJsonSchema', AT) ??
    (openApi === null ? null : jsonSchemaOf(openApi));
  return schema === null
    ? { kind: 'json' }
    : { kind: 'json_schema', name: null, description: null, schema, strict: null };
}
