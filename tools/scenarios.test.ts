// docs/scenarios.md says which test shows what: the tests are there, under these titles, and nothing that was promised is missing.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERDICT_CLASSES } from '@keywell/core/keys/verdict';
import { describe, expect, it } from 'vitest';
import { readTracked, repository } from './tracked-files.ts';

const STORIES = 'packages/gateway/src/stories';
const SCENARIOS = Array.from({ length: 13 }, (_, index) => String(index + 1));

/** The cells of each row that names a test, in order: what it is about, the test's file, its title. */
const rows = readTracked('docs/scenarios.md')
  .split('\n')
  .filter((line) => line.startsWith('|') && line.includes('.test.ts`'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map((cells) => ({
    about: (cells[1] ?? '').replaceAll('`', ''),
    file: (cells.at(-3) ?? '').replaceAll('`', ''),
    title: cells.at(-2) ?? '',
  }));

const pathOf = (file: string): string =>
  join(repository, file.includes('/') ? file : `${STORIES}/${file}`);

describe('docs/scenarios.md', () => {
  it('has a test for every scenario and every class of failure', () => {
    const told = new Set(rows.map(({ about }) => about));
    const failures = VERDICT_CLASSES.filter((of) => of !== 'success');
    expect([...SCENARIOS, ...failures].filter((each) => !told.has(each))).toEqual([]);
  });

  it.each(rows.map(({ file, title }) => [file, title] as const))('%s has “%s”', (file, title) => {
    expect(existsSync(pathOf(file))).toBe(true);
    const source = readFileSync(pathOf(file), 'utf8');
    expect([`'${title}'`, `"${title}"`].some((quoted) => source.includes(quoted))).toBe(true);
  });
});
