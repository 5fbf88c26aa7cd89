/** Reads and checks generateContent requests. Unknown fields are ignored, which Gemini itself does not do. */
import type { Refusal } from '../../faces/refusal.ts';
import { estimateTokens } from '../estimate-tokens.ts';
import { contentText, isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';

export interface ContentRequest {
  readonly inputTokens: number;
  /** Null: not asked for. */
  readonly allowance: number | null;
  readonly prompt: string;
}

/** The face names the status. */
export const invalid = (message: string, status = 400): Refusal => ({
  status,
  body: { message, type: 'invalid_request_error', param: null, code: null },
  headers: [],
});

export function readContents(body: JsonObject): ContentRequest | Refusal {
  const { contents, systemInstruction, generationConfig } = body;
  if (!Array.isArray(contents) || contents.length === 0) {
    return invalid('* GenerateContentRequest.contents: contents is not specified\n');
  }
  const system = isObject(systemInstruction) ? contentText(systemInstruction['parts']) : '';
  let bytes = Buffer.byteLength(system);
  let prompt = '';
  for (const [at, content] of contents.entries()) {
    const parts: unknown = isObject(content) ? content['parts'] : null;
    if (!Array.isArray(parts) || parts.length === 0) {
      const field = `GenerateContentRequest.contents[${at}].parts`;
      return invalid(`* ${field}: contents.parts must not be empty.\n`);
    }
    const text = contentText(parts);
    bytes += Buffer.byteLength(text);
    if (isObject(content) && content['role'] !== 'model') prompt = text;
  }
  const config = isObject(generationConfig) ? generationConfig : {};
  const { maxOutputTokens } = config;
  const allowance = typeof maxOutputTokens === 'number' ? maxOutputTokens : null;
  return { inputTokens: estimateTokens(bytes), allowance, prompt };
}
