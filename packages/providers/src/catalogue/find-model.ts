/** Looks models up. Half a megabyte of text: for the main thread alone, which puts what a worker needs into the snapshot. */
import { CATALOGUE_LINES } from './catalogue-data.ts';
import { readModel, type CatalogueModel, type WrittenModel } from './catalogue-model.ts';

/** Kinds whose lists hold for another kind too, at the same prices. */
const SAME_PRICES: ReadonlyMap<string, string> = new Map([['azure-openai', 'openai']]);

/** What two names of one model may differ in at their end: a date, a revision, an alias that moves on. Versions and previews are models. */
const ENDINGS: readonly RegExp[] = [
  /[-@](?:19|20)\d{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])$/,
  /-v\d+:\d+$/,
  /-00\d$/,
  /[-@]latest$/,
  /@default$/,
];
/** Regions in front of Bedrock's names. */
const REGION = /^(?:us|eu|ap|apac|au|ca|jp|sa|us-gov|global)\./;
const MAX_NAME = 512;

/** Lines by `kind` and lower-case name, built at the first look. */
let index: ReadonlyMap<string, string> | null = null;

/**
 * The model that a provider of this kind knows by this name; null where none is known. Looks, in this order, for
 *
 * 1. the very name, or another one that is listed for the same model, in any case of letters;
 * 2. the last part of a path (`publishers/google/models/…`, an ARN), and a Bedrock name without its region;
 * 3. the name without what dates it: `gpt-5-2025-08-07`, `claude-haiku-4-5@20251001`, `…-v1:0`, `…-latest`, and the undated name's
 *    `-latest`;
 * 4. the same at a kind that sells at the same prices;
 * 5. for a router's `vendor/model`: the vendor's own model, without its prices, which are the router's to make.
 */
export function findModel(kind: string, name: string): CatalogueModel | null {
  if (name.length > MAX_NAME) return null;
  const own = lineIn(kind, name);
  if (own !== null) return parse(own);
  const like = SAME_PRICES.get(kind);
  const other = like === undefined ? null : lineIn(like, name);
  if (other !== null) return parse(other);
  return isRouter(kind) ? vendorsOwn(name) : null;
}

/** Every model, in the order of kinds and names. */
export function allModels(): readonly CatalogueModel[] {
  return lines().map(parse);
}

function lineIn(kind: string, name: string): string | null {
  for (const each of namesToTry(kind, name)) {
    const line = lineOf(kind, each);
    if (line !== null) return line;
  }
  return null;
}

function namesToTry(kind: string, name: string): readonly string[] {
  const forms = [name];
  const last = name.slice(name.lastIndexOf('/') + 1);
  if (last !== name && !isRouter(kind)) forms.push(last);
  if (kind === 'bedrock') forms.push(...forms.map((each) => each.replace(REGION, '')));
  return forms.flatMap((each) => {
    const undated = withoutEndings(each);
    return undated === each ? [each, `${each}-latest`] : [each, undated, `${undated}-latest`];
  });
}

function withoutEndings(name: string): string {
  let rest = name;
  for (const ending of ENDINGS) rest = rest.replace(ending, '');
  return rest === '' ? name : rest;
}

/** Kinds that sell the models of many vendors under `vendor/model`. */
const ROUTERS: ReadonlySet<string> = new Set([
  'openrouter',
  'vercel-ai-gateway',
  'cloudflare-ai-gateway',
  'huggingface',
  'novita',
  'together',
  'fireworks',
  'nvidia-nim',
]);
const isRouter = (kind: string): boolean => ROUTERS.has(kind);

/** Kinds by the names that routers give to vendors. */
const VENDORS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    openai: 'openai',
    anthropic: 'anthropic',
    google: 'gemini',
    'x-ai': 'xai',
    xai: 'xai',
    mistralai: 'mistral',
    mistral: 'mistral',
    deepseek: 'deepseek',
    'deepseek-ai': 'deepseek',
    cohere: 'cohere',
    perplexity: 'perplexity',
    moonshotai: 'moonshot',
    minimax: 'minimax',
    'z-ai': 'zai',
  }),
);

function vendorsOwn(name: string): CatalogueModel | null {
  const slash = name.indexOf('/');
  const vendor = name.slice(0, Math.max(0, slash)).toLowerCase();
  const kind = VENDORS.get(vendor);
  if (kind === undefined) return null;
  // `:free`, `:nitro` and the like say how to route, not what the model is.
  const own = findModel(kind, name.slice(slash + 1).replace(/:[\w-]+$/, ''));
  return own === null ? null : { ...own, prices: [], batchPercent: null };
}

function lineOf(kind: string, name: string): string | null {
  index ??= buildIndex();
  return index.get(`${kind}\n${name.toLowerCase()}`) ?? null;
}

function buildIndex(): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  for (const line of lines()) {
    const { kind, model, also } = parse(line);
    all.set(`${kind}\n${model.toLowerCase()}`, line);
    for (const name of also) {
      const key = `${kind}\n${name.toLowerCase()}`;
      if (!all.has(key)) all.set(key, line);
    }
  }
  return all;
}

const lines = (): readonly string[] => CATALOGUE_LINES.split('\n').filter((line) => line !== '');

function parse(line: string): CatalogueModel {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by tools/catalogue
  return readModel(JSON.parse(line) as WrittenModel);
}
