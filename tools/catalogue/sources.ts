/** Reads the two packages that the catalogue is made of, as plain data. Nothing of theirs is run but the module that holds the prices. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitForUpdate, type ModelInfo } from '@pydantic/genai-prices';
import { repository } from '../tracked-files.ts';

const MODULES = join(repository, 'node_modules');
const CAPABILITIES = join(MODULES, '@earendil-works/pi-ai/dist/providers/data');

/** Prices of one provider, in the order in which the package looks for a match. */
export interface PricedProvider {
  readonly id: string;
  readonly models: readonly ModelInfo[];
}

/** What the package of capabilities says of a model; its fields are its own, so that each is checked where it is read. */
export type ToldModel = Readonly<Record<string, unknown>> & { readonly id: string };

export interface Sources {
  readonly versions: Readonly<Record<string, string>>;
  readonly prices: readonly PricedProvider[];
  /** By the name of the file, which is the provider's. */
  readonly capabilities: ReadonlyMap<string, readonly ToldModel[]>;
}

export async function readSources(): Promise<Sources> {
  const names = ['@pydantic/genai-prices', '@earendil-works/pi-ai'];
  const prices = (await waitForUpdate()) ?? [];
  return {
    versions: Object.fromEntries(names.map((name) => [name, versionOf(name)])),
    prices,
    capabilities: readCapabilities(),
  };
}

function versionOf(name: string): string {
  const manifest = record(readJson(join(MODULES, name, 'package.json')));
  return String(manifest['version']);
}

function readCapabilities(): ReadonlyMap<string, readonly ToldModel[]> {
  const files = readdirSync(CAPABILITIES).filter((name) => /^\w.*\.json$/.test(name));
  return new Map(
    files.toSorted().map((name) => {
      const apis = Object.values(record(readJson(join(CAPABILITIES, name)))).map(record);
      const models = apis.flatMap((api) => Object.values(api).map(record)).filter(hasId);
      return [name.replace(/\.json$/, ''), models];
    }),
  );
}

const hasId = (model: Readonly<Record<string, unknown>>): model is ToldModel =>
  typeof model['id'] === 'string';

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/** The members of an object; none where it is something else. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value))
    : {};
}
