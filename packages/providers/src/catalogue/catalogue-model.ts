import type {
  LongContextRates,
  ModelCapabilities,
  PriceChange,
  Tariff,
  TokenPrice,
  TokenRates,
} from '@keywell/core/snapshot/snapshot';

/** What is known of one model at one kind of provider; null where nothing is. */
export interface CatalogueModel {
  readonly kind: string;
  readonly model: string;
  readonly also: readonly string[];
  readonly contextLength: number | null;
  readonly maxOutputTokens: number | null;
  readonly inputs: readonly string[] | null;
  readonly outputs: readonly string[] | null;
  readonly tools: boolean | null;
  readonly json: boolean | null;
  readonly reasoning: boolean | null;
  /** What a call costs in a batch, in percent of its price. */
  readonly batchPercent: number | null;
  /** Oldest first, the last one that fits counts; empty where no price is known. */
  readonly prices: readonly DatedTariff[];
}

/** A tariff and when it holds. */
export type DatedTariff = PriceChange;

/** Rates as a line writes them. */
interface WrittenRates {
  readonly in: number;
  readonly out: number;
  readonly cached?: number;
  readonly write?: number;
  readonly write1h?: number;
  readonly reasoning?: number;
  readonly audioIn?: number;
  readonly audioOut?: number;
  readonly imageIn?: number;
  readonly imageOut?: number;
  readonly call?: number;
}

/** A line of the data; made by tools/catalogue, so that it is not checked again. */
export interface WrittenModel {
  readonly kind: string;
  readonly model: string;
  readonly also?: readonly string[];
  readonly context?: number;
  readonly output?: number;
  readonly in?: readonly string[];
  readonly out?: readonly string[];
  readonly tools?: boolean;
  readonly json?: boolean;
  readonly reasoning?: boolean;
  readonly batch?: number;
  readonly prices?: readonly {
    readonly from?: string;
    readonly utc?: readonly [number, number];
    readonly rates: WrittenRates;
    readonly above?: readonly (readonly [number, WrittenRates])[];
  }[];
}

const MINUTE_MS = 60_000;

/** The model that a line means. */
export function readModel(line: WrittenModel): CatalogueModel {
  return {
    kind: line.kind,
    model: line.model,
    also: line.also ?? [],
    contextLength: line.context ?? null,
    maxOutputTokens: line.output ?? null,
    inputs: line.in ?? null,
    outputs: line.out ?? null,
    tools: line.tools ?? null,
    json: line.json ?? null,
    reasoning: line.reasoning ?? null,
    batchPercent: line.batch ?? null,
    prices: (line.prices ?? []).map(({ from, utc, rates, above }) => ({
      fromMs: from === undefined ? null : Date.parse(from),
      daily: utc === undefined ? null : { startMs: utc[0] * MINUTE_MS, endMs: utc[1] * MINUTE_MS },
      tariff: {
        ...ratesOf(rates),
        ...(above === undefined ? {} : { longContext: above.map(longContextOf) }),
      },
    })),
  };
}

const longContextOf = ([aboveInputTokens, rates]: readonly [
  number,
  WrittenRates,
]): LongContextRates => ({ aboveInputTokens, ...ratesOf(rates) });

function ratesOf(rates: WrittenRates): TokenRates {
  const { in: input, out, cached = input } = rates;
  return {
    inputMicros: input,
    cachedInputMicros: cached,
    outputMicros: out,
    ...(rates.write === undefined ? {} : { cacheWriteMicros: rates.write }),
    ...(rates.write1h === undefined ? {} : { cacheWriteHourMicros: rates.write1h }),
    ...(rates.reasoning === undefined ? {} : { reasoningMicros: rates.reasoning }),
    ...(rates.audioIn === undefined ? {} : { audioInputMicros: rates.audioIn }),
    ...(rates.audioOut === undefined ? {} : { audioOutputMicros: rates.audioOut }),
    ...(rates.imageIn === undefined ? {} : { imageInputMicros: rates.imageIn }),
    ...(rates.imageOut === undefined ? {} : { imageOutputMicros: rates.imageOut }),
    ...(rates.call === undefined ? {} : { callMicros: rates.call }),
  };
}

/** What a target needs to know of it. That a list names no audio or documents is no proof that the model takes none. */
export function capabilitiesOf(model: CatalogueModel): ModelCapabilities {
  const { inputs } = model;
  return {
    contextLength: model.contextLength,
    maxOutputTokens: model.maxOutputTokens,
    vision: inputs === null ? null : inputs.includes('image'),
    audioInput: inputs?.includes('audio') === true ? true : null,
    files: inputs?.includes('file') === true ? true : null,
    tools: model.tools,
    json: model.json,
    reasoning: model.reasoning,
  };
}

/**
 * Dated prices as one: what holds all day at this instant, with every change that comes later or by the hour. Null where none holds yet
 * and none is without a date.
 */
export function priceFrom(prices: readonly DatedTariff[], wallNow: number): TokenPrice | null {
  const isNow = ({ fromMs }: DatedTariff): boolean => fromMs === null || fromMs <= wallNow;
  const base = prices.findLastIndex((each) => each.daily === null && isNow(each));
  const tariff: Tariff | undefined = prices[base]?.tariff;
  if (tariff === undefined) return null;
  const changes = prices.slice(base + 1);
  return changes.length === 0 ? tariff : { ...tariff, changes };
}
