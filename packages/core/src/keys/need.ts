import type { TokenPrice } from '../snapshot/snapshot.ts';
import type { ChargeRule } from './charge-rule.ts';
import { QUANTITIES, QUANTITY } from './quantity.ts';
import type { Unfit } from './unfit.ts';

/**
 * What a request wants of each quantity, by a provider's own charging rule. Two lists with a place for each QUANTITY: `total` is what
 * must fit, `late` the part of it that the provider charges only while or after it answers.
 */
export interface Need {
  readonly total: readonly number[];
  readonly late: readonly number[];
  /**
   * Output tokens of it that are only expected: nobody has asked for so many, and the request may well end with fewer. More than a
   * limit holds of these is no reason to call it too large.
   */
  readonly expected?: number;
  /** Output tokens that the caller allows, which is what a balance is held against; Infinity where it names no bound. */
  readonly allowed?: number;
  /** The model cannot take the request; absent where nothing is known that speaks against it. */
  readonly unfit?: Unfit;
}

/** What is known of a request's size before it is sent. */
export interface RequestSize {
  readonly inputTokens: number;
  /** As the caller named it; null where it named none. */
  readonly maxOutputTokens: number | null;
  readonly choices: number;
  /** Tokens of input and output that the model takes; null where it is not known. */
  readonly contextLength: number | null;
  /** Tokens that the model writes at most; null, or left out, where it is not known. */
  readonly mostOutputTokens?: number | null;
}

/** What a provider said a request used. Input includes what was read from its prompt cache. */
export interface ChargedUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
}

/** Output assumed where nothing was learned yet and nothing else is known. */
export const DEFAULT_OUTPUT_TOKENS = 1000;
/** No request is larger than this, whatever its fields say. */
const MOST_TOKENS = 1e9;
const MOST_FACTOR = 1000;
const PER_PRICE = 1e6;

/** Amounts by the names of their quantities. */
export type Amounts = Readonly<Partial<Record<keyof typeof QUANTITY, number>>>;

/** A need by names, for callers that know the quantities themselves. Absent: one request, one place, none of the rest. */
export function needFrom(amounts: Amounts, late: Amounts = {}): Need {
  const total = listOf({ requests: 1, places: 1, ...amounts });
  const later = listOf({ ...late, places: total[QUANTITY.places] ?? 0 });
  return { total, late: later.map((amount, of) => Math.min(amount, total[of] ?? 0)) };
}

/** A list with a place for each QUANTITY. */
function listOf(amounts: Amounts): number[] {
  const { requests, tokens, inputTokens, outputTokens, spend, places } = amounts;
  return [requests, tokens, inputTokens, outputTokens, spend, places].map((amount) =>
    saneAmount(amount ?? 0),
  );
}

/** The need of a request of which nothing is known but that it is one. Whatever has nothing left is too little for it. */
export const UNKNOWN_NEED: Need = Object.freeze(
  needFrom({ tokens: 1, inputTokens: 1, outputTokens: 1 }, { tokens: 1, outputTokens: 1 }),
);

/** What an attempt is charged that was never sent. */
export const NOTHING_CHARGED: readonly number[] = Object.freeze(
  Array.from({ length: QUANTITIES }, () => 0),
);

/**
 * What a request wants by this rule. `learnedOutput` is the group's learned 90th percentile of output, see size-stats; sizes that are
 * no numbers count as nothing, so that a need is never NaN.
 */
export function needOf(
  charge: ChargeRule,
  size: RequestSize,
  learnedOutput: number = DEFAULT_OUTPUT_TOKENS,
  price: TokenPrice | null = null,
): Need {
  const input = saneAmount(size.inputTokens);
  const allowance = allowanceOf(charge, size, learnedOutput);
  const output = charge.output === 'never' ? 0 : saneAmount(allowance * factorOf(charge));
  const late = charge.output === 'upfront' ? 0 : output;
  const byContext = charge.unsetAllowance === 'context_length' && size.contextLength !== null;
  const named = size.maxOutputTokens !== null || byContext;
  const spend = price === null ? 0 : spendOf(price, { input, cached: 0, output: allowance });
  return {
    total: [1, input + output, input, output, spend, 1],
    late: [0, late, 0, late, spend, 1],
    expected: charge.output === 'upfront' && named ? 0 : output,
    allowed: size.maxOutputTokens ?? Infinity,
  };
}

/**
 * What has to be there of a quantity for a need to fit into a limit: all of it, but for expected output what the limit can ever hold.
 * Infinity where the rest alone is more than the limit.
 */
export function wantedOf(need: Need, quantity: number, limit: number): number {
  const amount = need.total[quantity] ?? 0;
  if (amount <= limit) return amount;
  const isOutput = quantity === QUANTITY.tokens || quantity === QUANTITY.outputTokens;
  const sure = isOutput ? amount - (need.expected ?? 0) : amount;
  return sure > limit ? Infinity : limit;
}

/** What a provider charged in the end, with a place for each QUANTITY. Without usage: what was needed. */
export function chargedOf(
  charge: ChargeRule,
  usage: ChargedUsage | null,
  need: Need,
  price: TokenPrice | null = null,
): readonly number[] {
  if (usage === null) return chargedAsNeeded(need);
  const cached = Math.min(saneAmount(usage.cachedTokens), saneAmount(usage.inputTokens));
  const whole = saneAmount(usage.inputTokens);
  const input = charge.cachedInput === 'counted' ? whole : whole - cached;
  const used = saneAmount(usage.outputTokens);
  const output = charge.output === 'never' ? 0 : used * factorOf(charge);
  const spend =
    price === null ? 0 : spendOf(price, { input: whole - cached, cached, output: used });
  const settled = [1, input + output, input, output, spend, 0];
  if (charge.settlesTo === 'used') return settled;
  // What was taken upfront is gone, whether it was used or not.
  for (let of = QUANTITY.tokens; of <= QUANTITY.outputTokens; of += 1) {
    settled[of] = Math.max(settled[of] ?? 0, (need.total[of] ?? 0) - (need.late[of] ?? 0));
  }
  return settled;
}

/** The whole need, but for the place, which is free again whatever happened. */
export function chargedAsNeeded(need: Need): readonly number[] {
  return need.total.map((amount, of) => (of === QUANTITY.places ? 0 : amount));
}

function allowanceOf(charge: ChargeRule, size: RequestSize, learnedOutput: number): number {
  const choices = Math.max(1, saneAmount(size.choices));
  const learned = saneAmount(learnedOutput) * choices;
  const { maxOutputTokens } = size;
  const named = maxOutputTokens !== null && maxOutputTokens >= 0;
  const most = named ? Math.min(MOST_TOKENS, saneAmount(maxOutputTokens) * choices) : Infinity;
  // What is charged as it comes is not held back for an allowance that hardly anybody uses.
  if (charge.output !== 'upfront') return Math.min(most, learned);
  if (named) return most;
  if (charge.unsetAllowance === 'learned' || size.contextLength === null) return learned;
  const room = Math.max(0, saneAmount(size.contextLength) - saneAmount(size.inputTokens));
  return Math.min(room, size.mostOutputTokens ?? Infinity) * choices;
}

const factorOf = ({ outputFactor }: ChargeRule): number =>
  outputFactor > 0 ? Math.min(outputFactor, MOST_FACTOR) : 1;

function spendOf(
  price: TokenPrice,
  tokens: { readonly input: number; readonly cached: number; readonly output: number },
): number {
  const micros =
    tokens.input * price.inputMicros +
    tokens.cached * price.cachedInputMicros +
    tokens.output * price.outputMicros;
  return saneAmount(micros / PER_PRICE);
}

/** A count that can be calculated with: no NaN, nothing negative, nothing endless. */
function saneAmount(amount: number): number {
  return amount > 0 ? Math.min(amount, MOST_TOKENS) : 0;
}
