import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../tracked-files.ts';
import { buildLines } from './build.ts';
import { CATALOGUE_FILE, renderCatalogue } from './render.ts';
import { readSources } from './sources.ts';

describe('the committed catalogue', () => {
  it('is what the installed packages say; if not, run npm run catalogue', async () => {
    const sources = await readSources();
    const rendered = renderCatalogue(buildLines(sources), sources.versions);
    const committed = readFileSync(join(repository, CATALOGUE_FILE), 'utf8');
    expect(committed === rendered).toBe(true);
  });

  it('names its sources where licences are named', async () => {
    const { versions } = await readSources();
    const notice = readFileSync(join(repository, 'NOTICE'), 'utf8');
    for (const name of Object.keys(versions)) expect(notice).toContain(name);
  });
});
