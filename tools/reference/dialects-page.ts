import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CALLERS, PAIRS, type Pair } from '../../packages/wire/src/golden/codecs.contract.ts';
import {
  requestsOf,
  responsesOf,
  translateRequest,
  translateResponse,
  type Written,
} from '../../packages/wire/src/golden/translate-pair.contract.ts';
import { DIALECTS, type Dialect } from '../../packages/wire/src/canonical/dialect.ts';
import type { JsonObject } from '../../packages/wire/src/json/value.ts';
import { repository } from '../tracked-files.ts';
import { markdownTable } from './markdown-table.ts';

type Translate = (pair: Pair, body: JsonObject) => Written;

const code = (text: string): string => `\`${text}\``;

/** What happens to one sample on the way between two dialects. */
function cellOf(
  bodies: ReadonlyMap<string, JsonObject>,
  sample: string,
  pair: Pair,
  to: Translate,
) {
  const body = bodies.get(sample);
  if (body === undefined) return '·';
  const { dropped } = to(pair, body);
  return dropped.length === 0 ? 'all' : dropped.map(code).join(', ');
}

/** Rows in which nothing is dropped anywhere are told in a sentence. */
function tableOf(
  head: readonly string[],
  rows: readonly { readonly name: string; readonly cells: readonly string[] }[],
): string {
  const whole = rows.filter(({ cells }) => cells.every((cell) => cell === 'all' || cell === '·'));
  const table = markdownTable(
    head,
    rows.filter((row) => !whole.includes(row)).map(({ name, cells }) => [name].concat(cells)),
  );
  if (whole.length === 0) return table;
  return `${table}\n\nNothing is dropped of: ${whole.map(({ name }) => name).join('; ')}.`;
}

function requestsFrom(caller: Dialect): string {
  const bodies = requestsOf(caller);
  const pairs = PAIRS.filter((pair) => pair.caller === caller);
  const rows = [...bodies.keys()].map((name) => ({
    name,
    cells: pairs.map((pair) => cellOf(bodies, name, pair, translateRequest)),
  }));
  const head = ['request', ...pairs.map(({ provider }) => `to ${code(provider)}`)];
  return `### From ${code(caller)}\n\n${tableOf(head, rows)}`;
}

function answersFrom(provider: Dialect): string {
  const bodies = responsesOf(provider);
  const pairs = PAIRS.filter((pair) => pair.provider === provider);
  const rows = [...bodies.keys()].map((name) => ({
    name,
    cells: pairs.map((pair) => cellOf(bodies, name, pair, translateResponse)),
  }));
  const head = ['answer', ...pairs.map(({ caller }) => `to ${code(caller)}`)];
  return `### From ${code(provider)}\n\n${tableOf(head, rows)}`;
}

const pages = (): string =>
  readdirSync(join(repository, 'docs/dialects'))
    .toSorted()
    .map((file) => `[${file.replace('.md', '')}](../dialects/${file})`)
    .join(', ');

/** docs/reference/dialects.md, from what the codecs do with the sample conversations. */
export function dialectsPage(): string {
  return `# Dialects: what each pair drops

Where caller and provider speak the same dialect, a call goes through as it is and nothing is dropped. Between two dialects it is translated, and what the target
has no words for is named: for a request in the response header \`keywell-dropped\`, for an answer in the same header with \`response.\` before the name. This page
says what that is, sample by sample, with a model of each dialect that takes as much as any. A sample that a dialect cannot say in full itself is not in its table.

Tables of requests stand by the caller's dialect, tables of answers by the provider's. **all**: everything is carried. A name: that much is dropped, the rest is carried. How
things are carried stands in the pages of the dialects: ${pages()}. The bodies themselves, in every
dialect of every pair, are files of the tests in \`packages/wire/src/golden\`; every streamed answer says there what the whole one does, and names the same as lost.

## Requests

${CALLERS.map(requestsFrom).join('\n\n')}

## Answers

${DIALECTS.map(answersFrom).join('\n\n')}

This page is generated from the samples in \`packages/wire/src/canonical\` by \`npm run docs\`.
`;
}
