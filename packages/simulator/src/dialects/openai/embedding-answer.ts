/** Embeddings, as numbers or as base64 of little-endian 32-bit floats. */
import type { Refusal } from '../../faces/refusal.ts';
import { DEFAULT_DIMENSIONS, embed } from '../embed.ts';
import { badRequest } from './request-errors.ts';
import type { OpenaiRequest } from './request.ts';
import type { ModelProfile } from '../../profile/profile-schema.ts';

function encode(vector: Float32Array, format: unknown): string {
  if (format !== 'base64') return JSON.stringify(Array.from(vector));
  const bytes = Buffer.allocUnsafe(vector.length * 4);
  vector.forEach((value, at) => bytes.writeFloatLE(value, at * 4));
  return `"${bytes.toString('base64')}"`;
}

/** How many numbers are asked for, or why the model cannot give them. */
export function dimensionsOf(request: OpenaiRequest, model: ModelProfile): number | Refusal {
  const most = model.dimensions ?? DEFAULT_DIMENSIONS;
  const asked = request.body['dimensions'];
  if (typeof asked !== 'number') return most;
  if (asked <= most) return asked;
  const message = `Invalid value for 'dimensions' = ${asked}. Must be less than or equal to ${most}.`;
  return badRequest(message, 'dimensions');
}

export function embeddingBody(request: OpenaiRequest, dimensions: number): string {
  const format = request.body['encoding_format'];
  const items = request.inputs.map(
    (text, index) =>
      `{"object":"embedding","index":${index},"embedding":${encode(embed(text, dimensions), format)}}`,
  );
  const usage = `{"prompt_tokens":${request.inputTokens},"total_tokens":${request.inputTokens}}`;
  return `{"object":"list","data":[${items.join(',')}],"model":${JSON.stringify(request.model)},"usage":${usage}}`;
}
