import { costMicros, tariffAt } from '@keywell/core/budgets/cost';
import type { Tariff, TokenPrice } from '@keywell/core/snapshot/snapshot';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { estimateUsage } from '../relay/estimate-usage.ts';
import type { Spoken } from '../translate/translation-of.ts';
import { mayBeCharged, type AttemptEnd } from './spend-hold.ts';

/** What one attempt cost. */
export interface AttemptCost {
  /** USD micros; null where the price is not known. */
  readonly micros: number | null;
  readonly estimated: boolean;
}

const FREE: AttemptCost = Object.freeze({ micros: 0, estimated: false });
const UNKNOWN: AttemptCost = Object.freeze({ micros: null, estimated: false });
/** Index into the labels of `keywell_cost_micros_total`. */
const REPORTED = 0;
const ESTIMATED = 1;

/**
 * Books what an attempt cost to its request, to the consumer's budget and to the metrics. One that may have been carried out and told
 * nothing has cost its input at least: that is estimated.
 */
export function bookAttempt(
  exchange: Pick<Exchange, 'asks' | 'spend' | 'batch' | 'costMicros' | 'costEstimated'> & Spoken,
  plane: Pick<Plane, 'meter'>,
  attempt: {
    readonly price: TokenPrice | null;
    readonly end: AttemptEnd;
    /** Epoch milliseconds: prices change. */
    readonly sentAt: number;
  },
): AttemptCost {
  const { price, end, sentAt } = attempt;
  // To keep something and to tell of it costs nothing by the token; what a batch has cost is counted where its end is told.
  if (exchange.asks?.kind === 'object') {
    return exchange.batch === null ? FREE : book(exchange, plane, exchange.batch);
  }
  if (exchange.asks?.kind === 'passed') return costOfPassed(exchange, end);
  const tariff = price === null ? null : tariffAt(price, sentAt);
  const cost = costOf(tariff, end, exchange);
  exchange.spend?.attemptEnded(tariff, end);
  return book(exchange, plane, cost);
}

/** Adds it to its request's and to the metrics. */
function book(
  exchange: Pick<Exchange, 'costMicros' | 'costEstimated'>,
  plane: Pick<Plane, 'meter'>,
  { micros, estimated }: AttemptCost,
): AttemptCost {
  const cost = { micros, estimated };
  exchange.costEstimated ||= cost.estimated;
  if (cost.micros === null) {
    exchange.costMicros = null;
    plane.meter.add('costUnknown');
  } else if (cost.micros > 0) {
    if (exchange.costMicros !== null) exchange.costMicros += cost.micros;
    plane.meter.add('cost', cost.micros, cost.estimated ? ESTIMATED : REPORTED);
  }
  return cost;
}

/** Nobody has a price for what is passed through: that it is unknown is the rule there, and no alert. */
function costOfPassed(exchange: Pick<Exchange, 'costMicros'>, end: AttemptEnd): AttemptCost {
  if (!mayBeCharged(end)) return FREE;
  exchange.costMicros = null;
  return UNKNOWN;
}

function costOf(tariff: Tariff | null, end: AttemptEnd, exchange: Spoken): AttemptCost {
  const counted = end.result.kind === 'failed' ? null : end.usage;
  if (exchange.operation === 'count_tokens') return FREE;
  if (counted === null && !mayBeCharged(end)) return FREE;
  // An answer that counts nothing (sound, subtitles) has a price that is not by the token.
  if (tariff === null || (counted === null && end.result.kind === 'answered')) return UNKNOWN;
  const usage = counted ?? estimateUsage(exchange, 0);
  return { micros: costMicros(usage, tariff), estimated: usage.estimated };
}
