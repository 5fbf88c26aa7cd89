import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTracked, repository } from '../tracked-files.ts';
import { markdownTable } from './markdown-table.ts';
import { PAGES } from './pages.ts';

describe('generated pages', () => {
  it.each(Object.entries(PAGES))('%s says what the code says', (path, render) => {
    const written = existsSync(join(repository, path)) ? readTracked(path) : '';
    expect(written, 'run "npm run docs" and commit what it changes').toBe(render());
  });
});

describe('a Markdown table', () => {
  it('escapes what would end a cell', () => {
    expect(markdownTable(['a'], [['x|y']])).toBe('| a |\n| --- |\n| x\\|y |');
  });
});
