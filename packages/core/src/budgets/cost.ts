import type { TokenUsage } from '../log/request-record.ts';
import type { TokenPrice } from '../snapshot/snapshot.ts';

const MILLION = 1_000_000;

/** What an answer cost, in whole USD micros, rounded up: cached input at its own price, everything else of the input at the full one. */
export function costMicros(
  usage: Pick<TokenUsage, 'inputTokens' | 'outputTokens' | 'cachedTokens'>,
  price: TokenPrice,
): number {
  const cached = Math.min(usage.cachedTokens, usage.inputTokens);
  const cost =
    (usage.inputTokens - cached) * price.inputMicros +
    cached * price.cachedInputMicros +
    usage.outputTokens * price.outputMicros;
  return wholeMicros(cost / MILLION);
}

/** The most a call can be expected to cost: all input at the full price, and the whole of its allowance. */
export function estimateMicros(
  need: { readonly inputTokens: number; readonly outputTokens: number },
  price: TokenPrice,
): number {
  const cost = need.inputTokens * price.inputMicros + need.outputTokens * price.outputMicros;
  return wholeMicros(cost / MILLION);
}

/** Floating point must not make a whole number a fraction more. */
const wholeMicros = (micros: number): number => Math.max(0, Math.ceil(micros - 1e-6));
