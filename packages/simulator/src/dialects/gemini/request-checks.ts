/**
 * What Gemini finds wrong with a generateContent request: fields, roles, parts, schemas, functions and their answers, signatures of
 * thoughts. Fields: googleapis/js-genai `Part`, `Schema`, `GenerationConfig`; texts as public issues quote them (google-gemini/gemini-cli
 * issues 5443 and 16543, langgenius/dify-official-plugins/issues/2088); that of an altered signature is not verified.
 */
import type { Refusal } from '../../faces/refusal.ts';
import { unseal } from '../conversation/signatures.ts';
import { isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import { field, fieldNames, invalid, listField, objectField, unknownField } from './fields.ts';

const REQUEST = fieldNames(
  'model contents tools toolConfig safetySettings systemInstruction generationConfig cachedContent labels serviceTier store',
);
const CONTENT = fieldNames('role parts');
const PART = fieldNames(
  'text thought thoughtSignature inlineData fileData functionCall functionResponse executableCode codeExecutionResult toolCall toolResponse videoMetadata mediaResolution partMetadata mediaProcessing audioTranscription speechMetadata',
);
const CONFIG = fieldNames(
  'stopSequences responseMimeType responseSchema responseJsonSchema responseModalities responseFormat candidateCount maxOutputTokens temperature topP topK seed presencePenalty frequencyPenalty responseLogprobs logprobs enableEnhancedCivicAnswers speechConfig thinkingConfig imageConfig mediaResolution audioTimestamp routingConfig modelSelectionConfig translationConfig audioTranscriptionConfig enableAffectiveDialog',
);
const SCHEMA = fieldNames(
  'type format title description nullable enum maxItems minItems properties required minProperties maxProperties minLength maxLength pattern example anyOf propertyOrdering default items minimum maximum',
);
const DECLARATION = fieldNames(
  'name description behavior parameters parametersJsonSchema response responseJsonSchema',
);
const MAX_DEPTH = 64;

/** Gemini's schemas are a part of OpenAPI's; whole JSON Schemas have fields of their own. */
function wrongSchema(schema: unknown, at: string, depth = 0): Refusal | null {
  if (!isObject(schema) || depth > MAX_DEPTH) return null;
  const refusal = unknownField(schema, SCHEMA, at);
  if (refusal !== null) return refusal;
  for (const [name, inner] of Object.entries(objectField(schema, 'properties'))) {
    const wrong = wrongSchema(inner, `${at}.properties[${name}]`, depth + 1);
    if (wrong !== null) return wrong;
  }
  for (const [index, inner] of listField(schema, 'anyOf').entries()) {
    const wrong = wrongSchema(inner, `${at}.any_of[${index}]`, depth + 1);
    if (wrong !== null) return wrong;
  }
  return wrongSchema(schema['items'], `${at}.items`, depth + 1);
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/;

export function wrongTools(body: JsonObject): Refusal | null {
  for (const [at, tool] of listField(body, 'tools').entries()) {
    if (!isObject(tool)) return invalid(`Invalid value at 'tools[${at}]'`);
    for (const [index, declared] of listField(tool, 'functionDeclarations').entries()) {
      const place = `tools[${at}].function_declarations[${index}]`;
      if (!isObject(declared)) return invalid(`Invalid value at '${place}'`);
      const wrong =
        unknownField(declared, DECLARATION, place) ??
        wrongSchema(declared['parameters'], `${place}.parameters`);
      if (wrong !== null) return wrong;
      if (typeof declared['name'] !== 'string' || !NAME.test(declared['name'])) {
        return invalid(
          `* GenerateContentRequest.${place}.name: Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 128.\n`,
        );
      }
    }
  }
  return null;
}

export function wrongConfig(body: JsonObject): Refusal | null {
  const config = objectField(body, 'generationConfig');
  const { temperature } = config;
  const most = field(config, 'maxOutputTokens');
  if (most !== undefined && (!Number.isInteger(most) || Number(most) < 1)) {
    return invalid(
      'Invalid value at generation_config.max_output_tokens: must be a positive integer.',
    );
  }
  if (typeof temperature === 'number' && (temperature < 0 || temperature > 2)) {
    return invalid(
      `* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, 2.0].\n`,
    );
  }
  return (
    unknownField(config, CONFIG, 'generation_config') ??
    wrongSchema(field(config, 'responseSchema'), 'generation_config.response_schema')
  );
}

/** Texts that Google documents for calls which another model has made, and that are never checked. */
const UNCHECKED = new Set([
  'skip_thought_signature_validator',
  'context_engineering_is_the_way_to_go',
]);

/** What a signature was made for. */
export const signedFor = (call: string | null): string =>
  call === null ? 'text' : `function ${call}`;

function isOwnSignature(signature: unknown, call: string | null): boolean {
  if (typeof signature !== 'string') return false;
  const decoded = Buffer.from(signature, 'base64').toString('utf8');
  if (UNCHECKED.has(signature) || UNCHECKED.has(decoded)) return true;
  return unseal('gemini', decoded) === signedFor(call);
}

export const partsIn = (content: unknown): readonly JsonObject[] =>
  isObject(content) ? listField(content, 'parts').filter(isObject) : [];

const callName = (part: JsonObject): string | null => {
  const call = field(part, 'functionCall');
  return isObject(call) ? String(call['name']) : null;
};

function wrongContent(content: unknown, at: number): Refusal | null {
  const place = `GenerateContentRequest.contents[${at}]`;
  const given: unknown = isObject(content) ? content['parts'] : null;
  if (!isObject(content) || !Array.isArray(given) || given.length === 0) {
    return invalid(`* ${place}.parts: contents.parts must not be empty.\n`);
  }
  const refusal = unknownField(content, CONTENT, `contents[${at}]`);
  if (refusal !== null) return refusal;
  const { role } = content;
  if (role !== undefined && role !== 'user' && role !== 'model' && role !== 'function') {
    return invalid('Please use a valid role: user, model.');
  }
  for (const [index, part] of given.entries()) {
    if (!isObject(part)) return invalid(`Invalid value at 'contents[${at}].parts[${index}]'`);
    const wrong = wrongPart(part, `contents[${at}].parts[${index}]`);
    if (wrong !== null) return wrong;
  }
  return null;
}

const FILLED = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
];

function wrongPart(part: JsonObject, place: string): Refusal | null {
  const refusal = unknownField(part, PART, place);
  if (refusal !== null) return refusal;
  if (!FILLED.some((name) => field(part, name) !== undefined)) {
    return invalid(
      `* GenerateContentRequest.${place}.data: required oneof field 'data' must have one initialized field\n`,
    );
  }
  const signature = field(part, 'thoughtSignature');
  if (signature === undefined || isOwnSignature(signature, callName(part))) return null;
  return invalid('Corrupted thought signature.');
}

/** A turn that calls functions is answered at once, each call once. */
function wrongAnswers(contents: readonly unknown[]): Refusal | null {
  for (const [at, content] of contents.entries()) {
    const calls = partsIn(content).filter((part) => callName(part) !== null).length;
    if (calls === 0) continue;
    const answers = partsIn(contents[at + 1]).filter(
      (part) => field(part, 'functionResponse') !== undefined,
    ).length;
    if (at < contents.length - 1 && answers !== calls) {
      return invalid(
        'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
      );
    }
  }
  return null;
}

/** While it thinks, the first call of each step since the user last spoke carries its signature. */
export function unsignedCall(contents: readonly unknown[]): Refusal | null {
  const spoke = contents.findLastIndex(
    (content) =>
      isObject(content) &&
      content['role'] !== 'model' &&
      partsIn(content).some((part) => typeof part['text'] === 'string'),
  );
  for (const [at, content] of contents.entries()) {
    if (at < spoke) continue;
    const first = partsIn(content).find((part) => callName(part) !== null);
    if (first === undefined || field(first, 'thoughtSignature') !== undefined) continue;
    return invalid(
      `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${callName(first) ?? ''}\` , position ${at + 1}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.`,
    );
  }
  return null;
}

export function wrongContents(contents: unknown): Refusal | null {
  if (!Array.isArray(contents) || contents.length === 0) {
    return invalid('* GenerateContentRequest.contents: contents is not specified\n');
  }
  for (const [at, content] of contents.entries()) {
    const refusal = wrongContent(content, at);
    if (refusal !== null) return refusal;
  }
  return wrongAnswers(contents);
}

export const wrongFields = (body: JsonObject): Refusal | null => unknownField(body, REQUEST, '');
