/**
 * Embeddings: Gemini's `:embedContent` (one text) and `:batchEmbedContents` (many) and OpenAI's `/v1/embeddings`, into each other.
 * Sources: https://ai.google.dev/api/embeddings, `EmbedContentResponse` of @google/genai; `EmbeddingCreateParams` and
 * `CreateEmbeddingResponse` of the openai package.
 */
import type { Decoded } from '../canonical/codec.ts';
import type { Drops } from '../canonical/drops.ts';
import {
  decoding,
  lenientCount,
  missingFault,
  objectsIn,
  optionalCount,
  othersIn,
  pathOf,
  requiredObject,
  requiredString,
  wrongFault,
} from '../canonical/read-member.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { elementsIn } from './elements-in.ts';
import { base64Floats, floatsIn } from './float-base64.ts';
import { said } from '../canonical/said.ts';
import { camelMembers } from './member-names.ts';

const KNOWN = new Set(['model', 'content', 'outputDimensionality']);
const KNOWN_OPENAI = new Set(['model', 'input', 'dimensions', 'encoding_format']);

/** What is asked for in either dialect. */
export interface EmbeddingRequest {
  readonly texts: readonly string[];
  readonly dimensions: number | null;
  /** Members that only the dialect they came in has: `taskType` and `title` of each text, or OpenAI's `user`. */
  readonly others: readonly JsonObject[];
}

/** The body of either of Gemini's methods. */
export function decodeEmbedRequest(body: JsonObject): Decoded<EmbeddingRequest> {
  return decoding(() => {
    const members = camelMembers(body);
    const batch = 'requests' in members;
    const requests = batch ? objectsIn(members, 'requests', '') : [{ value: members, at: '' }];
    if (requests.length === 0) throw missingFault('requests[0]');
    const read = requests.map(({ value, at }) => decodeOne(camelMembers(value), at));
    const dimensions = read[0]?.dimensions ?? null;
    const different = read.findIndex((each) => each.dimensions !== dimensions);
    if (different !== -1) {
      const at = `requests[${different}].outputDimensionality`;
      throw wrongFault(at, 'the same in all requests');
    }
    return {
      texts: read.map(({ text }) => text),
      dimensions,
      others: read.map(({ others }) => others),
    };
  });
}

function decodeOne(request: JsonObject, at: string) {
  const place = pathOf(at, 'content');
  const content = requiredObject(request, 'content', at);
  const parts = elementsIn(content, 'parts', place);
  if (parts.length === 0) throw missingFault(pathOf(place, 'parts[0]'));
  const texts = parts.map((part) => requiredString(part.value, 'text', part.at));
  return {
    text: texts.join(''),
    dimensions: optionalCount(request, 'outputDimensionality', at),
    others: othersIn(request, KNOWN),
  };
}

/** The body of OpenAI's request for it. */
export function encodeOpenAiEmbedRequest(
  { texts, dimensions, others }: EmbeddingRequest,
  model: string,
  drops: Drops,
): JsonObject {
  for (const each of others) for (const name of Object.keys(each)) drops.add(name);
  return said({ model, input: texts, dimensions, encoding_format: 'float' });
}

export interface OpenAiEmbedding extends EmbeddingRequest {
  readonly model: string;
  /** How the caller wants the vectors. */
  readonly format: 'float' | 'base64';
}

/** The body of OpenAI's request, for Gemini: texts only, as tokens mean nothing to another model. */
export function decodeOpenAiEmbedRequest(body: JsonObject): Decoded<OpenAiEmbedding> {
  return decoding(() => {
    const format = body['encoding_format'] ?? 'float';
    if (format !== 'float' && format !== 'base64') {
      throw wrongFault('encoding_format', '"float" or "base64"');
    }
    return {
      model: requiredString(body, 'model', ''),
      texts: inputOf(body['input'] ?? null),
      dimensions: optionalCount(body, 'dimensions', ''),
      others: [othersIn(body, KNOWN_OPENAI)],
      format,
    };
  });
}

function inputOf(input: JsonValue): readonly string[] {
  if (input === null) throw missingFault('input');
  if (typeof input === 'string') return [input];
  if (!isJsonArray(input) || input.length === 0) throw wrongFault('input', 'text, or texts');
  return input.map((text, index) => {
    if (typeof text === 'string') return text;
    throw wrongFault(`input[${index}]`, 'a text: tokens of another model mean nothing to this one');
  });
}

/** The body of `:batchEmbedContents`, which takes one text as well as many. */
export function encodeBatchEmbed(
  { texts, dimensions, others }: EmbeddingRequest,
  model: string,
  drops: Drops,
): JsonObject {
  for (const each of others) for (const name of Object.keys(each)) drops.add(name);
  return {
    requests: texts.map((text) =>
      said({
        model: `models/${model}`,
        content: { parts: [{ text }] },
        outputDimensionality: dimensions,
      }),
    ),
  };
}

export interface Embeddings {
  readonly vectors: readonly (readonly number[])[];
  /** Null where the provider does not say: AI Studio did not at first. */
  readonly inputTokens: number | null;
}

const NO_EMBEDDINGS = {
  ok: false,
  code: 'upstream_invalid',
  message: 'The provider sent no embeddings.',
  param: null,
} as const;

/** The answer of either of Gemini's methods. */
export function decodeEmbedResponse(body: JsonObject): Decoded<Embeddings> {
  const list = isJsonArray(body['embeddings']) ? body['embeddings'] : [body['embedding'] ?? null];
  const vectors = list.map((each) => numbersIn(isJsonObject(each) ? each['values'] : undefined));
  const usage = body['usageMetadata'];
  const tokens = isJsonObject(usage) ? usage['promptTokenCount'] : undefined;
  return embeddings(vectors, tokens);
}

/** OpenAI's answer, vectors as numbers or in base64. */
export function decodeOpenAiEmbedResponse(body: JsonObject): Decoded<Embeddings> {
  const list = isJsonArray(body['data']) ? body['data'] : [];
  const vectors = list.map((each) => {
    const embedding = isJsonObject(each) ? each['embedding'] : undefined;
    return typeof embedding === 'string' ? floatsIn(embedding) : numbersIn(embedding);
  });
  const usage = body['usage'];
  return embeddings(vectors, isJsonObject(usage) ? usage['prompt_tokens'] : undefined);
}

function embeddings(
  vectors: readonly (readonly number[] | null)[],
  tokens: JsonValue | undefined,
): Decoded<Embeddings> {
  const read = vectors.filter((vector) => vector !== null);
  if (read.length === 0 || read.length !== vectors.length) return NO_EMBEDDINGS;
  const inputTokens = typeof tokens === 'number' ? lenientCount(tokens) : null;
  return { ok: true, value: { vectors: read, inputTokens } };
}

function numbersIn(values: JsonValue | undefined): readonly number[] | null {
  if (!isJsonArray(values)) return null;
  const numbers = values.filter((value) => typeof value === 'number');
  return numbers.length === values.length ? numbers : null;
}

/** The body for a caller of Gemini's: of `:embedContent`, or of `:batchEmbedContents`. */
export function encodeEmbedResponse(
  { vectors, inputTokens }: Embeddings,
  method: 'embedContent' | 'batchEmbedContents',
): JsonObject {
  const list = vectors.map((values) => ({ values }));
  const usageMetadata = inputTokens === null ? null : { promptTokenCount: inputTokens };
  return method === 'embedContent'
    ? said({ embedding: list[0], usageMetadata })
    : said({ embeddings: list, usageMetadata });
}

/** The body for a caller of OpenAI's; tokens that nobody counted are 0. */
export function encodeOpenAiEmbedResponse(
  { vectors, inputTokens }: Embeddings,
  model: string,
  format: 'float' | 'base64',
): JsonObject {
  const tokens = inputTokens ?? 0;
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: format === 'base64' ? base64Floats(vector) : vector,
    })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}
