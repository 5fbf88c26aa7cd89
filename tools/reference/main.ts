// npm run docs: writes every generated page of docs/reference.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repository } from '../tracked-files.ts';
import { PAGES } from './pages.ts';

for (const [path, render] of Object.entries(PAGES)) {
  mkdirSync(dirname(join(repository, path)), { recursive: true });
  writeFileSync(join(repository, path), render());
  process.stdout.write(`${path}\n`);
}
