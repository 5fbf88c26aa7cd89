/** `generationConfig`. Source: `GenerationConfig` of @google/genai, https://ai.google.dev/api/generate-content#generationconfig. */
import {
  optionalArray,
  optionalBoolean,
  optionalCount,
  optionalNumber,
  optionalObject,
  optionalString,
  othersIn,
  pathOf,
  wrongFault,
} from '../canonical/read-member.ts';
import type { OutputFormat, Reasoning, Sampling } from '../canonical/request.ts';
import { NO_SAMPLING } from '../canonical/request.ts';
import type { JsonObject } from '../json/value.ts';
import { camelMembers, said, unlessEmpty } from './member-names.ts';
import { jsonSchemaOf } from './schema.ts';
import { decodeThinking } from './thinking-config.ts';

const AT = 'generationConfig';
const KNOWN = new Set([
  'temperature',
  'topP',
  'topK',
  'candidateCount',
  'maxOutputTokens',
  'stopSequences',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'responseLogprobs',
  'logprobs',
  'thinkingConfig',
  'responseModalities',
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

export function decodeConfig(body: JsonObject): DecodedConfig {
  const config = camelMembers(optionalObject(body, 'generationConfig', '') ?? {});
  const thinking = optionalObject(config, 'thinkingConfig', AT);
  const decoded = thinking === null ? null : decodeThinking(thinking);
  const output = decodeOutput(config);
  const rest = othersIn(config, KNOWN);
  return {
    sampling: decodeSampling(config),
    output,
    reasoning: decoded?.reasoning ?? null,
    modalities: strings(config, 'responseModalities')?.map((name) => name.toLowerCase()) ?? null,
    others: said({
      // An output of another kind than JSON or text (`text/x.enum`) rides along with its schema.
      ...(output === null ? rest : othersIn(rest, OUTPUT)),
      thinkingConfig: unlessEmpty(decoded?.others ?? {}),
    }),
  };
}

function decodeSampling(config: JsonObject): Sampling {
  return {
    ...NO_SAMPLING,
    maxOutputTokens: optionalCount(config, 'maxOutputTokens', AT),
    temperature: optionalNumber(config, 'temperature', AT),
    topP: optionalNumber(config, 'topP', AT),
    topK: optionalNumber(config, 'topK', AT),
    stop: strings(config, 'stopSequences'),
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
