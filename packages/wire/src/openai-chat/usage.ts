import type { TokenUsage } from '@keywell/core/log/request-record';
import { tokenUsage } from '@keywell/core/log/token-usage';
import { NINE, ZERO } from '../json/bytes.ts';
import { compileFields, type FieldSet } from '../json/field-set.ts';
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
const OF_INPUT = compileFields([
  'cached_tokens',
  'cache_write_tokens',
  'audio_tokens',
  'image_tokens',
]);
const OF_OUTPUT = compileFields(['reasoning_tokens', 'audio_tokens']);
const SPANS = createSpans(FIELDS.names.length);
const INPUT_SPANS = createSpans(OF_INPUT.names.length);
const OUTPUT_SPANS = createSpans(OF_OUTPUT.names.length);
/** Digits of a number that is certain to be a count. */
const SAFE_DIGITS = 12;
/** No call takes so many tokens; sums of such numbers are still exact. */
const MOST_TOKENS = 1e12;
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
  const plain =
    input !== ODD &&
    output !== ODD &&
    isPlainDetail(body, 2, OF_INPUT, INPUT_SPANS) &&
    isPlainDetail(body, 3, OF_OUTPUT, OUTPUT_SPANS);
  if (!plain) return parseUsage(readValue(body, start, end));
  if (input === NONE && output === NONE) return null;
  return {
    inputTokens: Math.max(0, input),
    outputTokens: Math.max(0, output),
    cachedTokens: Math.max(0, countAt(body, INPUT_SPANS, 0)),
    cacheWriteTokens: Math.max(0, countAt(body, INPUT_SPANS, 1)),
    cacheWriteHourTokens: 0,
    reasoningTokens: Math.max(0, countAt(body, OUTPUT_SPANS, 0)),
    audioInputTokens: Math.max(0, countAt(body, INPUT_SPANS, 2)),
    audioOutputTokens: Math.max(0, countAt(body, OUTPUT_SPANS, 1)),
    imageInputTokens: Math.max(0, countAt(body, INPUT_SPANS, 3)),
    imageOutputTokens: 0,
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

/** Reads the numbers of a detail into its spans; none where it is missing. False where only a parser should judge one of them. */
function isPlainDetail(body: Uint8Array, field: number, names: FieldSet, spans: Spans): boolean {
  const kind = SPANS.kind[field] ?? ABSENT;
  if (kind === ABSENT || kind === NULL) {
    spans.kind.fill(ABSENT);
    return true;
  }
  const bounds = { start: SPANS.start[field] ?? 0, end: SPANS.end[field] ?? 0 };
  if (kind !== OBJECT || !skimObject(body, names, spans, bounds)) return false;
  for (let at = 0; at < names.names.length; at++) {
    if (countAt(body, spans, at) === ODD) return false;
  }
  return true;
}

function parseUsage(usage: unknown): TokenUsage | null {
  if (!isRecord(usage)) return null;
  const input = usage['prompt_tokens'];
  const output = usage['completion_tokens'];
  if (!isCount(input) && !isCount(output)) return null;
  if (!isCountOrMissing(input) || !isCountOrMissing(output)) return null;
  const ofInput = usage['prompt_tokens_details'];
  const ofOutput = usage['completion_tokens_details'];
  return tokenUsage({
    inputTokens: input ?? 0,
    outputTokens: output ?? 0,
    cachedTokens: detail(ofInput, 'cached_tokens'),
    cacheWriteTokens: detail(ofInput, 'cache_write_tokens'),
    reasoningTokens: detail(ofOutput, 'reasoning_tokens'),
    audioInputTokens: detail(ofInput, 'audio_tokens'),
    audioOutputTokens: detail(ofOutput, 'audio_tokens'),
    imageInputTokens: detail(ofInput, 'image_tokens'),
  });
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
  return (
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= MOST_TOKENS
  );
}

function isCountOrMissing(value: unknown): value is number | null | undefined {
  return value === undefined || value === null || isCount(value);
}
