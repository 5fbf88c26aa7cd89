import type { Needs } from '@keywell/core/keys/draw';
import {
  chargedOf,
  needFrom,
  needOf,
  NOTHING_CHARGED,
  type ChargedUsage,
  type Need,
} from '@keywell/core/keys/need';
import type { Candidate } from '@keywell/core/keys/plan';
import { QUANTITY } from '@keywell/core/keys/quantity';
import type { SettleAt } from '@keywell/core/keys/reserve';
import { learnedBytesPerToken, learnedOutput } from '@keywell/core/keys/size-stats';
import type { TokenUsage } from '@keywell/core/log/request-record';
import type { Exchange } from '../pipeline/exchange.ts';
import { readingMatterOf, type ReadingMatter } from '../translate/reading-matter.ts';
import { suits } from '../ownership/pin.ts';
import { unfitFor } from '../translate/fitness.ts';

/** What is no call of a model's counts in none of its limits. */
const PLACE_ONLY: Need = Object.freeze(needFrom({ requests: 0 }));
/** What it takes beside is not known before it is over, or ever. */
const ONE_REQUEST: Need = Object.freeze(needFrom({}));
const KEPT_ELSEWHERE: Need = Object.freeze({ ...PLACE_ONLY, unfit: 'kept_elsewhere' });

/** What a call needs of each provider's limits, by that provider's way of charging; worked out once for each model that is looked at. */
export class CallNeeds implements Needs {
  readonly #exchange: Exchange;
  /** Of the model that was asked about last, by its place: most pools have one. */
  #place = -1;
  #last: Need | null = null;
  #others: Map<number, Need> | null = null;
  /** Whether a model was met that cannot take the call. */
  hasUnfit = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  of(candidate: Candidate): Need {
    const { pin } = this.#exchange;
    if (pin !== null && !suits(pin, candidate)) {
      this.hasUnfit = true;
      return KEPT_ELSEWHERE;
    }
    const { breaker } = candidate;
    if (breaker === this.#place && this.#last !== null) return this.#last;
    const need = this.#others?.get(breaker) ?? this.#needAt(candidate);
    if (this.#last !== null) {
      this.#others ??= new Map();
      this.#others.set(this.#place, this.#last);
    }
    this.#place = breaker;
    this.#last = need;
    return need;
  }

  /** What is known of a size may have changed while the call waited, and the table too. */
  forget(): void {
    this.#place = -1;
    this.#last = null;
    this.#others = null;
  }

  #needAt(candidate: Candidate): Need {
    const { breaker, provider, price, contextLength } = candidate;
    const { asks, facts, live } = this.#exchange;
    if (asks !== null) {
      return this.#withUnfit(asks.kind === 'passed' ? ONE_REQUEST : PLACE_ONLY, candidate);
    }
    const { textBytes, attachedTokens } = readingMatterOf(this.#exchange);
    const perToken = learnedBytesPerToken(live.table, breaker);
    const size = {
      inputTokens: Math.ceil(textBytes / perToken) + attachedTokens,
      maxOutputTokens: facts?.maxOutputTokens ?? null,
      choices: facts?.n ?? 1,
      contextLength,
      mostOutputTokens: candidate.capabilities.maxOutputTokens,
    };
    const need = needOf(provider.charge, size, learnedOutput(live.table, breaker), price);
    return this.#withUnfit(need, candidate);
  }

  #withUnfit(need: Need, candidate: Candidate): Need {
    const unfit = unfitFor(this.#exchange, candidate);
    if (unfit === null) return need;
    this.hasUnfit = true;
    return { ...need, unfit };
  }
}

/** Tokens of a need, whichever way they are counted. */
export const tokensIn = ({ total }: Need): number => total[QUANTITY.tokens] ?? 0;

/** Tokens that the provider charged an attempt by its own rule: what its consumer's share is charged as well. */
export const tokensCharged = ({ provider }: Candidate, need: Need, usage: ChargedUsage): number =>
  chargedOf(provider.charge, usage, need)[QUANTITY.tokens] ?? 0;

/** What an attempt is charged in the end, and what its answer taught about sizes. */
export function settlementOf(
  { provider, price }: Candidate,
  need: Need,
  of: {
    readonly usage: TokenUsage | null;
    /** Whether anything of it can have reached the provider. */
    readonly sent: boolean;
    readonly matter: ReadingMatter;
  },
): Pick<SettleAt, 'charged' | 'sample'> {
  const { usage } = of;
  if (usage === null) return of.sent ? {} : { charged: NOTHING_CHARGED };
  const charged = chargedOf(provider.charge, usage, need, price);
  if (usage.estimated) return { charged };
  const { inputTokens, outputTokens } = usage;
  const { textBytes, attachedTokens } = of.matter;
  // What bytes a token has is learned from text alone.
  const size = attachedTokens === 0 ? { requestBytes: textBytes } : {};
  return { charged, sample: { inputTokens, outputTokens, ...size } };
}
