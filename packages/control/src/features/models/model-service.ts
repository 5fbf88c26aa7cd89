import type { ModelCapabilities, Snapshot, TokenPrice } from '@keywell/core/snapshot/snapshot';
import {
  capabilitiesOf,
  type CatalogueModel,
  priceFrom,
} from '@keywell/providers/catalogue/catalogue-model';
import { CATALOGUE_SOURCES } from '@keywell/providers/catalogue/catalogue-data';
import { allModels } from '@keywell/providers/catalogue/find-model';

export interface ModelPorts {
  readonly configuration: { snapshot(): Snapshot };
  readonly wallNow: () => number;
}

/** One target of one alias. */
export interface ConfiguredModel {
  readonly alias: string;
  readonly pool: string;
  readonly tier: number;
  readonly provider: string;
  readonly kind: string;
  readonly model: string;
  readonly price: TokenPrice | null;
  readonly capabilities: ModelCapabilities;
}

/** What callers may ask for, with every target that may answer. */
export function listModels({ configuration }: ModelPorts): readonly ConfiguredModel[] {
  const { models, pools, providers } = configuration.snapshot();
  const poolOf = new Map(pools.map((pool) => [pool.id, pool]));
  const kindOf = new Map(providers.map(({ id, kind }) => [id, kind]));
  return models.flatMap(({ alias, pool }) =>
    (poolOf.get(pool)?.tiers ?? []).flatMap(({ targets }, tier) =>
      targets.map(({ provider, model, price, capabilities }) => ({
        alias,
        pool,
        tier,
        provider,
        kind: kindOf.get(provider) ?? '',
        model,
        price,
        capabilities,
      })),
    ),
  );
}

/** A model of the catalogue, with what it costs now. */
export interface KnownModel extends Pick<
  CatalogueModel,
  'kind' | 'model' | 'also' | 'inputs' | 'outputs' | 'batchPercent'
> {
  readonly price: TokenPrice | null;
  readonly capabilities: ModelCapabilities;
}

export interface CataloguePage {
  readonly models: readonly KnownModel[];
  readonly total: number;
  readonly sources: string;
}

/** Models of the catalogue that have every word of the search in their kind and name. */
export function searchCatalogue(
  { wallNow }: Pick<ModelPorts, 'wallNow'>,
  { search, limit }: { readonly search: string; readonly limit: number },
): CataloguePage {
  const words = search.toLowerCase().split(/\s+/);
  const found = allModels().filter(({ kind, model, also }) => {
    const text = [kind, model, ...also].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const now = wallNow();
  const models = found.slice(0, limit).map((model) => knownModel(model, now));
  return { models, total: found.length, sources: CATALOGUE_SOURCES };
}

function knownModel(model: CatalogueModel, wallNow: number): KnownModel {
  const { kind, model: name, also, inputs, outputs, batchPercent, prices } = model;
  return {
    kind,
    model: name,
    also,
    inputs,
    outputs,
    batchPercent,
    price: priceFrom(prices, wallNow),
    capabilities: capabilitiesOf(model),
  };
}
