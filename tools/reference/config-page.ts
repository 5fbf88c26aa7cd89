import { configJsonSchema } from '../../packages/contract/src/config/config-json-schema.ts';
import { markdownTable } from './markdown-table.ts';

/** The parts of a JSON Schema that the page shows. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

/** docs/reference/config.md, from the schema in packages/contract. */
export function configPage(): string {
  const root: Schema = configJsonSchema();
  return `# Configuration

Every field of \`keywell.yaml\`. The [guide](../guides/configuration.md) explains them in context; [keywell.schema.json](keywell.schema.json) is the same
for editors and programs. Ids are lower-case letters, digits, \`.\`, \`_\` and \`-\`, at most 64, beginning with a letter or digit. Fields ending in \`_ms\` are
milliseconds. Unknown fields are refused.

${sections('', root).join('\n\n')}

This page is generated from \`packages/contract/src/config/config-schema.ts\` by \`npm run docs\`.
`;
}

const code = (text: string): string => `\`${text}\``;

function sections(path: string, schema: Schema): readonly string[] {
  const fields = Object.entries(schema.properties ?? {});
  const rows = fields.map(([name, field]) => [
    code(name),
    kindOf(field),
    defaultOf(name, field, schema),
    field.description ?? '',
  ]);
  const head = ['field', 'is', 'default', 'means'];
  const title = path === '' ? 'The file' : code(path);
  const own = `## ${title}\n\n${markdownTable(head, rows)}`;
  const nested = fields.flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    if (field.items?.properties !== undefined) return sections(`${at}[]`, field.items);
    return field.properties === undefined ? [] : sections(at, field);
  });
  return [own, ...nested];
}

function kindOf(field: Schema): string {
  if (field.const !== undefined) return code(JSON.stringify(field.const));
  if (field.enum !== undefined) return field.enum.map((each) => code(String(each))).join(' or ');
  if (field.type === 'array') return `list of ${elementOf(field.items)}`;
  if (field.type === 'object') return 'record';
  if (field.type === 'boolean') return '`true` or `false`';
  if (field.type === 'string') return 'text';
  const least = field.minimum ?? field.exclusiveMinimum;
  const from = field.minimum === undefined ? 'above' : 'from';
  const kind = field.type === 'integer' ? 'whole number' : 'number';
  return `${kind} ${from} ${least} to ${field.maximum}`;
}

function elementOf(items: Schema | undefined): string {
  if (items?.type === 'object') return 'records';
  return items?.type === 'integer' ? 'whole numbers' : 'text';
}

function defaultOf(name: string, field: Schema, parent: Schema): string {
  if (field.default !== undefined && field.type !== 'object')
    return code(JSON.stringify(field.default));
  return parent.required?.includes(name) === true ? '**required**' : '–';
}
