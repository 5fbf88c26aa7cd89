/** Embeddings: a unit vector that depends on the text and on nothing else, as numbers or as base64 of little-endian 32-bit floats. */
import { hashText, seededRandom } from '../../random.ts';
import type { Refusal } from '../../faces/refusal.ts';
import { badRequest } from './request-errors.ts';
import type { OpenaiRequest } from './request.ts';
import type { ModelProfile } from '../../profile/profile-schema.ts';

const DEFAULT_DIMENSIONS = 1536;

/** The same text gives the same direction; fewer dimensions are the first ones, scaled to length 1 again, as OpenAI shortens them. */
function embed(text: string, dimensions: number): Float32Array {
  const random = seededRandom(hashText(text));
  const vector = new Float32Array(dimensions);
  let squares = 0;
  for (let at = 0; at < dimensions; at++) {
    const value = random.fraction() * 2 - 1;
    vector[at] = value;
    squares += value * value;
  }
  const length = Math.sqrt(squares) || 1;
  for (let at = 0; at < dimensions; at++) vector[at] = (vector[at] ?? 0) / length;
  return vector;
}

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
