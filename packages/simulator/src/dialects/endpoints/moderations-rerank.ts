/** Moderations (openai-node `ModerationCreateResponse`) and rerank (docs.cohere.com/reference/rerank; jina.ai/reranker takes the same). */
import type { Refusal } from '../../faces/refusal.ts';
import { estimateTokens } from '../estimate-tokens.ts';
import { isObject } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import type { OwnRoute, RoutedCall } from '../openai/own-route.ts';
import { badRequest } from '../openai/request-errors.ts';
import { missing } from '../openai/value-checks.ts';
import { jsonRoute, textField } from './endpoint.ts';
import type { EndpointCall } from './endpoint.ts';

const CATEGORIES = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'self-harm',
  'self-harm/instructions',
  'self-harm/intent',
  'sexual',
  'sexual/minors',
  'violence',
  'violence/graphic',
] as const;

const byCategory = (value: (name: string) => unknown): Readonly<Record<string, unknown>> =>
  Object.fromEntries(CATEGORIES.map((name) => [name, value(name)]));

/** A text is flagged for each category that it names as `flag:violence`. */
function judged(text: string, kinds: readonly string[]): object {
  const flagged = new Set(CATEGORIES.filter((name) => text.includes(`flag:${name}`)));
  return {
    flagged: flagged.size > 0,
    categories: byCategory((name) => [...flagged].some((one) => one === name)),
    category_scores: byCategory((name) => ([...flagged].some((one) => one === name) ? 0.99 : 0.01)),
    category_applied_input_types: byCategory(() => kinds),
  };
}

/** One text or several, or one input of parts. */
function inputsOf(input: unknown): { text: string; kinds: string[] }[] | null {
  if (typeof input === 'string') return [{ text: input, kinds: ['text'] }];
  if (!Array.isArray(input) || input.length === 0) return null;
  const texts = input.filter((one) => typeof one === 'string');
  if (texts.length === input.length) return texts.map((text) => ({ text, kinds: ['text'] }));
  const parts = input.filter(isObject);
  if (parts.length < input.length) return null;
  const text = parts.map((part) => textField(part, 'text') ?? '').join('\n');
  const images = parts.some(({ type }) => type === 'image_url');
  return [{ text, kinds: images ? ['text', 'image'] : ['text'] }];
}

function moderate(body: JsonObject, { exchange }: RoutedCall): EndpointCall | Refusal {
  if (body['input'] === undefined) return missing('input');
  const inputs = inputsOf(body['input']);
  if (inputs === null) {
    return badRequest(
      "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
    );
  }
  const bytes = inputs.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  return {
    model: textField(body, 'model'),
    prompt: inputs.at(-1)?.text ?? '',
    inputTokens: estimateTokens(bytes),
    outputTokens: 0,
    answer: (model) => ({
      body: () =>
        JSON.stringify({
          id: `modr-${exchange.requestId}`,
          model: model.id,
          results: inputs.map(({ text, kinds }) => judged(text, kinds)),
        }),
    }),
  };
}

const wordsOf = (text: string): Set<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu));

/** The share of the query's words that a document has. */
function relevance(query: ReadonlySet<string>, text: string): number {
  if (query.size === 0) return 0;
  const words = wordsOf(text);
  const found = [...query].filter((word) => words.has(word)).length;
  return found / query.size;
}

function textsOf(documents: unknown): string[] | null {
  if (!Array.isArray(documents) || documents.length === 0) return null;
  const texts = documents.map((one: unknown) =>
    typeof one === 'string' ? one : isObject(one) ? textField(one, 'text') : null,
  );
  const good = texts.filter((text) => text !== null);
  return good.length === texts.length ? good : null;
}

function rerank(body: JsonObject, { exchange }: RoutedCall): EndpointCall | Refusal {
  const query = textField(body, 'query');
  const texts = textsOf(body['documents']);
  const most = body['top_n'];
  if (query === null || query === '')
    return badRequest('invalid request: query must not be empty', 'query');
  if (texts === null)
    return badRequest('invalid request: list of documents must not be empty', 'documents');
  const asked = wordsOf(query);
  const bytes = texts.reduce(
    (sum, text) => sum + Buffer.byteLength(text),
    Buffer.byteLength(query),
  );
  const inputTokens = estimateTokens(bytes);
  const ranked = texts
    .map((text, index) => ({ index, text, score: relevance(asked, text) }))
    .toSorted((one, other) => other.score - one.score || one.index - other.index)
    .slice(0, typeof most === 'number' && most >= 1 ? Math.floor(most) : texts.length);
  const shows = body['return_documents'] === true;
  const results = ranked.map(({ index, text, score }) =>
    shows
      ? { index, relevance_score: score, document: { text } }
      : { index, relevance_score: score },
  );
  return {
    model: textField(body, 'model'),
    prompt: query,
    inputTokens,
    outputTokens: 0,
    answer: (model) => ({
      body: () =>
        JSON.stringify({
          id: exchange.requestId,
          model: model.id,
          results,
          usage: { total_tokens: inputTokens },
          meta: { api_version: { version: '2' }, billed_units: { search_units: 1 } },
        }),
    }),
  };
}

export const TEXT_ROUTES: readonly OwnRoute[] = [
  jsonRoute(/^\/v1\/moderations$/, 'moderations', 'moderations', moderate),
  jsonRoute(/^\/v[12]\/rerank$/, 'rerank', 'rerank', rerank),
];
