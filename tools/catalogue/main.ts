// npm run catalogue: writes the catalogue of models from the packages that are installed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../tracked-files.ts';
import { buildLines } from './build.ts';
import { CATALOGUE_FILE, renderCatalogue } from './render.ts';
import { readSources } from './sources.ts';

const sources = await readSources();
const lines = buildLines(sources);
writeFileSync(join(repository, CATALOGUE_FILE), renderCatalogue(lines, sources.versions));
const priced = lines.filter(({ prices }) => prices !== undefined).length;
process.stdout.write(`${CATALOGUE_FILE}: ${lines.length} models, ${priced} with a price\n`);
