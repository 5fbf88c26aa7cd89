import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const repository = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Paths of everything that a clone would hold, relative to the repository. */
export function trackedFiles(): readonly string[] {
  const listing = execFileSync('git', ['ls-files', '-z'], { cwd: repository, encoding: 'utf8' });
  return listing.split('\0').filter((path) => path !== '' && isFile(path));
}

export function readTracked(path: string): string {
  return readFileSync(join(repository, path), 'utf8');
}

/** False for a file that is deleted and not committed yet. */
function isFile(path: string): boolean {
  return lstatSync(join(repository, path), { throwIfNoEntry: false })?.isFile() ?? false;
}
