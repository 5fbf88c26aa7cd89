/** A unit vector that depends on the text and on nothing else: what every dialect's embeddings are. */
import { hashText, seededRandom } from '../random.ts';

export const DEFAULT_DIMENSIONS = 1536;

/** The same text gives the same direction; fewer dimensions are the first ones, scaled to length 1 again, as OpenAI shortens them. */
export function embed(text: string, dimensions: number): Float32Array {
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
