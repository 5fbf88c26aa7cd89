import type { TokenUsage } from '../log/request-record.ts';
import type { PriceChange, Tariff, TokenPrice, TokenRates } from '../snapshot/snapshot.ts';

const MILLION = 1_000_000;
const DAY_MS = 86_400_000;

/** Usage as far as it is known; what is left out counts 0. */
export type CountedUsage = Pick<TokenUsage, 'inputTokens' | 'outputTokens' | 'cachedTokens'> &
  Partial<TokenUsage>;

/**
 * What one attempt cost, in whole USD micros: every kind of token at its own price, added up exactly, and only the sum rounded, up to the
 * next micro. A part never counts for more than there was of the whole: what was cached is taken out of the input first, then what was
 * written to the cache, then audio, then images; of the output reasoning, then audio, then images. The rest is plain.
 */
export function costMicros(usage: CountedUsage, tariff: Tariff): number {
  const rates = ratesFor(tariff, usage.inputTokens);
  const sum = inputSum(usage, rates) + outputSum(usage, rates) + (rates.callMicros ?? 0) * MILLION;
  if (sum <= Number.MAX_SAFE_INTEGER) return wholeMicros(sum);
  // Too large for exact numbers, whatever was counted there: no bill reaches it.
  return Math.min(Math.ceil(sum / MILLION), Number.MAX_SAFE_INTEGER);
}

/**
 * What a batch of calls cost whose tokens are told in one sum, at the provider's share of its price for batches, in percent. Long inputs
 * have no price of their own in it: how long each call was is not told.
 */
export function batchMicros(
  usage: CountedUsage,
  { longContext: _longContext, ...rates }: Tariff,
  { calls, percent }: { readonly calls: number; readonly percent: number },
): number {
  const perCall = (rates.callMicros ?? 0) * calls * MILLION;
  const sum = (inputSum(usage, rates) + outputSum(usage, rates) + perCall) * percent;
  if (sum <= Number.MAX_SAFE_INTEGER) return wholeMicros(sum, 100 * MILLION);
  return Math.min(Math.ceil(sum / (100 * MILLION)), Number.MAX_SAFE_INTEGER);
}

/** The most a call can be expected to cost: all input at the full price, and the whole of its allowance. */
export function estimateMicros(
  need: { readonly inputTokens: number; readonly outputTokens: number },
  tariff: Tariff,
): number {
  const { inputTokens, outputTokens } = need;
  return costMicros({ inputTokens, outputTokens, cachedTokens: 0 }, tariff);
}

/** What holds at an instant. */
export function tariffAt(price: TokenPrice, wallNow: number): Tariff {
  return price.changes?.findLast((change) => isInForce(change, wallNow))?.tariff ?? price;
}

/**
 * A tariff that no call at any time exceeds at any of the prices, as far as its tokens are told by the size of its body: audio and images
 * take up many times the bytes of what they count for, so that their own prices would be held for several times over.
 */
export function dearestOf(prices: readonly TokenPrice[]): Tariff {
  const changed = prices.flatMap(({ changes }) => changes ?? []).map(({ tariff }) => tariff);
  const tariffs: readonly Tariff[] = prices.concat(changed);
  const long = tariffs.flatMap(({ longContext }) => longContext ?? []);
  const rates: readonly TokenRates[] = tariffs.concat(long);
  const most = (of: (rate: TokenRates) => readonly (number | undefined)[]): number =>
    Math.max(0, ...rates.flatMap((rate) => of(rate).map((micros) => micros ?? 0)));
  const inputMicros = most((rate) => [
    rate.inputMicros,
    rate.cachedInputMicros,
    rate.cacheWriteMicros,
    rate.cacheWriteHourMicros,
  ]);
  const outputMicros = most((rate) => [
    rate.outputMicros,
    rate.reasoningMicros,
    rate.audioOutputMicros,
    rate.imageOutputMicros,
  ]);
  const callMicros = most((rate) => [rate.callMicros]);
  return { inputMicros, cachedInputMicros: inputMicros, outputMicros, callMicros };
}

function isInForce({ fromMs, daily }: PriceChange, wallNow: number): boolean {
  if (fromMs !== null && wallNow < fromMs) return false;
  if (daily === null) return true;
  const inDay = ((wallNow % DAY_MS) + DAY_MS) % DAY_MS;
  const { startMs, endMs } = daily;
  return startMs < endMs ? inDay >= startMs && inDay < endMs : inDay >= startMs || inDay < endMs;
}

/** The prices of a call by the length of its input. */
function ratesFor(tariff: Tariff, inputTokens: number): TokenRates {
  if (tariff.longContext === undefined) return tariff;
  return (
    tariff.longContext.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens) ?? tariff
  );
}

function inputSum(usage: CountedUsage, rates: TokenRates): number {
  const input = atLeastNone(usage.inputTokens);
  const cached = Math.min(atLeastNone(usage.cachedTokens), input);
  const written = Math.min(atLeastNone(usage.cacheWriteTokens), input - cached);
  const forHour = Math.min(atLeastNone(usage.cacheWriteHourTokens), written);
  const audio = Math.min(atLeastNone(usage.audioInputTokens), input - cached - written);
  const images = Math.min(atLeastNone(usage.imageInputTokens), input - cached - written - audio);
  const plain = input - cached - written - audio - images;
  const { inputMicros, cachedInputMicros, cacheWriteMicros = inputMicros } = rates;
  return (
    plain * inputMicros +
    cached * cachedInputMicros +
    (written - forHour) * cacheWriteMicros +
    forHour * (rates.cacheWriteHourMicros ?? cacheWriteMicros) +
    audio * (rates.audioInputMicros ?? inputMicros) +
    images * (rates.imageInputMicros ?? inputMicros)
  );
}

function outputSum(usage: CountedUsage, rates: TokenRates): number {
  const output = atLeastNone(usage.outputTokens);
  const reasoning = Math.min(atLeastNone(usage.reasoningTokens), output);
  const audio = Math.min(atLeastNone(usage.audioOutputTokens), output - reasoning);
  const images = Math.min(atLeastNone(usage.imageOutputTokens), output - reasoning - audio);
  const plain = output - reasoning - audio - images;
  const { outputMicros } = rates;
  return (
    plain * outputMicros +
    reasoning * (rates.reasoningMicros ?? outputMicros) +
    audio * (rates.audioOutputMicros ?? outputMicros) +
    images * (rates.imageOutputMicros ?? outputMicros)
  );
}

const atLeastNone = (tokens: number | undefined): number =>
  tokens !== undefined && tokens > 0 ? tokens : 0;

/** Parts of micros to micros, millionths where nothing else is said, rounded up without a fraction's error. */
function wholeMicros(sum: number, parts = MILLION): number {
  const over = sum % parts;
  return (sum - over) / parts + (over > 0 ? 1 : 0);
}
