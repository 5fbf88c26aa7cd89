import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFileWatch } from './watch-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywell-watch-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it.each(['writing it', 'replacing it', 'removing it', 'changing a file beside it'] as const)(
  'a changed file is noticed after %s',
  async (how) => {
    const [file, other] = [join(folder, 'keywell.yaml'), join(folder, 'a.key')];
    writeFileSync(file, 'a');
    writeFileSync(other, 'a');
    const noticed = Promise.withResolvers<void>();
    const watch = createFileWatch({ pollMs: 20, debounceMs: 10 });
    const stop = watch(() => [file, other], noticed.resolve);
    if (how === 'writing it') writeFileSync(file, 'longer');
    else if (how === 'removing it') rmSync(file);
    else if (how === 'changing a file beside it') writeFileSync(other, 'longer');
    else {
      writeFileSync(`${file}.new`, 'b');
      renameSync(`${file}.new`, file);
    }
    await expect(noticed.promise).resolves.toBeUndefined();
    stop();
  },
);
