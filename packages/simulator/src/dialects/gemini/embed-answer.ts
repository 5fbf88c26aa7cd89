/** embedContent and batchEmbedContents: googleapis/js-genai `EmbedContentResponse`, and the REST page ai.google.dev/api/embeddings. */
import type { Refusal } from '../../faces/refusal.ts';
import type { ModelProfile } from '../../profile/profile-schema.ts';
import { DEFAULT_DIMENSIONS, embed } from '../embed.ts';
import { estimateTokens } from '../estimate-tokens.ts';
import { contentText, isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import type { PricedReply } from '../serve-call.ts';
import { field, invalid, listField } from './fields.ts';

export interface EmbedRequest {
  readonly texts: readonly string[];
  /** Null: the model's own. */
  readonly dimensions: number | null;
  readonly batch: boolean;
  readonly inputTokens: number;
}

const MAX_BATCH = 100;

function textOf(request: unknown): string | null {
  if (!isObject(request) || !isObject(request['content'])) return null;
  const text = contentText(request['content']['parts']);
  return text === '' ? null : text;
}

export function readEmbed(body: JsonObject, batch: boolean): EmbedRequest | Refusal {
  const requests = batch ? listField(body, 'requests') : [body];
  if (requests.length === 0)
    return invalid('* BatchEmbedContentsRequest.requests: requests is not specified\n');
  if (requests.length > MAX_BATCH) {
    return invalid(
      `* BatchEmbedContentsRequest.requests: at most ${MAX_BATCH} requests can be in one batch\n`,
    );
  }
  const texts = requests.map(textOf);
  const good = texts.filter((text) => text !== null);
  if (good.length < texts.length) {
    return invalid('* EmbedContentRequest.content: content is not specified\n');
  }
  const [first] = requests;
  const asked = isObject(first) ? field(first, 'outputDimensionality') : undefined;
  const bytes = good.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return {
    texts: good,
    dimensions: typeof asked === 'number' && asked >= 1 ? Math.floor(asked) : null,
    batch,
    inputTokens: estimateTokens(bytes),
  };
}

export function embedReply(request: EmbedRequest, model: ModelProfile): PricedReply | Refusal {
  const most = model.dimensions ?? DEFAULT_DIMENSIONS;
  const dimensions = request.dimensions ?? most;
  if (dimensions > most) {
    return invalid(`output_dimensionality must be between 1 and ${most}, but was ${dimensions}.`);
  }
  const body = (): string => {
    const made = request.texts.map((text) => ({ values: Array.from(embed(text, dimensions)) }));
    return JSON.stringify(request.batch ? { embeddings: made } : { embedding: made[0] });
  };
  return { framed: null, body, outputTokens: 0 };
}
