import type {
  CatalogueConfig,
  Config,
  ProviderConfig,
  TargetConfig,
} from '@keywell/contract/config/config-schema';
import { compileModelPatterns } from '@keywell/core/access/model-patterns';
import {
  type LongContextRates,
  type ModelCapabilities,
  type Tariff,
  type TokenPrice,
  type TokenRates,
  UNKNOWN_CAPABILITIES,
} from '@keywell/core/snapshot/snapshot';
import {
  capabilitiesOf,
  type DatedTariff,
  priceFrom,
} from '@keywell/providers/catalogue/catalogue-model';
import { findModel } from '@keywell/providers/catalogue/find-model';

const MICROS = 1_000_000;

type WrittenPrice = NonNullable<TargetConfig['price']>;
type WrittenRates = Omit<WrittenPrice, 'long_context'>;

/** What is known of a provider's model: its price and what it can do. */
export interface ModelFacts {
  /** Null where none is known. */
  readonly price: TokenPrice | null;
  readonly capabilities: ModelCapabilities;
}

export type FactsOf = (provider: Pick<ProviderConfig, 'id' | 'kind'>, model: string) => ModelFacts;

/**
 * Looks models up in the built-in catalogue, under what the file says in `catalogue`: entries in their order, each over those before it. A
 * price takes the place of the whole earlier price, from its day on where it names one. Every answer is made once.
 */
export function modelFacts(catalogue: Config['catalogue'], wallNow: number): FactsOf {
  const entries = catalogue.map((entry) => ({
    entry,
    matches: compileModelPatterns([entry.model]),
  }));
  const known = new Map<string, ModelFacts>();
  return (provider, model) => {
    const name = `${provider.id}\n${provider.kind}\n${model}`;
    let facts = known.get(name);
    if (facts === undefined) {
      const fitting = entries
        .filter(({ entry, matches }) => isFor(entry, provider) && matches(model))
        .map(({ entry }) => entry);
      facts = factsOf(provider.kind, model, fitting, wallNow);
      known.set(name, facts);
    }
    return facts;
  };
}

const isFor = ({ provider: of }: CatalogueConfig, provider: Pick<ProviderConfig, 'id' | 'kind'>) =>
  of === undefined || of === provider.id || of === provider.kind;

function factsOf(
  kind: string,
  model: string,
  entries: readonly CatalogueConfig[],
  wallNow: number,
): ModelFacts {
  const found = findModel(kind, model);
  let prices = found?.prices ?? [];
  let capabilities = found === null ? UNKNOWN_CAPABILITIES : capabilitiesOf(found);
  for (const entry of entries) {
    prices = withPrice(prices, entry);
    capabilities = withCapabilities(capabilities, entry);
  }
  const price = priceFrom(prices, wallNow);
  const percent = found?.batchPercent ?? null;
  // Of a price that the file names, nobody knows what it is for batches.
  const isListed = percent !== null && entries.every((entry) => entry.price === undefined);
  return {
    price: price !== null && isListed ? { ...price, batchPercent: percent } : price,
    capabilities,
  };
}

/** From its day on nothing of before holds, by the hour neither. */
function withPrice(
  prices: readonly DatedTariff[],
  { price, from }: CatalogueConfig,
): readonly DatedTariff[] {
  if (price === undefined) return prices;
  const fromMs = from === undefined ? null : Date.parse(from);
  const dated = { fromMs, daily: null, tariff: compilePrice(price) };
  return fromMs === null ? [dated] : [...prices, dated];
}

function withCapabilities(known: ModelCapabilities, entry: CatalogueConfig): ModelCapabilities {
  return {
    contextLength: entry.context_length ?? known.contextLength,
    maxOutputTokens: entry.max_output_tokens ?? known.maxOutputTokens,
    vision: entry.vision ?? known.vision,
    audioInput: entry.audio_input ?? known.audioInput,
    files: entry.files ?? known.files,
    tools: entry.tools ?? known.tools,
    json: entry.json ?? known.json,
    reasoning: entry.reasoning ?? known.reasoning,
  };
}

/** A price of the file. */
export function compilePrice(price: WrittenPrice): Tariff {
  const { long_context: long, ...rates } = price;
  if (long === undefined || long.length === 0) return ratesOf(rates);
  const longContext = long
    .map(({ above_tokens: above, ...each }) => longContextOf(above, each))
    .toSorted((a, b) => a.aboveInputTokens - b.aboveInputTokens);
  return { ...ratesOf(rates), longContext };
}

function longContextOf(aboveInputTokens: number, rates: WrittenRates): LongContextRates {
  return { aboveInputTokens, ...ratesOf(rates) };
}

function ratesOf(rates: WrittenRates): TokenRates {
  const { input, output, cached_input: cached = input } = rates;
  return {
    inputMicros: micros(input),
    cachedInputMicros: micros(cached),
    outputMicros: micros(output),
    ...given('cacheWriteMicros', rates.cache_write),
    ...given('cacheWriteHourMicros', rates.cache_write_hour),
    ...given('reasoningMicros', rates.reasoning),
    ...given('audioInputMicros', rates.audio_input),
    ...given('audioOutputMicros', rates.audio_output),
    ...given('imageInputMicros', rates.image_input),
    ...given('imageOutputMicros', rates.image_output),
    ...given('callMicros', rates.per_call),
  };
}

const micros = (usd: number): number => Math.round(usd * MICROS);

const given = (name: keyof TokenRates, usd: number | undefined): Partial<TokenRates> =>
  usd === undefined ? {} : { [name]: micros(usd) };
