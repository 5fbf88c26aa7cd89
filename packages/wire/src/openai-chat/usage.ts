import type { TokenUsage } from '@keywell/core/log/request-record';
import { NINE, ZERO } from '../json/bytes.ts';
import { compileFields } from '../json/field-set.ts';
import { ABSENT, NULL, NUMBER, OBJECT } from '../json/kind.ts';
import { readValue } from '../json/read-value.ts';
import { skimObject } from '../json/skim.ts';
import { createSpans, type Spans } from '../json/spans.ts';

const FIELDS = compileFields([
  'prompt_tokens',
  'completion_tokens',
  'prompt_tokens_details',
  'completion_tokens_details',
]);
const CACHED = compileFields(['cached_tokens']);
const REASONING = compileFields(['reasoning_tokens']);
const SPANS = createSpans(FIELDS.names.length);
const DETAIL = createSpans(1);
/** Digits of a number that is certain to be a safe integer. */
const SAFE_DIGITS = 15;
/** There is no number; null and nothing are alike. */
const NONE = -1;
/** Something that only a parser should judge: a fraction, an exponent, another kind of value. */
const ODD = -2;

/**
 * Reads a `usage` object: numbers that are missing count 0. Null when it is none, or says nothing that can be counted.
 * Source: `CompletionUsage` and `CreateEmbeddingResponse.Usage` of the official SDK.
 */
export function readUsage(body: Uint8Array, start: number, end: number): TokenUsage | null {
  if (!skimObject(body, FIELDS, SPANS, { start, end })) return null;
  const input = countAt(body, SPANS, 0);
  const output = countAt(body, SPANS, 1);
  const cached = detailAt(body, 2, CACHED);
  const reasoning = detailAt(body, 3, REASONING);
  const isOdd = input === ODD || output === ODD || cached === ODD || reasoning === ODD;
  if (isOdd) return parseUsage(readValue(body, start, end));
  if (input === NONE && output === NONE) return null;
  return {
    inputTokens: Math.max(0, input),
    outputTokens: Math.max(0, output),
    cachedTokens: Math.max(0, cached),
    reasoningTokens: Math.max(0, reasoning),
    estimated: false,
  };
}

/** The number in a field: the usual ones, which are digits alone. */
function countAt(body: Uint8Array, spans: Spans, field: number): number {
  const kind = spans.kind[field] ?? ABSENT;
  if (kind === ABSENT || kind === NULL) return NONE;
  const start = spans.start[field] ?? 0;
  const end = spans.end[field] ?? 0;
  if (kind !== NUMBER || end - start > SAFE_DIGITS) return ODD;
  let value = 0;
  for (let position = start; position < end; position++) {
    const byte = body[position] ?? 0;
    if (byte < ZERO || byte > NINE) return ODD;
    value = value * 10 + (byte - ZERO);
  }
  return value;
}

function detailAt(body: Uint8Array, field: number, name: typeof CACHED): number {
  const kind = SPANS.kind[field] ?? ABSENT;
  if (kind === ABSENT || kind === NULL) return NONE;
  const bounds = { start: SPANS.start[field] ?? 0, end: SPANS.end[field] ?? 0 };
  if (kind !== OBJECT || !skimObject(body, name, DETAIL, bounds)) return ODD;
  return countAt(body, DETAIL, 0);
}

function parseUsage(usage: unknown): TokenUsage | null {
  if (!isRecord(usage)) return null;
  const input = usage['prompt_tokens'];
  const output = usage['completion_tokens'];
  if (!isCount(input) && !isCount(output)) return null;
  if (!isCountOrMissing(input) || !isCountOrMissing(output)) return null;
  return {
    inputTokens: input ?? 0,
    outputTokens: output ?? 0,
    cachedTokens: detail(usage['prompt_tokens_details'], 'cached_tokens'),
    reasoningTokens: detail(usage['completion_tokens_details'], 'reasoning_tokens'),
    estimated: false,
  };
}

function detail(details: unknown, name: string): number {
  if (!isRecord(details)) return 0;
  const value = details[name];
  return isCount(value) ? value : 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isCountOrMissing(value: unknown): value is number | null | undefined {
  return value === undefined || value === null || isCount(value);
}
