/** Merges what the two packages say into lines of the catalogue. */
import type { WrittenModel } from '@keywell/providers/catalogue/catalogue-model';
import type { ModelInfo } from '@pydantic/genai-prices';
import { PRICED_KINDS, ROUTED_BY_HUGGING_FACE, TOLD_KINDS } from './kinds.ts';
import { matches, namesIn } from './match.ts';
import { record, type Sources, type ToldModel } from './sources.ts';
import { pricedTariffs, toldTariffs, type Dated } from './tariffs.ts';

/** A line of the catalogue; what is not known is left out. Rates are only known to be whole once they are written. */
export type Line = Omit<WrittenModel, 'prices'> & { readonly prices?: readonly Dated[] };

/** Both price lists in the names of one kind. */
interface Priced {
  readonly model: ModelInfo;
  readonly name: string;
}

/**
 * Kinds whose batch endpoint costs half, by their own pages: platform.openai.com/docs/guides/batch, platform.claude.com (batch
 * processing), ai.google.dev/gemini-api/docs/batch-api, docs.mistral.ai (batch), console.groq.com/docs/batch.
 */
const HALF_IN_BATCHES: ReadonlySet<string> = new Set([
  'openai',
  'anthropic',
  'gemini',
  'mistral',
  'groq',
]);
const HALF = 50;

/** Kinds whose chat models all answer as JSON when asked to. */
const JSON_KINDS: ReadonlySet<string> = new Set([
  'openai',
  'azure-openai',
  'gemini',
  'vertex',
  'mistral',
  'xai',
  'groq',
  'deepseek',
]);

/** Every line, ordered by kind and model. */
export function buildLines(sources: Sources): readonly Line[] {
  const priced = pricedByKind(sources);
  const told = toldByKind(sources);
  const kinds = new Set([...priced.keys(), ...told.keys()]);
  return [...kinds]
    .flatMap((kind) => linesOf(kind, priced.get(kind) ?? [], told.get(kind) ?? []))
    .toSorted((a, b) => compare(a.kind, b.kind) || compare(a.model, b.model));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function pricedByKind({ prices }: Sources): ReadonlyMap<string, readonly Priced[]> {
  const kinds = new Map<string, Priced[]>();
  for (const { id, models } of prices) {
    const host = id.startsWith(ROUTED_BY_HUGGING_FACE)
      ? id.slice(ROUTED_BY_HUGGING_FACE.length)
      : '';
    const kind = host === '' ? PRICED_KINDS[id] : 'huggingface';
    if (kind === undefined) continue;
    const named = models.map((model) => ({
      model,
      name: host === '' ? model.id : `${model.id}:${host}`,
    }));
    kinds.set(kind, [...(kinds.get(kind) ?? []), ...named]);
  }
  // One list for both of Google's: what others made is sold by Vertex alone.
  const google = kinds.get('gemini') ?? [];
  kinds.set('vertex', google);
  kinds.set(
    'gemini',
    google.filter(({ name }) => !name.startsWith('claude')),
  );
  return kinds;
}

function toldByKind({ capabilities }: Sources): ReadonlyMap<string, readonly ToldModel[]> {
  const kinds = new Map<string, readonly ToldModel[]>();
  for (const [file, models] of capabilities) {
    const kind = TOLD_KINDS[file];
    if (kind !== undefined) kinds.set(kind, [...(kinds.get(kind) ?? []), ...models]);
  }
  return kinds;
}

function linesOf(
  kind: string,
  priced: readonly Priced[],
  told: readonly ToldModel[],
): readonly Line[] {
  const lines = new Map<string, Line>();
  for (const model of told) {
    if (!lines.has(model.id))
      lines.set(model.id, toldLine(kind, model, pricesFor(model.id, priced)));
  }
  for (const { model, name } of priced) {
    // No model is called by it: it stands for all regions.
    const plain = name.replace(/^regional\./, '');
    if (!lines.has(plain)) lines.set(plain, pricedLine(kind, plain, model));
  }
  const named = priced.flatMap(({ model, name }) =>
    name === model.id ? namesIn(model.match).map((also) => ({ name, also })) : [],
  );
  for (const { name, also } of named) {
    const line = lines.get(name);
    if (line === undefined || lines.has(also) || also === name) continue;
    lines.set(name, { ...line, also: [...(line.also ?? []), also] });
  }
  return [...lines.values()];
}

/** The entry of the price list that means a model: by its name, by one of its other names, or by its pattern. */
function pricesFor(id: string, priced: readonly Priced[]): Priced | undefined {
  return (
    priced.find(({ name }) => name === id) ??
    priced.find(({ model, name }) => name === model.id && namesIn(model.match).includes(id)) ??
    priced.find(({ model, name }) => name === model.id && matches(model.match, id))
  );
}

function toldLine(kind: string, model: ToldModel, priced: Priced | undefined): Line {
  const isChat = model['type'] === 'chat';
  const strict = record(model['compat'])['supportsStrictTools'] === true;
  const asJson = isChat && (JSON_KINDS.has(kind) || (kind === 'anthropic' && strict));
  const prices = chosenPrices(kind, model, priced);
  return {
    kind,
    model: model.id,
    ...positive('context', model['contextWindow'] ?? priced?.model.context_window),
    ...positive('output', model['maxTokens']),
    ...modalities(model, priced?.model),
    // The package lists no chat model without tools, and no other with any.
    tools: isChat,
    ...(asJson ? { json: true } : {}),
    ...(typeof model['reasoning'] === 'boolean' ? { reasoning: model['reasoning'] } : {}),
    ...batchOf(kind, prices),
    ...(prices.length > 0 ? { prices } : {}),
  };
}

function pricedLine(kind: string, model: string, info: ModelInfo): Line {
  const prices = pricedTariffs(info);
  return {
    kind,
    model,
    ...positive('context', info.context_window),
    ...modalities({}, info),
    ...batchOf(kind, prices),
    ...(prices.length > 0 ? { prices } : {}),
  };
}

/**
 * Where both lists know a price, that of the price list counts: it has dates and more kinds. But where they contradict each other, names
 * that move on (`-latest`), names that it only takes for another model's, and routers, whose prices float, are newer in the other list;
 * and of Bedrock's, where it does not tell regions apart, the dearer one counts.
 */
function chosenPrices(kind: string, told: ToldModel, priced: Priced | undefined): readonly Dated[] {
  const own = priced === undefined ? [] : pricedTariffs(priced.model);
  const other = toldTariffs(told);
  if (own.length === 0 || other.length === 0) return own.length === 0 ? other : own;
  if (own.some((each) => agrees(each, other[0]))) return own;
  const moves = told.id.endsWith('-latest') || kind === 'openrouter';
  if (priced?.name === told.id && !moves) return own;
  return kind === 'bedrock' ? dearer(own, other) : other;
}

const dearer = (a: readonly Dated[], b: readonly Dated[]): readonly Dated[] =>
  (a[0]?.rates.in ?? 0) >= (b[0]?.rates.in ?? 0) ? a : b;

const agrees = (a: Dated, b: Dated | undefined): boolean =>
  a.rates.in === b?.rates.in && a.rates.out === b?.rates.out;

const batchOf = (kind: string, prices: readonly Dated[]) =>
  HALF_IN_BATCHES.has(kind) && prices.length > 0 ? { batch: HALF } : {};

function positive(name: 'context' | 'output', value: unknown): Partial<Line> {
  return typeof value === 'number' && value > 0 ? { [name]: value } : {};
}

/** What is told, and what has a price of its own. Absent where nothing is told. */
function modalities(
  told: Readonly<Record<string, unknown>>,
  info: ModelInfo | undefined,
): Pick<Line, 'in' | 'out'> {
  const prices = info === undefined ? [] : pricedTariffs(info).map(({ rates }) => rates);
  const has = (name: 'audioIn' | 'audioOut' | 'imageIn' | 'imageOut'): boolean =>
    prices.some((rates) => rates[name] !== undefined);
  const media = has('audioIn') || has('imageIn');
  const inputs = [
    ...list(told['input']),
    ...(media ? ['text'] : []),
    ...(has('audioIn') ? ['audio'] : []),
    ...(has('imageIn') ? ['image'] : []),
  ];
  const outputs = [
    ...list(told['output'] ?? (told['type'] === 'chat' ? ['text'] : [])),
    ...(has('audioOut') ? ['audio'] : []),
    ...(has('imageOut') ? ['image'] : []),
  ];
  return {
    ...(inputs.length > 0 ? { in: ordered(inputs) } : {}),
    ...(outputs.length > 0 ? { out: ordered(outputs) } : {}),
  };
}

const list = (of: unknown): readonly string[] => (Array.isArray(of) ? of.map(String) : []);

const ordered = (of: readonly string[]): readonly string[] => [...new Set(of)].toSorted();
