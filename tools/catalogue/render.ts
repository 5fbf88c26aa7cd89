import type { Line } from './build.ts';
import type { Sources } from './sources.ts';

export const CATALOGUE_FILE = 'packages/providers/src/catalogue/catalogue-data.ts';

/** The data module: one line a model, so that a new version of a package shows as the lines it changes. */
export function renderCatalogue(lines: readonly Line[], versions: Sources['versions']): string {
  const texts = lines.map((line) => JSON.stringify(line));
  const odd = texts.find((text) => /[`\\]|\$\{/.test(text));
  if (odd !== undefined) throw new Error(`a line that does not stand in a template: ${odd}`);
  return [
    '// Made by tools/catalogue/main.ts; see docs/guides/models-and-prices.md. Not to be edited.',
    '/* oxlint-disable eslint/max-lines -- data */',
    '',
    '/** The packages it was made from. */',
    `export const CATALOGUE_SOURCES = '${sourcesOf(versions)}';`,
    '',
    '/** One model a line, as JSON. */',
    'export const CATALOGUE_LINES = `',
    ...texts,
    '`;',
    '',
  ].join('\n');
}

const sourcesOf = (versions: Sources['versions']): string =>
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
