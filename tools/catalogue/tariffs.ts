/** Prices of both packages in the catalogue's own form: whole USD micros for a million tokens. */
import type { ModelInfo, ModelPrice } from '@pydantic/genai-prices';
import { record } from './sources.ts';

/** Short names, because each stands in thousands of lines; packages/providers/src/catalogue/catalogue-model.ts reads them. */
export type Rates = Readonly<Partial<Record<RateName, number>>>;
type RateName =
  | 'in'
  | 'cached'
  | 'write'
  | 'write1h'
  | 'out'
  | 'reasoning'
  | 'audioIn'
  | 'audioOut'
  | 'imageIn'
  | 'imageOut'
  | 'call';

export interface Dated {
  /** Day from which it holds; absent: always. */
  readonly from?: string;
  /** Minutes of the UTC day between which it holds. */
  readonly utc?: readonly [number, number];
  readonly rates: Rates;
  /** By the input above which they hold, shortest first. */
  readonly above?: readonly (readonly [number, Rates])[];
}

const MICROS = 1e6;
/** The package writes prices per thousand calls. */
const CALLS = 1000;

/** Only what usage can tell apart: seconds, pages, pixels and searches are not in a token's price. */
const NAMES: Readonly<Record<string, RateName>> = {
  input_mtok: 'in',
  cache_read_mtok: 'cached',
  cache_write_mtok: 'write',
  cache_write_1h_mtok: 'write1h',
  output_mtok: 'out',
  output_reasoning_mtok: 'reasoning',
  input_audio_mtok: 'audioIn',
  output_audio_mtok: 'audioOut',
  input_image_mtok: 'imageIn',
  output_image_mtok: 'imageOut',
};

/** What the package of prices says, oldest first; empty where no token of it has a price. */
export function pricedTariffs({ id, prices }: ModelInfo): readonly Dated[] {
  const all = Array.isArray(prices) ? prices : [{ prices }];
  const dated = all.flatMap((each): readonly Dated[] => {
    const tariff = tariffOf(each.prices);
    if (tariff === null) return [];
    const { constraint } = each;
    if (constraint === undefined) return [tariff];
    if (constraint.type === 'start_date') return [{ from: constraint.start_date, ...tariff }];
    const utc = [minutesOf(constraint.start_time), minutesOf(constraint.end_time)] as const;
    return [{ utc, ...tariff }];
  });
  if (dated.length > 0 || !id.endsWith(':free')) return dated;
  return [{ rates: { in: 0, out: 0 } }];
}

function tariffOf(prices: ModelPrice): Dated | null {
  const told = Object.entries(prices).flatMap(([name, price]) => {
    const rate = NAMES[name];
    return rate === undefined || price === undefined ? [] : [{ rate, price }];
  });
  const starts = new Set(
    told.flatMap(({ price }) =>
      typeof price === 'number' ? [] : price.tiers.map(({ start }) => start),
    ),
  );
  const at = (input: number): Rates => {
    const rates = told.map(({ rate, price }) => {
      if (typeof price === 'number') return [rate, micros(price)];
      const tier = price.tiers.findLast(({ start }) => input > start);
      return [rate, micros(tier?.price ?? price.base)];
    });
    const calls = prices['requests_kcount'];
    const call = typeof calls === 'number' ? { call: micros(calls / CALLS) } : {};
    return complete({ ...Object.fromEntries(rates), ...call });
  };
  const rates = at(0);
  if (rates.in === undefined) return null;
  const above = [...starts]
    .toSorted((a, b) => a - b)
    .map((start) => [start, at(start + 1)] as const);
  return above.length === 0 ? { rates } : { rates, above };
}

/** A model that only hears or draws has no price of text: what it does have stands for it, so that no token is taken for free. */
function complete(rates: Rates): Rates {
  const input = rates.in ?? rates.audioIn ?? rates.imageIn;
  const output = rates.out ?? rates.imageOut ?? rates.audioOut ?? 0;
  return input === undefined ? {} : { ...rates, in: input, out: output };
}

const micros = (usd: number): number => Math.round(usd * MICROS);

/** `16:30:00Z` */
function minutesOf(time: string): number {
  const [hours = NaN, minutes = NaN] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

/** What the package of capabilities says; empty where that is nothing, which it writes as 0. */
export function toldTariffs(model: Readonly<Record<string, unknown>>): readonly Dated[] {
  const cost = record(model['cost']);
  const rates = toldRates(cost);
  const isChat = model['type'] === 'chat';
  if (rates.in === undefined || rates.in === 0) return freeOrUnknown(String(model['id']));
  if (isChat && rates.out === 0) return [];
  const tiers = (Array.isArray(cost['tiers']) ? cost['tiers'] : [])
    .map(record)
    .map((tier) => [Number(tier['inputTokensAbove']), toldRates(tier)] as const)
    .toSorted(([a], [b]) => a - b);
  return tiers.length === 0 ? [{ rates }] : [{ rates, above: tiers }];
}

const freeOrUnknown = (id: string): readonly Dated[] =>
  id.endsWith(':free') ? [{ rates: { in: 0, out: 0 } }] : [];

/** A cache that costs nothing is one that it does not know of. */
function toldRates(cost: Readonly<Record<string, unknown>>): Rates {
  const price = (name: string): number => Math.round(Number(cost[name]) * MICROS);
  const cached = price('cacheRead');
  const write = price('cacheWrite');
  return {
    in: price('input'),
    out: price('output'),
    ...(cached > 0 ? { cached } : {}),
    ...(write > 0 ? { write } : {}),
  };
}
