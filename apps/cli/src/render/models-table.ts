import type { CatalogueModelView, ModelView } from '@keywell/contract/admin/model-schemas';
import { clean } from './clean.ts';
import { showPrice } from './money.ts';
import type { Paint } from './paint.ts';
import { type Cell, renderTable } from './table.ts';

/** What both tables know of a model. */
type Known = Pick<ModelView, 'price' | 'capabilities'>;

const FACTS = [
  { head: 'CONTEXT', align: 'right' },
  { head: 'OUTPUT', align: 'right' },
  { head: 'IN $/M', align: 'right' },
  { head: 'OUT $/M', align: 'right' },
  { head: 'TAKES AND DOES' },
] as const;

/** Models of the configuration, one line a target. */
export function renderModels(models: readonly ModelView[], paint: Paint): string {
  if (models.length === 0) return 'No models.\n';
  const rows = models.map((model, index) => [
    model.alias === models[index - 1]?.alias
      ? ''
      : { text: clean(model.alias), paint: paint.strong },
    `${clean(model.provider)}/${clean(model.model)}`,
    ...facts(model, paint),
  ]);
  const head = [{ head: 'MODEL' }, { head: 'ANSWERED BY' }, ...FACTS];
  return renderTable(head, rows, paint) + legend(models, paint);
}

/** Models of the catalogue. */
export function renderCatalogue(
  { data, total }: { readonly data: readonly CatalogueModelView[]; readonly total: number },
  paint: Paint,
): string {
  if (data.length === 0) return 'No model of the catalogue has this in its name.\n';
  const rows = data.map((model) => [
    clean(model.kind),
    { text: clean(model.model), paint: paint.strong },
    ...facts(model, paint),
  ]);
  const head = [{ head: 'KIND' }, { head: 'MODEL' }, ...FACTS];
  const more =
    data.length < total
      ? paint.soft(`${total - data.length} more: search for less, or add --all\n`)
      : '';
  return renderTable(head, rows, paint) + legend(data, paint) + more;
}

function facts({ price, capabilities }: Known, paint: Paint): readonly Cell[] {
  const unknown = { text: 'unknown', paint: paint.warn };
  const mark = isVaried(price) ? '*' : '';
  return [
    showTokens(capabilities.context_length),
    showTokens(capabilities.max_output_tokens),
    price === null ? unknown : showPrice(price.input_micros) + mark,
    price === null ? unknown : showPrice(price.output_micros) + mark,
    showFlags(capabilities),
  ];
}

const isVaried = (price: Known['price']): boolean =>
  price !== null && (price.long_context ?? price.changes) !== undefined;

function legend(models: readonly Known[], paint: Paint): string {
  if (!models.some(({ price }) => isVaried(price))) return '';
  return paint.soft('*: other prices for long inputs, or at other times; --json shows them.\n');
}

const FLAGS = [
  ['vision', 'pictures'],
  ['audio_input', 'audio'],
  ['files', 'files'],
  ['tools', 'tools'],
  ['json', 'json'],
  ['reasoning', 'reasoning'],
] as const;

/** What it is known to do; what it is known not to do has a dash in front. */
function showFlags(capabilities: Known['capabilities']): string {
  const told = FLAGS.flatMap(([name, word]) => {
    const value = capabilities[name];
    return value === null ? [] : [value ? word : `-${word}`];
  });
  return told.length === 0 ? '–' : told.join(' ');
}

/** `200k`, `1M`, `1.05M` */
function showTokens(tokens: number | null): string {
  if (tokens === null) return '–';
  if (tokens >= 1_000_000) return `${Number((tokens / 1_000_000).toFixed(2))}M`;
  return tokens >= 1000 ? `${Math.round(tokens / 1000)}k` : String(tokens);
}
